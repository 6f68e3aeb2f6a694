//! Messages to send.

use bytes::Bytes;
use proto::v1::{Alert, Finding, Kind, Phase, Subject};
use receivers::{Group, Links, Message, Occasion, Outcome, Picture, Told};
use time::{Duration, OffsetDateTime, macros::datetime};

pub(crate) const FIRED: OffsetDateTime = datetime!(2020-11-29 09:51:07 UTC);

pub(crate) fn told(folder: &str) -> Told {
    let alert = Alert {
        id: format!("{folder}-1"),
        folder: folder.to_owned(),
        subject: Subject::View.into(),
        phase: Phase::Firing.into(),
        findings: vec![Finding::certain(Kind::Covered, "")],
        fired_at: Some(proto::timestamp(FIRED)),
        message: format!("{folder} is <covered> & dark"),
        ..Alert::default()
    };
    Told {
        title: "Loading dock".to_owned(),
        site: "hamburg".to_owned(),
        link: Some("https://framewatch.example.org/alerts/1?a=1&b=2".to_owned()),
        ..Told::of(alert)
    }
}

pub(crate) fn firing() -> Message {
    Message {
        key: "dock-1.ops.firing".to_owned(),
        occasion: Occasion::Firing,
        group: None,
        told: vec![told("dock")],
        picture: None,
        links: Links {
            open: Some("https://framewatch.example.org/alerts/1".to_owned()),
            acknowledge: Some("https://framewatch.example.org/a?token=x".to_owned()),
            snooze: None,
        },
    }
}

pub(crate) fn with_picture() -> Message {
    Message {
        picture: Some(picture()),
        ..firing()
    }
}

pub(crate) fn reminder() -> Message {
    Message {
        key: "dock-1.ops.reminder-1".to_owned(),
        occasion: Occasion::Reminder,
        ..firing()
    }
}

pub(crate) fn resolved() -> Message {
    let mut told = told("dock");
    told.ended = Some(FIRED + Duration::minutes(4));
    told.why = "dock looks like its reference again".to_owned();
    Message {
        key: "dock-1.ops.resolved".to_owned(),
        occasion: Occasion::Resolved,
        told: vec![told],
        ..firing()
    }
}

pub(crate) fn group(count: usize) -> Message {
    let folders = (0..count).map(|index| told(&format!("dock-{index}")));
    Message {
        key: "hamburg.firing".to_owned(),
        group: Some(Group {
            by: "site".to_owned(),
            name: "hamburg".to_owned(),
            cameras: None,
        }),
        told: folders.collect(),
        ..firing()
    }
}

/// Bytes that begin as a JPEG does, 64 KB of them.
pub(crate) fn picture() -> Picture {
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe0];
    jpeg.resize(64 * 1024, 7);
    Picture {
        jpeg: Bytes::from(jpeg),
        shows: "The frame, the reference, and where they differ".to_owned(),
    }
}

/// Why it is to be tried again.
pub(crate) fn again(outcome: Outcome) -> String {
    match outcome {
        Outcome::TryAgain { why, .. } => why,
        other => panic!("{other:?} where it was to be tried again"),
    }
}

/// Why it was refused.
pub(crate) fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused { why } => why,
        other => panic!("{other:?} where it was to be refused"),
    }
}
