//! Whether a frame shows the view of another camera.

use rustfft::num_complex::Complex;

use crate::{HEIGHT, WIDTH, align::Aligner, field::Field, limits, measures::Measures, name::sure};

/// A frame that is in place where it does not belong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elsewhere {
    /// Which of the views.
    pub at: usize,
    /// How surely: 0.5 to 1.
    pub score: f32,
}

/// Which of other views a frame shows; `measures` are those against its own reference. Each picture is 160×120 grey
/// levels. `None` where it shows none of them, or its own as well.
///
/// # Panics
/// Where a picture has another length.
pub fn in_place_of<'a>(
    measures: &Measures,
    frame: &[u8],
    others: impl IntoIterator<Item = &'a [u8]>,
) -> Option<Elsewhere> {
    let frame = field(frame);
    let agreements = others
        .into_iter()
        .map(|other| Aligner::new(&field(other)).at(&frame).in_place());
    let (at, best) = agreements
        .enumerate()
        .max_by(|one, other| one.1.total_cmp(&other.1))?;
    let own = measures.in_place.max(measures.moved.z);
    (best >= limits::SWAPPED && best >= own + limits::SWAPPED_BY).then(|| Elsewhere {
        at,
        score: sure(best, limits::SWAPPED),
    })
}

fn field(luma: &[u8]) -> Vec<Complex<f32>> {
    assert_eq!(luma.len(), WIDTH * HEIGHT);
    let luma: Vec<f32> = luma.iter().map(|&level| f32::from(level)).collect();
    Field::of(&luma).halved()
}
