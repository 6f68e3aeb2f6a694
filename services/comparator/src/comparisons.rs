//! The message that says what a comparator found of one frame.

use std::time::Duration;

use comparison::{Baseline, carry::Said, detector_version, rule_digest};
use event_bus::Folder;
use proto::{
    EffectiveRule, from_timestamp, timestamp,
    v1::{Comparison, Finding, Frame, Kind, Verdict},
};
use time::OffsetDateTime;

use crate::{found::Found, looking::Unreadable, references::CurrentReference};

/// What a frame is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Circumstances<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) frame: &'a Frame,
    pub(crate) reference: &'a CurrentReference,
    pub(crate) rule: &'a EffectiveRule,
}

impl Circumstances<'_> {
    /// The word of the rule's measure.
    fn measure(&self) -> String {
        self.rule.measure.word().unwrap_or_default().to_owned()
    }
}

/// The comparison of a frame with these findings.
pub(crate) fn of_found(
    circumstances: &Circumstances<'_>,
    baseline: &Baseline,
    found: Found,
) -> Comparison {
    Comparison {
        similarity: found.similarity,
        verdict: found.verdict.into(),
        measure: found.measure.to_owned(),
        closest: Some(found.closest),
        findings: found.findings,
        patches: found.patches.into(),
        ..of_baseline(circumstances, Some(baseline))
    }
}

/// The comparison of a frame that shows nothing new since an earlier one, for which `said` was found.
pub(crate) fn of_carried(circumstances: &Circumstances<'_>, said: &Said) -> Comparison {
    let reference = circumstances.reference;
    let mut comparison = Comparison {
        measure: circumstances.measure(),
        ..of_baseline(circumstances, reference.baseline.as_deref())
    };
    said.write_to(&mut comparison);
    comparison
}

/// For how long a view may be too dark to compare: lights that are off must not silence alarms for good.
const DARK_FOR: Duration = Duration::from_secs(600);

/// Says since when it has been too dark, by the folder's comparison before; what has been so for long is a mismatch.
pub(crate) fn count_darkness(comparison: &mut Comparison, before: Option<Comparison>) {
    let stored_at = |comparison: &Comparison| comparison.frame.as_ref()?.stored_at;
    let now = stored_at(comparison);
    comparison.dark_since = before.and_then(|before| before.dark_since).or(now);
    let (since, now) = (comparison.dark_since.as_ref(), now.as_ref());
    let lasted = since
        .and_then(from_timestamp)
        .zip(now.and_then(from_timestamp));
    match lasted.is_some_and(|(since, now)| now - since >= DARK_FOR) {
        true => comparison.set_verdict(Verdict::Mismatch),
        // Nobody can tell how similar it is.
        false => comparison.similarity = None,
    }
}

/// The comparison of a frame that is no readable picture.
pub(crate) fn of_unreadable(circumstances: &Circumstances<'_>, why: &Unreadable) -> Comparison {
    let unreadable = Finding::certain(Kind::Unreadable, why.to_string());
    Comparison {
        verdict: Verdict::Unreadable.into(),
        findings: vec![unreadable],
        ..of_baseline(circumstances, circumstances.reference.baseline.as_deref())
    }
}

/// The comparison of a frame that cannot be compared, since the reference's picture is needed and lost.
pub(crate) fn of_lost_reference(circumstances: &Circumstances<'_>, why: &str) -> Comparison {
    let lost = Finding::certain(Kind::Unspecified, why);
    Comparison {
        verdict: Verdict::Indeterminate.into(),
        measure: circumstances.measure(),
        findings: vec![lost],
        ..of_baseline(circumstances, None)
    }
}

/// What every comparison says.
fn of_baseline(circumstances: &Circumstances<'_>, baseline: Option<&Baseline>) -> Comparison {
    let Circumstances {
        folder,
        frame,
        reference,
        rule,
    } = circumstances;
    let bytes = |digest: &[u8]| bytes::Bytes::copy_from_slice(digest);
    Comparison {
        folder: folder.to_string(),
        frame: Some((*frame).clone()),
        reference: Some(reference.to_message()),
        threshold: rule.threshold,
        compared_at: Some(timestamp(OffsetDateTime::now_utc())),
        baseline_digest: baseline.map_or_else(Default::default, |baseline| {
            bytes(baseline.digest().as_bytes())
        }),
        rule_digest: bytes(rule_digest(rule).as_bytes()),
        detector_version: detector_version(rule.measure).to_owned(),
        ..Comparison::default()
    }
}
