//! Whether an alert fires or resolves: a pure function of what is known of the folder and of what was just seen.
//! [`rehearse`] applies it to comparisons that were made already.
//!
//! How a decision is carried out, among others that decide as well, is left to the comparator.

mod rehearsal;

use std::time::Duration;

pub use rehearsal::{Seen, rehearse};

use proto::{
    EffectiveRule, from_timestamp,
    v1::{Alert, Comparison, Frame, Phase, Reference, Verdict},
};
use time::OffsetDateTime;

/// What is known of a folder.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Its name.
    pub folder: &'a str,
    /// The rule in force.
    pub rule: &'a EffectiveRule,
    /// The folder's last alert: its alert state.
    pub last: Option<&'a Alert>,
    /// The number that the next alert expects to be the last one; it tells episodes apart that begin with the same frame.
    pub expected: u64,
    /// The comparison with which a hold began, or was broken off: the verdicts since then have been the same.
    pub hold: Option<&'a Comparison>,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Things stay as they are.
    Nothing,
    /// The alert fires, or resolves.
    Publish(Box<Alert>),
    /// A hold begins with this comparison, or is broken off by it.
    Remember,
}

/// What a comparison gives rise to.
pub fn after_comparison(standing: &Standing<'_>, comparison: &Comparison) -> Decision {
    let Standing { rule, last, .. } = *standing;
    if !rule.enabled {
        return after_switching_off(last, compared_at(comparison));
    }
    if last.is_some_and(|last| is_older(Age::of(comparison), Age::of_alert(last))) {
        return Decision::Nothing;
    }
    let hold = running_hold(standing);
    if hold.is_some_and(|hold| is_older(Age::of(comparison), Age::of(hold))) {
        return Decision::Nothing;
    }

    let firing = last.filter(|last| last.phase() == Phase::Firing);
    let (awaited, patience) = match firing {
        None => (Verdict::Mismatch, rule.hold),
        Some(_) => (Verdict::Match, rule.keep_firing),
    };
    let begun = hold.filter(|hold| continues(hold, comparison));
    if comparison.verdict() == awaited {
        let lasted = begun.map_or(Duration::ZERO, |begun| time_between(begun, comparison));
        if lasted >= patience {
            return Decision::Publish(Box::new(match firing {
                None => fire(standing, comparison, lasted),
                Some(alert) => resolve(alert, comparison),
            }));
        }
        return begun.map_or(Decision::Remember, |_| Decision::Nothing);
    }
    let breaks_off = hold.is_some_and(|hold| hold.verdict() == awaited)
        && comparison.verdict() != Verdict::Indeterminate;
    if breaks_off {
        Decision::Remember
    } else {
        Decision::Nothing
    }
}

/// What follows from a folder's having no reference any more.
pub fn after_removal(last: Option<&Alert>, now: OffsetDateTime) -> Decision {
    end(last, now, "has no reference any more")
}

/// What follows from a folder's alerts being switched off.
pub fn after_switching_off(last: Option<&Alert>, now: OffsetDateTime) -> Decision {
    end(last, now, "raises no alerts any more: its rule says so")
}

fn end(last: Option<&Alert>, now: OffsetDateTime, why: &str) -> Decision {
    match last {
        Some(last) if last.phase() == Phase::Firing => Decision::Publish(Box::new(Alert {
            phase: Phase::Resolved.into(),
            message: format!("{} {why}", last.folder),
            resolved_at: Some(proto::timestamp(now)),
            ..last.clone()
        })),
        _ => Decision::Nothing,
    }
}

/// When something was seen and by what measure, by the broker's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Age {
    reference_since: Option<OffsetDateTime>,
    frame_stored_at: Option<OffsetDateTime>,
}

impl Age {
    fn of(comparison: &Comparison) -> Self {
        Age::new(comparison.reference.as_ref(), comparison.frame.as_ref())
    }

    fn of_alert(alert: &Alert) -> Self {
        Age::new(alert.reference.as_ref(), alert.frame.as_ref())
    }

    fn new(reference: Option<&Reference>, frame: Option<&Frame>) -> Self {
        let reference_since = reference.and_then(|reference| reference.since);
        let frame_stored_at = frame.and_then(|frame| frame.stored_at);
        Age {
            reference_since: reference_since.as_ref().and_then(from_timestamp),
            frame_stored_at: frame_stored_at.as_ref().and_then(from_timestamp),
        }
    }

    /// From when on the two were there to be compared.
    fn moment(self) -> Option<OffsetDateTime> {
        self.reference_since.max(self.frame_stored_at)
    }
}

/// Whether the one tells of an earlier moment than the other: it was made with an older reference, or of an older frame.
fn is_older(one: Age, other: Age) -> bool {
    one.reference_since < other.reference_since || one.frame_stored_at < other.frame_stored_at
}

/// A hold from before the last transition is over.
fn running_hold<'a>(standing: &Standing<'a>) -> Option<&'a Comparison> {
    standing.hold.filter(|hold| {
        let last = standing.last.map(Age::of_alert);
        last.is_none_or(|last| !is_older(Age::of(hold), last))
    })
}

/// Another reference begins anew.
fn continues(hold: &Comparison, comparison: &Comparison) -> bool {
    hold.verdict() == comparison.verdict()
        && Age::of(hold).reference_since == Age::of(comparison).reference_since
}

fn time_between(begun: &Comparison, comparison: &Comparison) -> Duration {
    let (from, to) = (Age::of(begun).moment(), Age::of(comparison).moment());
    let between = from.zip(to).map(|(from, to)| to - from);
    between
        .and_then(|between| between.try_into().ok())
        .unwrap_or_default()
}

fn compared_at(comparison: &Comparison) -> OffsetDateTime {
    let at = comparison.compared_at.as_ref();
    at.and_then(from_timestamp)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn fire(standing: &Standing<'_>, comparison: &Comparison, lasted: Duration) -> Alert {
    let since = match lasted.as_secs() {
        0 => String::new(),
        seconds => format!(", for {seconds} s"),
    };
    Alert {
        id: episode_id(standing, comparison),
        folder: standing.folder.to_string(),
        phase: Phase::Firing.into(),
        message: format!(
            "{}{} no longer looks like its reference {}: similarity {:.3} is below {}{since}",
            standing.folder,
            camera_of(comparison),
            reference_name(comparison),
            comparison.similarity,
            comparison.threshold
        ),
        similarity: comparison.similarity,
        threshold: comparison.threshold,
        frame: comparison.frame.clone(),
        reference: comparison.reference.clone(),
        fired_at: comparison.compared_at,
        resolved_at: None,
    }
}

/// `<folder>-<milliseconds>-<checksum>`: when the frame was stored that opened the episode; and what else tells episodes
/// apart, so that comparators that race for one never give the same id to different evidence.
fn episode_id(standing: &Standing<'_>, comparison: &Comparison) -> String {
    let age = Age::of(comparison);
    let nanos = |at: Option<OffsetDateTime>| at.map_or(0, OffsetDateTime::unix_timestamp_nanos);
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&nanos(age.frame_stored_at).to_be_bytes());
    checksum.update(&nanos(age.reference_since).to_be_bytes());
    checksum.update(&standing.expected.to_be_bytes());
    let ms = nanos(age.frame_stored_at) / 1_000_000;
    format!("{}-{ms}-{:08x}", standing.folder, checksum.finalize())
}

fn resolve(firing: &Alert, comparison: &Comparison) -> Alert {
    Alert {
        phase: Phase::Resolved.into(),
        message: format!(
            "{}{} looks like its reference {} again: similarity {:.3}",
            firing.folder,
            camera_of(comparison),
            reference_name(comparison),
            comparison.similarity
        ),
        similarity: comparison.similarity,
        threshold: comparison.threshold,
        frame: comparison.frame.clone(),
        reference: comparison.reference.clone(),
        resolved_at: comparison.compared_at,
        ..firing.clone()
    }
}

fn camera_of(comparison: &Comparison) -> String {
    match comparison
        .frame
        .as_ref()
        .map_or("", |frame| frame.camera.as_str())
    {
        "" => String::new(),
        camera => format!(" (camera {camera})"),
    }
}

fn reference_name(comparison: &Comparison) -> &str {
    comparison
        .reference
        .as_ref()
        .map_or("", |reference| &reference.name)
}

#[cfg(test)]
mod tests;
