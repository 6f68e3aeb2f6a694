//! What is kept of episodes and what is forgotten, as news come late, twice or not at all.

use event_bus::{Origin, ReceiverName};
use time::Duration;

use super::*;
use crate::cases::first;

fn alert(id: &str, phase: Phase) -> Alert {
    Alert {
        id: id.to_owned(),
        folder: "dock".to_owned(),
        phase: phase.into(),
        subject: Subject::View.into(),
        ..Alert::default()
    }
}

fn stored(sequence: u64, alert: Alert) -> Latest<Alert> {
    Latest::Event(Stored {
        key: AlertSubject::view(&"dock".parse().unwrap()),
        event: alert,
        // One an hour.
        stored_at: OffsetDateTime::UNIX_EPOCH + Duration::hours(sequence.try_into().unwrap()),
        sequence,
        by: String::new(),
        first_said_at: None,
        origin: Origin::default(),
    })
}

fn ops() -> ReceiverName {
    "ops".parse().unwrap()
}

fn told(known: &mut Known, id: &str) {
    let key = NoticeKey {
        episode: AlertKey::of_episode(id),
        receiver: ops(),
    };
    let notice = Notice {
        told_at: Some(OffsetDateTime::UNIX_EPOCH),
        ..first(&alert(id, Phase::Firing))
    };
    known.learn_stored_notice(key, notice, 1);
}

fn phases(known: &Known) -> Vec<(&str, Phase)> {
    let episodes = known.episodes.iter();
    episodes.map(|(id, it)| (id.as_str(), it.phase())).collect()
}

#[test]
fn what_is_over_and_nobody_heard_of_is_forgotten() {
    let mut known = Known::default();
    told(&mut known, "b");
    known.learn_alert(stored(1, alert("a", Phase::Firing)));
    known.learn_alert(stored(2, alert("a", Phase::Resolved)));
    known.learn_alert(stored(3, alert("b", Phase::Firing)));
    known.learn_alert(stored(4, alert("b", Phase::Resolved)));
    known.learn_alert(stored(5, alert("c", Phase::Firing)));
    assert!(!known.is_current());
    known.learn_alert(Latest::CaughtUp);
    assert_eq!(
        phases(&known),
        [("b", Phase::Resolved), ("c", Phase::Firing)]
    );

    // After a reconnect they come again, and none of them is news.
    known.learn_alert(stored(1, alert("a", Phase::Firing)));
    assert_eq!(
        phases(&known),
        [("b", Phase::Resolved), ("c", Phase::Firing)]
    );
    known.learn_alert(stored(6, alert("c", Phase::Resolved)));
    known.learn_alert(stored(7, alert("d", Phase::Firing)));
    known.forget_what_is_over();
    assert_eq!(
        phases(&known),
        [("b", Phase::Resolved), ("d", Phase::Firing)]
    );
}

#[test]
fn what_ended_while_somebody_was_told_that_it_fires_is_not_forgotten() {
    let mut known = Known::default();
    known.learn_alert(stored(1, alert("a", Phase::Firing)));
    known.learn_alert(Latest::CaughtUp);
    // That somebody is being told is stored, and not yet known.
    known.learn_alert(stored(2, alert("a", Phase::Resolved)));
    known.forget_what_is_over();
    told(&mut known, "a");
    known.learn_alert(stored(3, alert("b", Phase::Firing)));
    known.forget_what_is_over();
    assert_eq!(
        phases(&known),
        [("a", Phase::Resolved), ("b", Phase::Firing)]
    );
}

#[test]
fn an_episode_whose_end_was_lost_ends_where_the_next_one_begins() {
    let mut known = Known::default();
    told(&mut known, "a");
    known.learn_alert(stored(1, alert("a", Phase::Firing)));
    known.learn_alert(Latest::CaughtUp);
    known.learn_alert(Latest::Anew);
    assert!(!known.is_current());
    known.learn_alert(stored(1, alert("b", Phase::Firing)));
    known.learn_alert(Latest::CaughtUp);
    assert_eq!(
        phases(&known),
        [("a", Phase::Resolved), ("b", Phase::Firing)]
    );
    let ended = known.episodes["a"].last();
    assert!(
        ended.id == "a" && ended.message.contains("not known"),
        "{ended:?}"
    );
}

#[test]
fn a_notice_that_is_older_than_what_is_known_is_no_news() {
    let mut known = Known::default();
    told(&mut known, "a");
    let key = known.notices.keys().next().unwrap().clone();
    known.learn_stored_notice(key.clone(), first(&alert("a", Phase::Firing)), 0);
    assert!(known.notices[&key].notice.told_at.is_some());
}

#[test]
fn a_bucket_of_turns_that_is_made_anew_says_nothing_of_who_sends_and_what_was_sent() {
    let stored = |sequence, holder: &str| {
        Latest::Event(Stored {
            key: ops(),
            event: TurnChange {
                value: Some(Turn {
                    holder: holder.to_owned(),
                    sent_ms_ago: vec![1000],
                    ..Turn::default()
                }),
            },
            stored_at: OffsetDateTime::UNIX_EPOCH,
            sequence,
            by: String::new(),
            first_said_at: None,
            origin: Origin::default(),
        })
    };
    let said = |known: &Known| {
        let turn = &known.turns[&ops()];
        (turn.turn.clone(), turn.revision)
    };
    let mut known = Known::default();
    known.learn_turn(stored(7, "one"));
    let (before, _) = said(&known);
    known.learn_turn(Latest::Anew);
    known.learn_turn(Latest::CaughtUp);
    assert_eq!(said(&known), (before, 0));
    known.learn_turn(stored(1, "other"));
    let (after, revision) = said(&known);
    assert_eq!((after.holder.as_str(), revision), ("other", 1));
}
