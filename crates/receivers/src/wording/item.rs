//! One alert of a message.

use std::time::Duration;

use proto::v1::Subject;
use time::OffsetDateTime;

use crate::{
    Told,
    clock::{Clock, span},
    plain,
};

/// One alert, in words.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Where: `Loading dock, hamburg`.
    pub(crate) place: String,
    /// The folder's name, where that is not the place already.
    pub(crate) folder: Option<String>,
    /// What, and since when: `covered since 10:51`.
    pub(crate) what: String,
    /// Why, in a sentence.
    pub(crate) why: String,
    /// When, in full.
    pub(crate) when: String,
    /// Its page.
    pub(crate) link: Option<String>,
}

impl Item {
    pub(super) fn of(told: &Told, clock: &Clock) -> Self {
        Item {
            place: place(told),
            folder: (!told.title.is_empty()).then(|| plain::line(&told.folder, FOLDER)),
            what: what(told, clock),
            why: plain::line(&told.why, 400),
            when: when(told, clock),
            link: told
                .link
                .as_deref()
                .and_then(plain::link)
                .map(str::to_owned),
        }
    }

    /// In a list of several.
    pub(super) fn short(&self) -> String {
        format!("- {}: {}", self.place, self.what)
    }

    /// The text where it is the only one.
    pub(crate) fn full(&self) -> String {
        let folder = self.folder.as_ref();
        let folder = folder.map_or_else(String::new, |folder| format!("Folder {folder}. "));
        let why = match self.why.as_str() {
            "" => String::new(),
            why if why.ends_with(['.', '!', '?', '…']) => format!("{why}\n"),
            why => format!("{why}.\n"),
        };
        format!("{why}{folder}{}", self.when)
    }
}

const FOLDER: usize = 64;

/// The place: the title, or the folder's name where it has no title; and the site, where that is known.
pub(super) fn place(told: &Told) -> String {
    let title = plain::line(&told.title, 100);
    let name = match title.as_str() {
        "" => plain::line(&told.folder, FOLDER),
        _ => title,
    };
    match plain::line(&told.site, 60).as_str() {
        "" => name,
        site => format!("{name}, {site}"),
    }
}

/// What is wrong with one folder or camera, and since when; or that all is well again.
pub(super) fn what(told: &Told, clock: &Clock) -> String {
    match (lasted(told), told.ended) {
        (Some(lasted), _) => format!("as it should be again after {}", span(lasted)),
        (None, Some(_)) => "as it should be again".to_owned(),
        (None, None) => format!("{}{}", state(told), since(told.since, clock)),
    }
}

/// What is wrong, without a time.
pub(super) fn state(told: &Told) -> String {
    let words = adjective(&told.kind);
    match told.subject {
        Subject::Camera => format!("camera {words}"),
        _ => words,
    }
}

/// A kind as it is said of one or of many.
pub(super) fn adjective(kind: &str) -> String {
    let words = match kind {
        "" | "unspecified" => "not in order",
        "different" => "not as it should look",
        "blurred" => "out of focus",
        "dark" => "too dark to compare",
        "blank" => "of one tone only",
        "changed" => "changed in a part",
        "moved" => "turned or shifted",
        "swapped" => "showing another view",
        "refused" => "refusing the connection",
        "no key frames" => "without key frames",
        "tampering" => "reporting tampering",
        other => return plain::line(other, 40),
    };
    words.to_owned()
}

pub(super) fn since(since: Option<OffsetDateTime>, clock: &Clock) -> String {
    since.map_or_else(String::new, |at| format!(" since {}", clock.short(at)))
}

/// How long it lasted, where it is over and both times are known.
pub(super) fn lasted(told: &Told) -> Option<Duration> {
    let lasted = told.ended? - told.since?;
    lasted.try_into().ok()
}

fn when(told: &Told, clock: &Clock) -> String {
    match (told.since, told.ended) {
        (Some(since), Some(ended)) => {
            format!("From {} to {}.", clock.full(since), clock.full(ended))
        }
        (Some(since), None) => format!("Since {}.", clock.full(since)),
        (None, Some(ended)) => format!("Until {}.", clock.full(ended)),
        (None, None) => String::new(),
    }
}
