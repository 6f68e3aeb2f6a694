//! The measure `parts` on the real pictures that `FRAMEWATCH_CORPUS` names, by the weights that `FRAMEWATCH_MODEL` names:
//! castings with five sound ones beside the reference, and circuit boards with one reference. Passes without these.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::print_stderr,
    reason = "the output of a test is where its reader looks"
)]

mod pictures;

use std::{fs, io::Cursor, path::PathBuf, sync::Arc};

use comparison::{Baseline, BaselinePicture, compare};
use fingerprint::Limits;
use image::{DynamicImage, codecs::jpeg::JpegEncoder};
use looks::{Look, Model, Viewer};
use pictures::{Row, rows};
use proto::{EffectiveRule, Measure, v1::Verdict};

/// How often five of the 13 sound castings are drawn, beginning with another one each time.
const DRAWS: usize = 13;

struct Eyes(Viewer);

impl Eyes {
    /// `None` where pictures or weights are not there.
    fn open() -> Option<(Self, Vec<Row>)> {
        let model = std::env::var_os("FRAMEWATCH_MODEL").map(PathBuf::from);
        let (Some(rows), Some(model)) = (rows(), model) else {
            eprintln!("left out: FRAMEWATCH_CORPUS or FRAMEWATCH_MODEL is not set");
            return None;
        };
        let model = Arc::new(Model::load(&model).unwrap());
        Some((Eyes(Viewer::new(Limits::default(), Some(model))), rows))
    }

    fn look(&mut self, bytes: &[u8]) -> Look {
        self.0.look(bytes, Measure::Parts).unwrap()
    }

    fn at(&mut self, row: &Row) -> Look {
        self.look(&fs::read(&row.path).unwrap())
    }
}

fn rule() -> EffectiveRule {
    EffectiveRule {
        measure: Measure::Parts,
        ..EffectiveRule::of(None, None)
    }
}

fn picture(id: usize, look: &Look) -> BaselinePicture {
    BaselinePicture {
        id: id.to_string(),
        name: format!("{id}.jpg"),
        look: look.clone(),
    }
}

fn judged(baseline: &Baseline, look: &Look) -> (f64, bool) {
    let compared = compare(baseline, look, &rule()).unwrap();
    (compared.similarity, compared.verdict == Verdict::Mismatch)
}

/// The area under the ROC curve: how often what is harmful is less similar than what is harmless.
fn area(harmful: &[f64], harmless: &[f64]) -> f64 {
    let pairs = harmful
        .iter()
        .flat_map(|one| harmless.iter().map(move |other| (one, other)));
    let of = |(one, other): (&f64, &f64)| match one.total_cmp(other) {
        std::cmp::Ordering::Less => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Greater => 0.0,
    };
    pairs.map(of).sum::<f64>() / (harmful.len() * harmless.len()) as f64
}

fn share(of: &[bool]) -> f64 {
    of.iter().filter(|it| **it).count() as f64 / of.len() as f64
}

#[test]
fn castings_with_five_sound_ones_are_told_from_faulty_ones() {
    let Some((mut eyes, rows)) = Eyes::open() else {
        return;
    };
    let of = |role: &str| -> Vec<&Row> {
        let rows = rows
            .iter()
            .filter(|row| row.set == "casting" && row.role == role);
        rows.collect()
    };
    let mut looks =
        |role: &str| -> Vec<Look> { of(role).into_iter().map(|row| eyes.at(row)).collect() };
    let (reference, sound, faulty) = (looks("reference"), looks("benign"), looks("anomaly"));
    let (mut similarities, mut mismatches) = ([vec![], vec![]], [vec![], vec![]]);
    for draw in 0..DRAWS {
        let nth = |nth: usize| (4 * draw + 3 * nth) % sound.len();
        let chosen: Vec<usize> = (0..5).map(nth).collect();
        let normals = chosen
            .iter()
            .map(|at| picture(1 + at, &sound[*at]))
            .collect();
        let baseline = Baseline::new(picture(0, &reference[0]), normals);
        let rest = (0..sound.len()).filter(|at| !chosen.contains(at));
        let frames = faulty.iter().map(|look| (0, look));
        for (kind, look) in frames.chain(rest.map(|at| (1, &sound[at]))) {
            let (similarity, is_mismatch) = judged(&baseline, look);
            similarities[kind].push(similarity);
            mismatches[kind].push(is_mismatch);
        }
    }
    let area = area(&similarities[0], &similarities[1]);
    let (caught, wrong) = (share(&mismatches[0]), share(&mismatches[1]));
    eprintln!("castings, five normal pictures: AUC {area:.3} caught {caught:.3} false {wrong:.3}");
    assert!(area >= LEAST_AREA, "{area}");
}

/// The least area under the curve for the castings.
const LEAST_AREA: f64 = 0.92;

#[test]
fn boards_with_faults_are_told_from_copies_of_the_reference() {
    let Some((mut eyes, rows)) = Eyes::open() else {
        return;
    };
    let boards = || rows.iter().filter(|row| row.set == "pcb-deeppcb");
    let (mut caught, mut wrong) = (Vec::new(), Vec::new());
    for reference in boards().filter(|row| row.role == "reference") {
        let look = eyes.at(reference);
        let baseline = Baseline::new(picture(0, &look), Vec::new());
        let faulty = boards().find(|row| row.scene == reference.scene && row.role == "anomaly");
        let frame = eyes.at(faulty.unwrap());
        caught.push(judged(&baseline, &frame).1);
        let board = image::open(&reference.path).unwrap();
        for copy in copies(&board) {
            wrong.push(judged(&baseline, &eyes.look(&copy)).1);
        }
    }
    let (caught, wrong) = (share(&caught), share(&wrong));
    eprintln!("boards, one reference: caught {caught:.3} false {wrong:.3}");
    assert!(
        caught >= LEAST_CAUGHT && wrong <= MOST_FALSE,
        "{caught} {wrong}"
    );
}

/// The least share of faulty boards that is caught, and the largest share of copies of their references.
const LEAST_CAUGHT: f64 = 0.9;
const MOST_FALSE: f64 = 0.0;

/// Copies of a board as another camera of the same kind might see it: encoded again, shifted by up to 4 pixels,
/// brighter.
fn copies(board: &DynamicImage) -> [Vec<u8>; 4] {
    let shifted = |right: u32, down: u32| {
        let (width, height) = (board.width() - right, board.height() - down);
        let mut copy = board.clone();
        let part = board.crop_imm(0, 0, width, height);
        image::imageops::replace(&mut copy, &part, right.into(), down.into());
        copy
    };
    [
        encoded(board, 60),
        encoded(&shifted(4, 4), 90),
        encoded(&board.brighten(30), 90),
        encoded(&shifted(2, 3).brighten(-20), 80),
    ]
}

fn encoded(picture: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(Cursor::new(&mut bytes), quality);
    picture.to_rgb8().write_with_encoder(encoder).unwrap();
    bytes
}
