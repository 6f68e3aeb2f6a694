//! The cascade on real clips: `FRAMEWATCH_CORPUS` names the pictures (`video/manifest.csv`), `FRAMEWATCH_MODEL` the network's
//! weights; ffmpeg takes the clips apart. Passes, with a message, without them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing helper fails its test, and figures go to its output"
)]

mod anomalies;
mod clips;
mod objects;
mod trial;

use clips::{clips, model};
use trial::{Summary, Trial};

/// The least share of frames whose verdict must be the one without a cascade.
const EQUAL: f64 = 0.995;

/// Frames come as the clip has them, and as cameras usually send them, one a second.
const EVERY_SECONDS: [f64; 2] = [0.0, 1.0];

#[test]
fn verdicts_are_those_without_a_cascade_and_no_episode_is_missed_or_added() {
    let (Some(clips), Some(model)) = (clips(), model()) else {
        return;
    };
    let mut all = Summary::default();
    for clip in &clips {
        let judged = clip.judged(&model);
        for every in EVERY_SECONDS {
            for reference in clip.references() {
                let trial = Trial::of(&judged, reference, every);
                println!("{}, {every} s, reference {reference}: {trial}", clip.name);
                assert_eq!(trial.episodes, trial.episodes_in_full, "{}", clip.name);
                all.add(&trial);
            }
        }
    }
    println!("together: {all}");
    assert!(all.equal_share() >= EQUAL, "{all}");
    assert!(all.carried > 0, "nothing was carried: {all}");
}

#[test]
fn an_object_of_a_fiftieth_of_the_width_reaches_the_network() {
    let Some(clips) = clips() else { return };
    let mut all = objects::Counts::default();
    for clip in &clips {
        let counts = objects::drawn_in(clip);
        for (contrast, counts) in objects::CONTRASTS.into_iter().zip(counts) {
            println!("{}, {contrast} levels: {counts}", clip.name);
            if contrast >= objects::PLAIN {
                all.add(counts);
            }
        }
    }
    println!("of {} levels and more: {all}", objects::PLAIN);
    assert!(all.drawn > 100, "{all}");
    assert_eq!(all.carried, 0, "{all}");
}

/// Also in a folder in which just that has happened again and again, so that it is usual.
#[test]
fn no_anomaly_is_carried_on_from_its_reference() {
    let Some(pairs) = anomalies::pairs() else {
        return;
    };
    let (mut anomalies, mut harmless, mut carried) = (0, 0, 0);
    for pair in &pairs {
        let is_carried = objects::is_carried_when_usual(&pair.reference, &pair.frame);
        match pair.is_anomaly {
            true => {
                anomalies += 1;
                assert!(!is_carried, "{}", pair.frame.display());
            }
            false => {
                harmless += 1;
                carried += usize::from(is_carried);
            }
        }
    }
    println!("of {anomalies} anomalies none was carried, of {harmless} harmless frames {carried}");
    assert!(anomalies > 100);
}
