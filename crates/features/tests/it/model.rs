//! The published weights, where `FRAMEWATCH_MODEL` names their file. The tests pass without it.

use features::{Level, Network, Weights};

use crate::drawing;
use crate::equality::assert_near;
use crate::plain;

/// How far levels may be from each other: what other machines' arithmetic may change.
const FROM_EACH_OTHER: f64 = 1e-5;

/// How far they may be from the definition in 64-bit floats.
const FROM_DEFINITION: f64 = 2e-5;

fn weights() -> Option<Weights> {
    Some(Weights::from_safetensors(&file()?).expect("these are the published weights"))
}

fn file() -> Option<Vec<u8>> {
    let path = std::env::var_os("FRAMEWATCH_MODEL").filter(|path| !path.is_empty())?;
    let bytes = std::fs::read(&path).unwrap_or_else(|error| {
        panic!("FRAMEWATCH_MODEL must name the file of weights: {path:?}: {error}")
    });
    Some(bytes)
}

#[test]
fn the_published_weights_give_what_the_definition_gives() {
    let Some(file) = file() else { return };
    let tensors = drawing::tensors(&file);
    let picture = drawing::picture(7);
    let found = Network::new(&Weights::from_safetensors(&file).unwrap()).of(&picture);
    assert_near(
        &found,
        &plain::features(&tensors, &picture),
        FROM_DEFINITION,
        "the best level",
    );
}

#[test]
fn the_published_weights_give_the_known_answer_at_every_level() {
    let Some(weights) = weights() else { return };
    for level in Level::all() {
        let answer = Network::with_level(&weights, level).self_test();
        answer.unwrap_or_else(|error| panic!("{level}: {error}"));
    }
}

#[test]
fn levels_differ_by_no_more_than_rounding() {
    let Some(weights) = weights() else { return };
    let networks: Vec<_> = Level::all()
        .into_iter()
        .map(|level| Network::with_level(&weights, level))
        .collect();
    for picture in (1..6).map(drawing::picture) {
        let best = networks[0].of(&picture);
        for network in &networks {
            let level = network.level().to_string();
            assert_near(&network.of(&picture), &best, FROM_EACH_OTHER, &level);
        }
    }
}
