//! The published weights, where `FRAMEWATCH_MODEL` names their file. The tests pass without it.

use features::{Level, Network, Weights};

use crate::drawing;
use crate::equality::assert_near;

/// How far levels may be from each other: what other machines' arithmetic may change.
const FROM_EACH_OTHER: f64 = 1e-5;

fn weights() -> Option<Weights> {
    let path = std::env::var_os("FRAMEWATCH_MODEL").filter(|path| !path.is_empty())?;
    let bytes = std::fs::read(&path).unwrap_or_else(|error| {
        panic!("FRAMEWATCH_MODEL must name the file of weights: {path:?}: {error}")
    });
    Some(Weights::from_safetensors(&bytes).expect("these are the published weights"))
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
