//! Whether an alert fires or resolves: a pure function of what is known of the folder and what was just seen.

mod ending;

use std::time::Duration;

pub use ending::Ending;

use proto::{
    EffectiveRule, from_timestamp, timestamp,
    v1::{Alert, Comparison, Finding, Frame, Phase, ResolvedBy, Subject, Verdict},
};
use time::OffsetDateTime;

use crate::age::Age;

/// What is known of one of a folder's subjects.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The folder's name.
    pub folder: &'a str,
    /// The subject's last alert: its alert state.
    pub last: Option<&'a Alert>,
    /// The number that the next alert expects to be the last one; it tells episodes apart that begin with the same frame.
    pub expected: u64,
}

/// What else counts where the subject is the view.
#[derive(Debug, Clone, Copy)]
pub struct ViewStanding<'a> {
    /// The rule in force.
    pub rule: &'a EffectiveRule,
    /// The comparison with which a hold began, or was broken off: the verdicts since then have been the same.
    pub hold: Option<&'a Comparison>,
}

/// What was just learnt of a camera.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSeen {
    /// Its condition.
    pub condition: CameraCondition,
    /// The last frame that came from it.
    pub frame: Option<Frame>,
    /// When that was learnt.
    pub at: OffsetDateTime,
}

impl CameraSeen {
    /// When the last frame was stored of a camera that sends none any more; `None` where that is not what is wrong.
    pub(crate) fn silent_since(&self) -> Option<OffsetDateTime> {
        let CameraCondition::Wrong(findings) = &self.condition else {
            return None;
        };
        let kind = findings.first()?.kind();
        let stored_at = self.frame.as_ref()?.stored_at.as_ref();
        stored_at
            .filter(|_| kind.is_of_silence())
            .and_then(from_timestamp)
    }
}

/// The condition of a camera.
#[derive(Debug, Clone, PartialEq)]
pub enum CameraCondition {
    /// This is wrong with it, the most telling first.
    Wrong(Vec<Finding>),
    /// What was wrong is over, and why.
    Over(ResolvedBy),
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Things stay as they are.
    Nothing,
    /// The alert fires, or resolves.
    Publish(Box<Transition>),
    /// A hold begins with this comparison, or is broken off by it.
    Remember,
}

/// A change of the alert state.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Without its sentence. Where it resolves because of what a frame shows, also without the cause and the worst
    /// similarity: these take a look at the comparisons since it fired ([`Ending`]).
    pub alert: Alert,
    /// How long what led to it had lasted at that moment.
    pub lasted: Duration,
}

/// What follows from a comparison.
pub fn after_comparison(
    standing: &Standing<'_>,
    view: &ViewStanding<'_>,
    comparison: &Comparison,
) -> Decision {
    let (last, rule) = (standing.last, view.rule);
    if comparison.verdict() == Verdict::Unreadable {
        return Decision::Nothing;
    }
    if !rule.enabled {
        return after_switching_off(last, compared_at(comparison));
    }
    let age = Age::of(comparison);
    if last.is_some_and(|last| age.is_older_than(Age::of_alert(last))) {
        return Decision::Nothing;
    }
    let hold = running_hold(view.hold, last);
    if hold.is_some_and(|hold| age.is_older_than(Age::of(hold))) {
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
            let alert = match firing {
                None => fire(standing, comparison),
                Some(alert) => resolve(alert, comparison),
            };
            return Decision::Publish(Box::new(Transition { alert, lasted }));
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

/// What follows when a folder has no reference any more.
pub fn after_removal(last: Option<&Alert>, now: OffsetDateTime) -> Decision {
    end(last, now, ResolvedBy::Removed)
}

/// What follows when a folder's alerts are switched off.
pub fn after_switching_off(last: Option<&Alert>, now: OffsetDateTime) -> Decision {
    end(last, now, ResolvedBy::SwitchedOff)
}

/// What follows from what was learnt of the folder's camera.
pub fn after_camera(standing: &Standing<'_>, seen: &CameraSeen) -> Decision {
    let is_firing = standing
        .last
        .is_some_and(|last| last.phase() == Phase::Firing);
    let findings = match &seen.condition {
        CameraCondition::Over(by) => return end(standing.last, seen.at, *by),
        CameraCondition::Wrong(_) if is_firing => return Decision::Nothing,
        CameraCondition::Wrong(findings) => findings,
    };
    let frame_stored_at = seen.frame.as_ref().and_then(|frame| frame.stored_at);
    let id = episode_id(
        standing,
        Age {
            reference_since: None,
            frame_stored_at: frame_stored_at.as_ref().and_then(from_timestamp),
        },
    );
    Decision::Publish(Box::new(Transition {
        alert: Alert {
            id: format!("{id}-camera"),
            folder: standing.folder.to_owned(),
            subject: Subject::Camera.into(),
            phase: Phase::Firing.into(),
            findings: findings.clone(),
            frame: seen.frame.clone(),
            fired_at: Some(timestamp(seen.at)),
            ..Alert::default()
        },
        lasted: Duration::ZERO,
    }))
}

fn end(last: Option<&Alert>, now: OffsetDateTime, resolved_by: ResolvedBy) -> Decision {
    match last {
        Some(last) if last.phase() == Phase::Firing => {
            let alert = Alert {
                resolved_at: Some(timestamp(now)),
                resolved_by: Some(resolved_by.into()),
                ..ended(last)
            };
            Decision::Publish(Box::new(Transition {
                alert,
                lasted: Duration::ZERO,
            }))
        }
        _ => Decision::Nothing,
    }
}

/// A hold from before the last transition is over.
fn running_hold<'a>(hold: Option<&'a Comparison>, last: Option<&Alert>) -> Option<&'a Comparison> {
    hold.filter(|hold| {
        let last = last.map(Age::of_alert);
        last.is_none_or(|last| !Age::of(hold).is_older_than(last))
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

fn fire(standing: &Standing<'_>, comparison: &Comparison) -> Alert {
    Alert {
        id: episode_id(standing, Age::of(comparison)),
        folder: standing.folder.to_owned(),
        subject: Subject::View.into(),
        phase: Phase::Firing.into(),
        findings: comparison.findings.clone(),
        similarity: comparison.similarity,
        threshold: comparison.threshold,
        frame: comparison.frame.clone(),
        reference: comparison.reference.clone(),
        fired_at: comparison.compared_at,
        fired_similarity: comparison.similarity,
        patches: comparison.patches.clone(),
        fired_threshold: comparison.threshold,
        ..Alert::default()
    }
}

/// `<folder>-<milliseconds>-<checksum>`: when the frame was stored that opened the episode; and what else tells episodes
/// apart, so that comparators that race for one never give the same id to different evidence.
fn episode_id(standing: &Standing<'_>, age: Age) -> String {
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
        similarity: comparison.similarity,
        threshold: comparison.threshold,
        frame: comparison.frame.clone(),
        reference: comparison.reference.clone(),
        resolved_at: comparison.compared_at,
        ..ended(firing)
    }
}

/// The episode's last alert, which keeps what it fired with.
fn ended(firing: &Alert) -> Alert {
    let (similarity, threshold) = firing.fired_with().unzip();
    Alert {
        phase: Phase::Resolved.into(),
        fired_similarity: similarity,
        fired_threshold: threshold.unwrap_or_default(),
        ..firing.clone()
    }
}

#[cfg(test)]
mod tests;
