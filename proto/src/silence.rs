//! Which alerts are meant by a matcher, and what a silence must say.

use hours::{Hours, InvalidHours};
use time::OffsetDateTime;

use crate::{
    InvalidLine, from_timestamp, line,
    v1::{Alert, AlertMatcher, Finding, Folder, Kind, Silence},
};

/// A matcher that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMatcher {
    /// A text is too long, empty, or not one line.
    #[error(transparent)]
    Line(#[from] InvalidLine),
    /// A text is empty.
    #[error("one of its {0} is empty")]
    Empty(&'static str),
    /// There are too many texts.
    #[error("it has {count} {field}; it must have at most {most}")]
    TooMany {
        /// Which texts: `folders`, `kinds` and so on.
        field: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// No kind is called so.
    #[error("{0:?} is no kind of finding: there are {all}", all = kinds())]
    Kind(String),
    /// No subject is called so.
    #[error("{0:?} is no subject: there are view and camera")]
    Subject(String),
}

/// A silence that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSilence {
    /// A text is too long, or not one line.
    #[error(transparent)]
    Line(#[from] InvalidLine),
    /// Nobody is named.
    #[error("name is empty; it must say who silences")]
    Nobody,
    /// It says no reason.
    #[error("reason is empty; it must say why")]
    NoReason,
    /// The matcher cannot be.
    #[error(transparent)]
    Matcher(#[from] InvalidMatcher),
    /// It would silence everything.
    #[error(
        "it names no alerts: give a folder, site, area, tag, kind or subject; folders [\"*\"] are all"
    )]
    Everything,
    /// It has no beginning or no end, or ends before it begins.
    #[error("it must end after it begins, and within {most} days of that", most = Silence::MAX_DAYS)]
    Times,
    /// Its hours cannot be.
    #[error("hours: {0}")]
    Hours(#[from] InvalidHours),
    /// It says when it ends, and that it recurs; or until when it recurs, and in no hours.
    #[error("one that recurs has hours and says until when it recurs, and any other when it ends")]
    Recurrence,
    /// It recurs, and never lasts.
    #[error("none of its hours are between its beginning and its end")]
    Never,
    /// It is one that is made, and has ended.
    #[error("it would be over already")]
    Over,
}

impl AlertMatcher {
    /// The most texts of a field.
    pub const MAX_TEXTS: usize = 100;

    /// The longest text, in characters.
    pub const MAX_TEXT: usize = 100;

    /// Whether this matcher means this alert; `details` is what people say of its folder.
    pub fn means(&self, alert: &Alert, details: &Folder) -> bool {
        self.reaches(&alert.folder, details)
            && any(&self.kinds, |it| is_of_kind(alert, it))
            && any(&self.subjects, |it| alert.subject().word() == it)
    }

    /// Whether it may mean alerts of this folder; `details` is what people say of it.
    pub fn reaches(&self, folder: &str, details: &Folder) -> bool {
        any(&self.folders, |it| glob(it, folder))
            && any(&self.sites, |it| glob(it, &details.site))
            && any(&self.areas, |it| glob(it, &details.area))
            && any(&self.tags, |it| details.tags.iter().any(|tag| tag == it))
    }

    /// In words: `folder dock-* or gate, kind silent`; empty where nothing is given.
    pub fn words(&self) -> String {
        let fields = ["folder", "site", "area", "tag", "kind", "subject"];
        let fields = fields.into_iter().zip(self.fields());
        let given = fields.filter(|(_, (_, texts))| !texts.is_empty());
        let given: Vec<String> = given
            .map(|(word, (_, texts))| format!("{word} {}", texts.join(" or ")))
            .collect();
        given.join(", ")
    }

    /// The words of all kinds: `covered`, `no-key-frames`.
    pub fn kinds_there_are() -> Vec<String> {
        let all = (1..).map_while(|number| Kind::try_from(number).ok());
        all.map(|kind| kind.words().replace(' ', "-")).collect()
    }

    /// Whether it names nothing at all.
    pub fn is_empty(&self) -> bool {
        self.fields().iter().all(|(_, texts)| texts.is_empty())
    }

    /// Checks that all its texts are valid.
    pub fn check(&self) -> Result<(), InvalidMatcher> {
        for (field, texts) in self.fields() {
            if texts.len() > Self::MAX_TEXTS {
                return Err(InvalidMatcher::TooMany {
                    field,
                    count: texts.len(),
                    most: Self::MAX_TEXTS,
                });
            }
            for text in texts {
                line::check(field, text, Self::MAX_TEXT)?;
                if text.trim().is_empty() {
                    return Err(InvalidMatcher::Empty(field));
                }
            }
        }
        if let Some(unknown) = self.kinds.iter().find(|word| Kind::of_word(word).is_none()) {
            return Err(InvalidMatcher::Kind(unknown.clone()));
        }
        let is_subject = |word: &String| matches!(word.as_str(), "view" | "camera");
        match self.subjects.iter().find(|word| !is_subject(word)) {
            Some(unknown) => Err(InvalidMatcher::Subject(unknown.clone())),
            None => Ok(()),
        }
    }

    fn fields(&self) -> [(&'static str, &[String]); 6] {
        [
            ("folders", &self.folders),
            ("sites", &self.sites),
            ("areas", &self.areas),
            ("tags", &self.tags),
            ("kinds", &self.kinds),
            ("subjects", &self.subjects),
        ]
    }
}

impl Silence {
    /// The longest reason, in characters.
    pub const MAX_REASON: usize = 1000;

    /// The longest name, in characters.
    pub const MAX_NAME: usize = 80;

    /// The longest text of hours, in characters.
    pub const MAX_HOURS: usize = 200;

    /// The most days that a silence lasts.
    pub const MAX_DAYS: i64 = 366;

    /// Checks that it says all that it must.
    pub fn check(&self) -> Result<(), InvalidSilence> {
        line::check("name", &self.name, Self::MAX_NAME)?;
        line::check("reason", &self.reason, Self::MAX_REASON)?;
        if self.name.trim().is_empty() {
            return Err(InvalidSilence::Nobody);
        }
        if self.reason.trim().is_empty() {
            return Err(InvalidSilence::NoReason);
        }
        let matcher = self.matcher.as_ref().ok_or(InvalidSilence::Everything)?;
        matcher.check()?;
        if matcher.is_empty() {
            return Err(InvalidSilence::Everything);
        }
        line::check("hours", &self.hours, Self::MAX_HOURS)?;
        if !self.hours.is_empty() {
            self.hours.parse::<Hours>()?;
        }
        let other = match self.recurs() {
            true => &self.ends_at,
            false => &self.recurs_until,
        };
        if other.is_some() {
            return Err(InvalidSilence::Recurrence);
        }
        let (starts, ends) = self.times().ok_or(InvalidSilence::Times)?;
        match ends > starts && ends - starts <= time::Duration::days(Self::MAX_DAYS) {
            true => Ok(()),
            false => Err(InvalidSilence::Times),
        }
    }

    /// The same of one that is made now, which must not be over.
    pub fn check_new(&self, now: OffsetDateTime) -> Result<(), InvalidSilence> {
        self.check()?;
        match self.times() {
            Some((_, ends)) if ends > now => {}
            _ => return Err(InvalidSilence::Over),
        }
        self.around(now).map(drop).ok_or(InvalidSilence::Never)
    }

    /// Whether it lasts again and again.
    pub fn recurs(&self) -> bool {
        !self.hours.is_empty()
    }

    /// From when to when it lasts; of one that recurs, from when to when it does so.
    pub fn times(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let at = |at: &Option<pbjson_types::Timestamp>| at.as_ref().and_then(from_timestamp);
        let ends = match self.recurs() {
            true => &self.recurs_until,
            false => &self.ends_at,
        };
        at(&self.starts_at).zip(at(ends))
    }

    /// From when to when it lasts: now, or the next time; `None` once it is over. It never lasts where its hours can't be read.
    pub fn around(&self, now: OffsetDateTime) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let (starts, ends) = self.times().filter(|(_, ends)| *ends > now)?;
        if !self.recurs() {
            return Some((starts, ends));
        }
        let hours: Hours = self.hours.parse().ok()?;
        let (from, to) = hours.around(now.max(starts))?;
        let lasts = (from.max(starts), to.min(ends));
        (lasts.0 < lasts.1).then_some(lasts)
    }

    /// Whether it lasts at this time.
    pub fn lasts_at(&self, now: OffsetDateTime) -> bool {
        let times = self.times();
        let is_of_it = times.is_some_and(|(starts, ends)| (starts..ends).contains(&now));
        let hours = || self.hours.parse::<Hours>().ok();
        is_of_it && (!self.recurs() || hours().is_some_and(|hours| hours.contain(now)))
    }

    /// Whether it means this alert.
    pub fn means(&self, alert: &Alert, details: &Folder) -> bool {
        let matcher = self.matcher.as_ref();
        matcher.is_some_and(|matcher| !matcher.is_empty() && matcher.means(alert, details))
    }
}

/// Whether one of the wanted texts is meant. If there are none, everything is.
fn any(wanted: &[String], is: impl Fn(&str) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| is(wanted))
}

impl Kind {
    /// The kind that a word stands for, be it written with blanks or with hyphens.
    pub fn of_word(word: &str) -> Option<Kind> {
        let name = format!("KIND_{}", word.to_uppercase().replace([' ', '-'], "_"));
        Kind::from_str_name(&name).filter(|kind| *kind != Kind::Unspecified)
    }
}

fn is_of_kind(alert: &Alert, word: &str) -> bool {
    let Some(kind) = Kind::of_word(word) else {
        return false;
    };
    // What fired an alert of an earlier version, which has no findings, was always this.
    let is_of_before = alert.findings.is_empty() && kind == Kind::Different;
    is_of_before
        || alert
            .findings
            .iter()
            .map(Finding::kind)
            .any(|it| it == kind)
}

fn kinds() -> String {
    AlertMatcher::kinds_there_are().join(", ")
}

/// Whether the text fits this pattern, in which `*` stands for any characters.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The first place leaves the most for what follows.
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{timestamp, v1::Subject};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, is) in [
            ("dock", "dock", true),
            ("dock", "dock-1", false),
            ("dock-*", "dock-1", true),
            ("dock-*", "dock", false),
            ("*", "", true),
            ("*-1", "dock-1", true),
            ("*-1", "dock-1-1", true),
            ("*-1", "dock-11", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("a**c", "ac", true),
        ] {
            assert_eq!(glob(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn all_that_is_given_must_hold() {
        let alert = Alert {
            folder: "dock-1".to_owned(),
            subject: Subject::Camera.into(),
            findings: vec![Finding::certain(Kind::NoKeyFrames, "")],
            ..Alert::default()
        };
        let details = Folder {
            site: "hamburg".to_owned(),
            tags: texts(&["outdoor"]),
            ..Folder::default()
        };
        let matcher = AlertMatcher {
            folders: texts(&["gate", "dock-*"]),
            sites: texts(&["ham*"]),
            tags: texts(&["outdoor"]),
            kinds: texts(&["silent", "no-key-frames"]),
            subjects: texts(&["camera"]),
            ..AlertMatcher::default()
        };
        assert_eq!(matcher.check(), Ok(()));
        assert!(matcher.means(&alert, &details));
        assert!(!matcher.means(&alert, &Folder::default()));
        assert!(AlertMatcher::default().means(&alert, &details));
        let of_another_kind = AlertMatcher {
            kinds: texts(&["silent"]),
            ..AlertMatcher::default()
        };
        assert!(!of_another_kind.means(&alert, &details));
        assert!(matcher.reaches("dock-2", &details) && !matcher.reaches("door", &details));
        assert_eq!(
            matcher.words(),
            "folder gate or dock-*, site ham*, tag outdoor, kind silent or no-key-frames, subject camera"
        );
    }

    #[test]
    fn what_cannot_be_is_named() {
        let of_kind = |word: &str| AlertMatcher {
            kinds: texts(&[word]),
            ..AlertMatcher::default()
        };
        let refused = of_kind("stolen").check().unwrap_err().to_string();
        assert!(refused.contains("stolen") && refused.contains("no-key-frames"));
        assert_eq!(of_kind("no key frames").check(), Ok(()));

        let now = OffsetDateTime::UNIX_EPOCH;
        let silence = Silence {
            matcher: Some(of_kind("silent")),
            starts_at: Some(timestamp(now)),
            ends_at: Some(timestamp(now + time::Duration::hours(1))),
            reason: "new switch".to_owned(),
            name: "Jo".to_owned(),
            ..Silence::default()
        };
        assert_eq!(silence.check(), Ok(()));
        assert!(silence.lasts_at(now) && !silence.lasts_at(now + time::Duration::hours(1)));
        let end = now + time::Duration::hours(1);
        assert_eq!(silence.check_new(now), Ok(()));
        assert_eq!(silence.check_new(end), Err(InvalidSilence::Over));
        let everything = Silence {
            matcher: Some(AlertMatcher::default()),
            ..silence.clone()
        };
        assert_eq!(everything.check(), Err(InvalidSilence::Everything));
        assert!(!everything.means(&Alert::default(), &Folder::default()));
        let endless = Silence {
            ends_at: None,
            ..silence
        };
        assert_eq!(endless.check(), Err(InvalidSilence::Times));
    }

    #[test]
    fn one_that_recurs_lasts_in_its_hours_until_its_end() {
        // A Thursday.
        let now = OffsetDateTime::UNIX_EPOCH;
        let recurring = Silence {
            matcher: Some(AlertMatcher {
                folders: texts(&["dock-*"]),
                ..AlertMatcher::default()
            }),
            starts_at: Some(timestamp(now)),
            recurs_until: Some(timestamp(now + time::Duration::days(8))),
            hours: "Thu 02:00-04:00 UTC".to_owned(),
            reason: "the docks are cleaned".to_owned(),
            name: "Jo".to_owned(),
            ..Silence::default()
        };
        let hour = time::Duration::HOUR;
        assert_eq!(recurring.check_new(now), Ok(()));
        assert_eq!(
            recurring.around(now),
            Some((now + hour * 2, now + hour * 4))
        );
        let week = time::Duration::WEEK;
        for (at, lasts) in [
            (now + hour, false),
            (now + hour * 2, true),
            (now + hour * 4, false),
            (now + week + hour * 3, true),
            (now + week * 2 + hour * 3, false),
        ] {
            assert_eq!(recurring.lasts_at(at), lasts, "{at}");
        }
        assert_eq!(recurring.around(now + week + hour * 5), None);

        // A reader that doesn't know of hours must not take it for one that lasts all the time.
        let as_before = Silence {
            hours: String::new(),
            ..recurring.clone()
        };
        assert_eq!(as_before.check(), Err(InvalidSilence::Recurrence));
        let ends = recurring.recurs_until;
        for (change, is_wrong) in [
            (
                Silence {
                    ends_at: ends,
                    ..recurring.clone()
                },
                InvalidSilence::Recurrence,
            ),
            (
                Silence {
                    recurs_until: None,
                    ..recurring.clone()
                },
                InvalidSilence::Times,
            ),
            (
                Silence {
                    hours: "Tue 02:00-04:00 UTC".to_owned(),
                    recurs_until: Some(timestamp(now + hour * 9)),
                    ..recurring.clone()
                },
                InvalidSilence::Never,
            ),
        ] {
            assert_eq!(change.check_new(now), Err(is_wrong));
        }
        let refused = Silence {
            hours: "Thursdays".to_owned(),
            ..recurring
        }
        .check();
        assert!(refused.unwrap_err().to_string().contains("three parts"));
    }
}
