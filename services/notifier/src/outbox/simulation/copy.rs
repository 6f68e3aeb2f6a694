//! A copy of the service: what it knows, which is late, and its lanes.

use std::{path::Path, sync::LazyLock, time::Duration};

use event_bus::{
    AlertKey, Folder, FolderChange, FolderKey, Latest, Notice, NoticeKey, Origin, ReceiverName,
    Stored,
};
use proto::v1::{Alert, Folder as Details};
use time::OffsetDateTime;
use turn_taking::Watch;

use crate::{
    cases,
    known::Known,
    outbox::{Case, Lane, Mutant, Now},
    routes::Routes,
    routes_file,
};

pub(super) const RECEIVERS: [&str; 2] = ["ops", "oncall"];
pub(super) const FOLDERS: usize = 4;

static ROUTES: LazyLock<Routes> = LazyLock::new(|| {
    let text = r#"
        [receiver.ops]
        type = "webhook"
        url = "http://127.0.0.1:9/"
        [receiver.oncall]
        type = "webhook"
        url = "http://127.0.0.1:9/"
        [[route]]
        to = ["ops"]
        group-by = "site"
        group-wait = "10s"
        group-interval = "20s"
        remind = "15m"
        escalate = { after = "5m", to = ["oncall"] }
    "#;
    routes_file::parsed_for_tests(text, Path::new(""))
});

pub(super) struct Copy {
    /// Which of all processes: a copy that has died comes again as another.
    pub(super) process: usize,
    known: Known,
    /// How much of what was stored it knows.
    read: Read,
    pub(super) lanes: [Option<Held>; 2],
    pub(super) watches: [Watch; 2],
    /// How far its clock is off, in seconds.
    pub(super) clock_is_off: i64,
}

/// A lane whose turn is this copy's.
pub(super) struct Held {
    pub(super) lane: Lane,
    pub(super) revision: u64,
    pub(super) said_at: Duration,
    pub(super) announced_at: Duration,
}

/// How many alerts and notices were read.
#[derive(Default)]
struct Read {
    alerts: usize,
    notices: usize,
}

/// All that copies are told, in order.
#[derive(Default)]
pub(super) struct Journal {
    pub(super) alerts: Vec<Stored<Alert>>,
    pub(super) notices: Vec<(NoticeKey, Notice, u64)>,
}

impl Copy {
    /// One that begins, and knows what there is: first who was told, then the alerts.
    pub(super) fn begin(process: usize, journal: &Journal, mutant: Option<Mutant>) -> Self {
        let mut known = Known::default();
        if mutant == Some(Mutant::ForgetsAtOnce) {
            known.forgets_at_once = true;
        }
        (0..FOLDERS).for_each(|folder| known.learn_folder(details(folder)));
        let mut copy = Copy {
            process,
            known,
            read: Read::default(),
            lanes: Default::default(),
            watches: Default::default(),
            clock_is_off: 0,
        };
        copy.learn(journal, 0, 0);
        copy.known.learn_alert(Latest::CaughtUp);
        copy
    }

    /// Takes in what it does not know yet, but for so many of the last alerts and changes of notices.
    pub(super) fn learn(&mut self, journal: &Journal, alerts_late: usize, notices_late: usize) {
        let end = journal.notices.len().saturating_sub(notices_late);
        for (key, notice, revision) in journal.notices.get(self.read.notices..end).unwrap_or(&[]) {
            self.learn_notice(key, notice, *revision);
        }
        self.read.notices = end.max(self.read.notices);
        let end = journal.alerts.len().saturating_sub(alerts_late);
        for alert in journal.alerts.get(self.read.alerts..end).unwrap_or(&[]) {
            self.known.learn_alert(Latest::Event(alert.clone()));
        }
        self.read.alerts = end.max(self.read.alerts);
    }

    pub(super) fn learn_notice(&mut self, key: &NoticeKey, notice: &Notice, revision: u64) {
        self.known
            .learn_stored_notice(key.clone(), notice.clone(), revision);
    }

    pub(super) fn forget(&mut self) {
        self.known.forget_what_is_over();
    }

    pub(super) fn cases(&self, receiver: usize, now: Now) -> Vec<Case> {
        cases::cases(&self.known, &ROUTES, &name(receiver), now)
    }
}

fn details(folder: usize) -> Stored<FolderChange> {
    let details = Details {
        site: format!("site{}", folder % 2),
        ..Details::default()
    };
    Stored {
        key: FolderKey::Folder(folder_name(folder)),
        event: FolderChange {
            value: Some(details),
        },
        stored_at: OffsetDateTime::UNIX_EPOCH,
        sequence: 1,
        by: String::new(),
        first_said_at: None,
        origin: Origin::default(),
    }
}

pub(super) fn folder_name(folder: usize) -> Folder {
    format!("dock{folder}").parse().unwrap()
}

pub(super) fn folder_number(name: &str) -> Option<usize> {
    name.strip_prefix("dock")?.parse().ok()
}

pub(super) fn name(receiver: usize) -> ReceiverName {
    RECEIVERS[receiver].parse().unwrap()
}

pub(super) fn key(episode: usize, receiver: usize) -> NoticeKey {
    NoticeKey {
        episode: AlertKey::of_episode(&id(episode)),
        receiver: name(receiver),
    }
}

/// What an episode's alert is called.
pub(super) fn id(episode: usize) -> String {
    format!("episode{episode}")
}
