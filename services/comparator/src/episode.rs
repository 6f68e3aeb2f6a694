//! Whether an alert fires or resolves: a pure function of the folder's last alert and of what was just seen.

use event_bus::Folder;
use proto::{
    from_timestamp,
    v1::{Alert, Comparison, Phase, Verdict},
};
use time::OffsetDateTime;

/// The alert that a comparison gives rise to; `None` where it changes nothing.
///
/// `expected` is the number of `last` in its stream (0 where there is none): it tells episodes apart that begin with the
/// same frame.
pub(crate) fn after_comparison(
    folder: &Folder,
    last: Option<&Alert>,
    expected: u64,
    comparison: &Comparison,
) -> Option<Alert> {
    if last.is_some_and(|last| is_older(comparison, last)) {
        return None;
    }
    let firing = last.filter(|last| last.phase() == Phase::Firing);
    match (firing, comparison.verdict()) {
        (None, Verdict::Mismatch) => Some(fire(folder, expected, comparison)),
        (Some(alert), Verdict::Match) => Some(resolve(alert, comparison)),
        _ => None,
    }
}

/// The alert that follows from a folder's having no reference any more; `None` where none is firing.
pub(crate) fn after_removal(last: &Alert, now: OffsetDateTime) -> Option<Alert> {
    (last.phase() == Phase::Firing).then(|| Alert {
        phase: Phase::Resolved.into(),
        message: format!("{} has no reference any more", last.folder),
        resolved_at: Some(proto::timestamp(now)),
        ..last.clone()
    })
}

/// Whether the comparison tells of an earlier moment than the alert: it was made with an older reference, or of an older
/// frame. Both times are the broker's.
fn is_older(comparison: &Comparison, alert: &Alert) -> bool {
    since(comparison.reference.as_ref()) < since(alert.reference.as_ref())
        || stored_at(comparison.frame.as_ref()) < stored_at(alert.frame.as_ref())
}

fn stored_at(frame: Option<&proto::v1::Frame>) -> Option<OffsetDateTime> {
    from_timestamp(frame?.stored_at.as_ref()?)
}

fn since(reference: Option<&proto::v1::Reference>) -> Option<OffsetDateTime> {
    from_timestamp(reference?.since.as_ref()?)
}

fn fire(folder: &Folder, expected: u64, comparison: &Comparison) -> Alert {
    let frame_ms =
        stored_at(comparison.frame.as_ref()).map_or(0, |at| at.unix_timestamp_nanos() / 1_000_000);
    Alert {
        id: format!("{folder}-{frame_ms}-{expected}"),
        folder: folder.to_string(),
        phase: Phase::Firing.into(),
        message: format!(
            "{}{} no longer looks like its reference {}: similarity {:.3} is below {}",
            folder,
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
