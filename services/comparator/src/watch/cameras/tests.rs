//! Of how many folders cameras are watched.

use event_bus::{FrameHeaders, Origin};

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

#[test]
fn of_folders_that_nobody_made_only_so_many_are_watched() {
    let cameras = cameras(2);
    for name in ["a", "b", "c", "a"] {
        send(&cameras, name);
    }
    assert_eq!(
        ["a", "b", "c"].map(|name| is_watched(&cameras, name)),
        [true, true, false]
    );
}

#[test]
fn what_somebody_made_has_room_always() {
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

#[test]
fn what_is_made_or_removed_leaves_room_for_another() {
    let cameras = cameras(1);
    send(&cameras, "a");
    send(&cameras, "b");
    assert!(!is_watched(&cameras, "b"));
    learn(&cameras, "a", true);
    send(&cameras, "b");
    assert!(is_watched(&cameras, "b"));
    send(&cameras, "c");
    assert!(!is_watched(&cameras, "c"));
    learn(&cameras, "b", false);
    send(&cameras, "c");
    assert!(is_watched(&cameras, "c"));
}
