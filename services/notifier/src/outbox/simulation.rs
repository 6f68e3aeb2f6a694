//! Random worlds around real lanes: copies that die between any two steps and know everything late, receivers that refuse,
//! ask for patience, or take a message and lose the answer, silences, acknowledgements, hours, clocks that are set.
//!
//! What must hold is checked during a run and at its end. It is also checked that a machine that is broken on purpose
//! is noticed.

mod copy;
mod inbox;
mod random;
mod world;

use super::Mutant;
use world::World;

/// The result of a check: what is wrong, in words, where something is.
type Checked<T = ()> = Result<T, String>;

/// Each takes about a tenth of a second; `FRAMEWATCH_WORLDS` says how many, for more than every test run has time for.
const WORLDS: u64 = 150;

/// Runs so many worlds, from this one on; says what was wrong in the first that failed.
fn run(first: u64, mutant: Option<Mutant>) -> Result<world::Tally, String> {
    let mut tally = world::Tally::default();
    let asked = std::env::var("FRAMEWATCH_WORLDS").ok();
    let worlds = asked.and_then(|asked| asked.parse().ok()).unwrap_or(WORLDS);
    for seed in first..first + worlds {
        let mut world = World::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), mutant);
        let ended = world
            .run()
            .map_err(|wrong| format!("world {seed}: {wrong}"))?;
        tally.add(ended);
    }
    Ok(tally)
}

#[test]
fn in_every_world_people_are_told() {
    let tally = run(1, None).unwrap();
    // A simulation in which nothing happens shows nothing.
    assert!(tally.delivered > 2_000, "{tally:?}");
    assert!(tally.repeated > 100, "{tally:?}");
    assert!(tally.crashes > 500, "{tally:?}");
    assert!(tally.taken_over > 100, "{tally:?}");
    assert!(tally.refused > 2, "{tally:?}");
}

#[test]
fn what_is_broken_on_purpose_is_noticed() {
    // Where the search begins: two of them show in few worlds only.
    for (mutant, first) in [
        (Mutant::NoIntent, 1),
        (Mutant::NotSettledFirst, 2250),
        (Mutant::GivesUpSilently, 1),
        (Mutant::SilencedEnds, 1),
        (Mutant::NewKeys, 1),
        (Mutant::ForgetsTheRate, 1),
        (Mutant::ForgetsAtOnce, 650),
    ] {
        let ran = run(first, Some(mutant));
        assert!(ran.is_err(), "{mutant:?} goes unnoticed");
    }
}
