//! Every level and every thread gives the features that the definition gives.

use std::sync::OnceLock;

use features::{Features, Level, Network, Stage, Weights};

use crate::drawing::{self, Tensor};
use crate::plain;

/// How far any level may be from the definition, and from another level. Weights drawn at random amplify what rounding does;
/// with those published it is a tenth (`model`).
const TOLERANCE: f64 = 1e-4;

struct Drawn {
    weights: Weights,
    expected: Features,
}

/// Computed once for all tests: the plain implementation takes a second.
fn drawn() -> &'static Drawn {
    static DRAWN: OnceLock<Drawn> = OnceLock::new();
    DRAWN.get_or_init(|| {
        let tensors: Vec<Tensor> = drawing::weights(1);
        Drawn {
            weights: Weights::from_safetensors(&drawing::file(&tensors)).expect("nothing lacks"),
            expected: plain::features(&tensors, &drawing::picture(1)),
        }
    })
}

fn of_level(level: Level) -> Features {
    Network::with_level(&drawn().weights, level).of(&drawing::picture(1))
}

fn relative_l2(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let (mut difference, mut norm) = (0.0, 0.0);
    for (found, expected) in found.iter().zip(expected) {
        difference += f64::from(found - expected).powi(2);
        norm += f64::from(*expected).powi(2);
    }
    (difference / norm).sqrt()
}

pub(crate) fn assert_near(found: &Features, expected: &Features, tolerance: f64, who: &str) {
    for (stage, found, expected) in [
        (5, &found.stage5, &expected.stage5),
        (7, &found.stage7, &expected.stage7),
    ] {
        let distance = relative_l2(found, expected);
        assert!(
            distance <= tolerance,
            "{who}, stage {stage}: {distance:.1e}"
        );
    }
}

#[test]
fn every_level_equals_the_definition() {
    for level in Level::all() {
        assert_near(
            &of_level(level),
            &drawn().expected,
            TOLERANCE,
            &level.to_string(),
        );
    }
}

#[test]
fn levels_differ_by_little_from_each_other_and_those_with_fused_sums_not_at_all() {
    let best = of_level(Level::best());
    for level in Level::all() {
        let found = of_level(level);
        assert_near(&found, &best, TOLERANCE, &level.to_string());
        if level.to_string() == "avx2" {
            assert_eq!(found, best);
        }
    }
}

#[test]
fn the_features_have_the_shapes_that_are_promised() {
    let features = of_level(Level::best());
    let len = |stage: Stage| stage.rows * stage.columns * stage.channels;
    assert_eq!(features.stage5.len(), len(Stage::FIVE));
    assert_eq!(features.stage7.len(), len(Stage::SEVEN));
    assert_eq!(len(Stage::FIVE), 15 * 20 * 112);
    assert_eq!(len(Stage::SEVEN), 7 * 10 * 320);
}

/// What one picture leaves in a room must not reach the next one's features.
#[test]
fn a_picture_has_the_same_features_on_any_number_of_threads_and_after_any_other() {
    let network = Network::new(&drawn().weights);
    let pictures: Vec<_> = (1..4).map(drawing::picture).collect();
    let expected: Vec<_> = pictures
        .iter()
        .map(|picture| Network::new(&drawn().weights).of(picture))
        .collect();
    assert_ne!(expected[0], expected[1]);
    for threads in [1, 2, 5] {
        std::thread::scope(|scope| {
            for first in 0..threads {
                let (network, pictures, expected) = (&network, &pictures, &expected);
                scope.spawn(move || {
                    for at in (first..first + 4).map(|at| at % pictures.len()) {
                        assert_eq!(network.of(&pictures[at]), expected[at]);
                    }
                });
            }
        });
    }
}

#[test]
fn other_weights_fail_the_known_answer_test() {
    let error = Network::new(&drawn().weights).self_test().unwrap_err();
    assert!(
        matches!(error, features::Error::KnownAnswer { stage: 5, .. }),
        "{error}"
    );
}
