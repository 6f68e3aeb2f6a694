//! When what was heard of an alert is in doubt, and when it no longer is.

use event_bus::Origin;

use super::*;

fn dock() -> AlertSubject {
    AlertSubject::view(&"dock".parse().unwrap())
}

fn firing(sequence: u64) -> Stored<Alert> {
    Stored {
        key: dock(),
        event: Alert {
            phase: Phase::Firing.into(),
            ..Alert::default()
        },
        stored_at: at(0),
        sequence,
        by: String::new(),
        first_said_at: None,
        origin: Origin::default(),
    }
}

fn at(second: u64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(second)
}

#[test]
fn what_was_heard_is_in_doubt_until_the_stream_hands_it_on() {
    let states = AlertStates::default();
    assert!(!states.is_doubtful(&dock(), 1));
    states.hear(dock(), at(10));
    assert!(states.is_doubtful(&dock(), 1));
    states.learn_alert(firing(1));
    assert!(!states.is_doubtful(&dock(), 1));
    // What was known before does not say what was heard.
    states.hear(dock(), at(20));
    states.learn_alert(firing(1));
    assert!(states.is_doubtful(&dock(), 1));
}

#[test]
fn what_was_heard_may_not_be_stored_yet_when_the_broker_is_asked() {
    let states = AlertStates::default();
    states.hear(dock(), at(10));
    states.asked(&dock(), 1, at(10));
    assert!(states.is_doubtful(&dock(), 1));
    // By then it is, or never will be.
    states.asked(&dock(), 1, at(11));
    assert!(!states.is_doubtful(&dock(), 1));
}

#[test]
fn what_was_said_between_two_connections_was_not_heard() {
    let states = AlertStates::default();
    states.learn_alert(firing(1));
    assert!(states.is_doubtful(&dock(), 2));
    states.asked(&dock(), 2, at(10));
    assert!(!states.is_doubtful(&dock(), 2));
    assert!(states.is_doubtful(&dock(), 3));
}
