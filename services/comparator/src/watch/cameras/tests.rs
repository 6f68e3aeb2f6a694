//! For how many folders cameras are watched.

use event_bus::{FrameHeaders, Origin};
use tokio::time::advance;

use super::*;

fn cameras(most_unmade: usize) -> Cameras {
    Cameras::new(
        Observation::new(Duration::ZERO),
        most_unmade,
        Arc::new(State::default()),
    )
}

fn folder(name: &str) -> Folder {
    name.parse().unwrap()
}

/// A frame comes to the folder of this name.
fn send(cameras: &Cameras, name: &str) {
    let now = OffsetDateTime::now_utc();
    cameras.learn_frame(&Stored {
        key: folder(name),
        event: FrameArrival {
            headers: FrameHeaders {
                camera: String::new(),
                captured_at: now,
            },
            picture: bytes::Bytes::new(),
        },
        stored_at: now,
        sequence: 1,
        by: String::new(),
        first_said_at: None,
        origin: Origin::default(),
    });
}

fn is_watched(cameras: &Cameras, name: &str) -> bool {
    let known = cameras.read();
    known
        .get(&folder(name))
        .is_some_and(|camera| camera.last().is_some())
}

fn learn(cameras: &Cameras, name: &str, is_made: bool) {
    cameras.learn_folder(folder(name), is_made, OffsetDateTime::now_utc());
}

/// Until it is counted again.
async fn a_moment() {
    advance(COUNT_EVERY).await;
}

#[tokio::test(start_paused = true)]
async fn of_folders_that_nobody_made_only_so_many_are_watched() {
    let cameras = cameras(2);
    for name in ["a", "b", "c", "a"] {
        send(&cameras, name);
        a_moment().await;
    }
    assert_eq!(
        ["a", "b", "c"].map(|name| is_watched(&cameras, name)),
        [true, true, false]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_only_said_to_be_connected_takes_a_place_as_well() {
    let cameras = cameras(2);
    for name in ["a", "b", "c"] {
        cameras.change_if_watched(&folder(name), |camera| {
            camera.learn_source(Source::default(), Instant::now());
        });
    }
    assert_eq!(cameras.read().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_made_has_room_always() {
    let cameras = cameras(1);
    for name in ["made", "gate"] {
        learn(&cameras, name, true);
    }
    for name in ["made", "a", "b", "gate"] {
        send(&cameras, name);
    }
    assert_eq!(
        ["made", "a", "b", "gate"].map(|name| is_watched(&cameras, name)),
        [true, true, false, true]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_made_or_removed_or_sends_no_more_leaves_room_for_another() {
    let cameras = cameras(1);
    send(&cameras, "a");
    send(&cameras, "b");
    assert!(!is_watched(&cameras, "b"));
    learn(&cameras, "a", true);
    a_moment().await;
    send(&cameras, "b");
    assert!(is_watched(&cameras, "b"));
    a_moment().await;
    send(&cameras, "c");
    assert!(!is_watched(&cameras, "c"));
    learn(&cameras, "b", false);
    a_moment().await;
    send(&cameras, "c");
    assert!(is_watched(&cameras, "c"));
    // Its name is known, and has no right to a place for that.
    send(&cameras, "b");
    assert!(!is_watched(&cameras, "b"));
    advance(Duration::from_secs(5 * 60)).await;
    send(&cameras, "d");
    assert!(is_watched(&cameras, "d"));
    assert!(!is_watched(&cameras, "c"), "it is forgotten");
}
