//! What is measured of a pair of pictures.

use crate::{
    COARSE, FINE, HEIGHT, WIDTH,
    field::Field,
    jitter::Jitter,
    limits,
    place::{self, Area},
    search::{Depth, Moved, search},
    tiles::Tiles,
    turn::Original,
};

/// A picture, as far as it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// 160×120 grey levels: [`halved`](crate::halved).
    pub luma: &'a [u8],
    /// Their mean.
    pub mean: f32,
    /// Their standard deviation.
    pub contrast: f32,
    /// Energies of coarse, middle and fine detail, of each coarse place.
    pub bands: [&'a [f32]; 3],
}

/// What the network says of both pictures.
pub struct Network<'a> {
    /// Likeness of each fine place: −1 to 1.
    pub fine: &'a [f32],
    /// Likeness of each coarse place: −1 to 1.
    pub coarse: &'a [f32],
    /// How alike the marked fine places are to each other, in the reference and in the frame: the squared length of
    /// their mean direction, 0 to 1.
    pub plainness: &'a dyn Fn(&[bool]) -> (f32, f32),
}

/// A frame and the picture that it is closest to.
pub struct Pair<'a> {
    /// How the view should look.
    pub reference: Picture<'a>,
    /// How it looks.
    pub frame: Picture<'a>,
    /// The height of one of the 160×120 pixels divided by its width, in the scene: 1 for pictures of 4:3, 0.75 for
    /// 16:9.
    pub aspect: f32,
    /// How much of its fine detail the frame has lost, as a logarithm: above 0.75 it is out of focus.
    pub lost_detail: f32,
    /// What the network says.
    pub network: Network<'a>,
    /// The grey levels of other pictures that show how the view should look: 160×120 each. What lies as far from the reference as
    /// these has not moved.
    pub others: &'a [&'a [u8]],
    /// What masks leave out, where there are any.
    pub ignored: Option<Ignored<'a>>,
}

/// What does not count, in reference and frame.
#[derive(Debug, Clone, Copy)]
pub struct Ignored<'a> {
    /// For each of the 160×120 grey levels.
    pub pixels: &'a [bool],
    /// For each fine place.
    pub fine: &'a [bool],
    /// For each coarse place.
    pub coarse: &'a [bool],
}

/// What is known of a pair, by which it is named.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Agreement in place, in standard deviations of chance.
    pub in_place: f32,
    /// The best agreement elsewhere.
    pub moved: Moved,
    /// Where the tiles lie.
    pub tiles: Tiles,
    /// Whether the camera trembles: the tiles are shifted no farther than those of other pictures that are right.
    pub trembles: bool,
    /// See [`Pair::lost_detail`].
    pub lost_detail: f32,
    /// The median likeness of fine places.
    pub likeness: f32,
    /// The share of the picture that is unlike the reference: 0 to 1.
    pub unlike: f32,
    /// The texture of the reference where the two are unlike.
    pub reference: Texture,
    /// The same of the frame.
    pub frame: Texture,
    /// Where it has changed, the largest first.
    pub areas: Vec<Area>,
}

/// What a picture looks like where the pair is unlike, and as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Texture {
    /// How alike its places are to each other: 0 to 1.
    pub plainness: f32,
    /// The share of its pixels at a strong edge: 0 to 1.
    pub edges: f32,
    /// The logarithm of finer to coarse energy, where it has structure; −3 where it has hardly any.
    pub sharpness: f32,
    /// The mean of all grey levels.
    pub mean: f32,
    /// Their standard deviation.
    pub contrast: f32,
}

/// The gradient of a strong edge, in grey levels a pixel.
const STRONG: f32 = 10.0;
/// The energy of a place with structure, and what is added to energies, for noise.
const STRUCTURE: f32 = 120.0;
const NOISE: f32 = 8.0;
/// The fewest places with structure that tell how sharp it is.
const FEW: usize = 3;
/// Where fewer fine places than this are unlike, the whole picture is looked at.
const MIN_UNLIKE: usize = 20;
/// The same, of coarse places.
const MIN_UNLIKE_COARSE: usize = 4;

impl Measures {
    /// Measures a pair.
    ///
    /// # Panics
    /// Where a part has another length than it says.
    pub fn of(pair: &Pair<'_>, depth: Depth) -> Self {
        let [luma_of_reference, luma] = [pair.reference, pair.frame].map(|it| levels(it.luma));
        let network = &pair.network;
        assert_eq!(network.fine.len(), FINE.0 * FINE.1);
        assert_eq!(network.coarse.len(), COARSE.0 * COARSE.1);
        let ignored = pair.ignored.as_ref();
        let pixels = ignored.map(|ignored| ignored.pixels);
        let fine_out = ignored.map(|ignored| ignored.fine);
        let fine = alike(network.fine, fine_out);
        let likenesses = alike(network.coarse, ignored.map(|ignored| ignored.coarse));
        let (reference, frame) = (
            Field::of(&luma_of_reference).without(pixels),
            Field::of(&luma).without(pixels),
        );
        let seen = Original {
            luma: &luma,
            ignored: pixels,
            aspect: pair.aspect,
        };
        let found = search(&reference, &frame, &seen, depth);
        let unlike = without(place::unlike(&likenesses), fine_out);
        let counting = without(vec![true; unlike.len()], fine_out);
        let share = share(&unlike, &counting);
        let all = without(
            vec![true; likenesses.len()],
            ignored.map(|ignored| ignored.coarse),
        );
        let (mask, coarse) = masks((&unlike, counting), (&likenesses, all));
        let (plain_before, plain_now) = (network.plainness)(&mask);
        let texture = |picture: &Picture<'_>, field: &Field, plainness| Texture {
            plainness,
            edges: edges(field, &mask),
            sharpness: sharpness(picture.bands, &coarse),
            mean: picture.mean,
            contrast: picture.contrast,
        };
        let tiles = match limits::needs_tiles(found.near) {
            true => Tiles::of(&reference, &frame, &unlike),
            false => Tiles::UNKNOWN,
        };
        let others = pair.others.iter();
        let others = others.map(|luma| Field::of(&levels(luma)).without(pixels));
        Measures {
            in_place: found.in_place,
            moved: found.moved,
            tiles,
            trembles: tiles.are_shifted() && Jitter::of(&reference, others).has(tiles.shift),
            lost_detail: pair.lost_detail,
            likeness: median(marked(network.fine, fine_out)).unwrap_or_default(),
            unlike: share,
            reference: texture(&pair.reference, &reference, plain_before),
            frame: texture(&pair.frame, &frame, plain_now),
            areas: place::changed(&fine),
        }
    }
}

fn levels(luma: &[u8]) -> Vec<f32> {
    assert_eq!(luma.len(), WIDTH * HEIGHT);
    luma.iter().map(|&it| f32::from(it)).collect()
}

/// The likeness of places, those that are ignored being the same.
fn alike(likeness: &[f32], ignored: Option<&[bool]>) -> Vec<f32> {
    let mut likeness = likeness.to_vec();
    for (likeness, _) in ignored_of(&mut likeness, ignored) {
        *likeness = 1.0;
    }
    likeness
}

/// What is marked, without what is ignored.
fn without(mut marked: Vec<bool>, ignored: Option<&[bool]>) -> Vec<bool> {
    for (marked, _) in ignored_of(&mut marked, ignored) {
        *marked = false;
    }
    marked
}

fn ignored_of<'a, T>(
    values: &'a mut [T],
    ignored: Option<&'a [bool]>,
) -> impl Iterator<Item = (&'a mut T, &'a bool)> {
    let both = values.iter_mut().zip(ignored.unwrap_or_default());
    both.filter(|(_, is_ignored)| **is_ignored)
}

/// The values that are not ignored.
fn marked(values: &[f32], ignored: Option<&[bool]>) -> Vec<f32> {
    match ignored {
        None => values.to_vec(),
        Some(ignored) => {
            let both = values.iter().zip(ignored);
            both.filter(|it| !it.1).map(|it| *it.0).collect()
        }
    }
}

/// The share of what counts that is marked.
fn share(marked: &[bool], counting: &[bool]) -> f32 {
    let count = |all: &[bool]| all.iter().filter(|it| **it).count();
    count(marked) as f32 / count(counting).max(1) as f32
}

/// Which fine and coarse places are looked at: the unlike ones, or all that count where there are too few.
fn masks(
    (unlike, fine): (&[bool], Vec<bool>),
    (likeness, coarse): (&[f32], Vec<bool>),
) -> (Vec<bool>, Vec<bool>) {
    let or_all = |marked: Vec<bool>, all: Vec<bool>, fewest: usize| {
        let is_enough = marked.iter().filter(|it| **it).count() >= fewest;
        if is_enough { marked } else { all }
    };
    let unlike_coarse = likeness.iter().map(|&it| it < 0.5).collect();
    (
        or_all(unlike.to_vec(), fine, MIN_UNLIKE),
        or_all(unlike_coarse, coarse, MIN_UNLIKE_COARSE),
    )
}

fn edges(field: &Field, mask: &[bool]) -> f32 {
    let (mut strong, mut all) = (0_usize, 0_usize);
    for (at, &gradient) in field.gradients.iter().enumerate() {
        let (y, x) = (at / WIDTH, at % WIDTH);
        if mask[y * FINE.0 / HEIGHT * FINE.1 + x * FINE.1 / WIDTH] {
            all += 1;
            strong += usize::from(gradient > STRONG);
        }
    }
    strong as f32 / all.max(1) as f32
}

fn sharpness(bands: [&[f32]; 3], mask: &[bool]) -> f32 {
    let [low, middle, high] = bands;
    let marked = mask.iter().enumerate().filter(|it| *it.1).map(|it| it.0);
    let structured = marked.filter(|&at| low[at] + middle[at] + high[at] > STRUCTURE);
    let ratios = structured.map(|at| ((middle[at] + high[at] + NOISE) / (low[at] + NOISE)).ln());
    let ratios: Vec<f32> = ratios.collect();
    match ratios.len() < FEW {
        true => -3.0,
        false => median(ratios).unwrap_or(-3.0),
    }
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}
