//! An alert in words, as lists and its page show it.

use alerting::sentences;
use proto::{
    from_timestamp,
    v1::{Acknowledgement, Alert, Kind, Phase, ResolvedBy, Subject},
};
use time::OffsetDateTime;

use super::api::KnownAlert;
use crate::{
    access::Visitor,
    app::App,
    front_door::{addresses::encoded, duration, moment::Moment},
};

/// An episode in words.
pub(crate) struct Row {
    pub(crate) id: String,
    /// The id as part of an address, and as the name of a place on a page.
    pub(crate) key: String,
    pub(crate) folder: String,
    /// Whether the folder still exists.
    pub(crate) has_folder: bool,
    pub(crate) words: &'static str,
    pub(crate) slug: &'static str,
    pub(crate) message: String,
    pub(crate) camera: String,
    pub(crate) reference: String,
    /// Whether it is about the view, so that there are pictures behind it.
    pub(crate) is_of_view: bool,
    /// Whether the frame behind it is no picture that could be shown.
    pub(crate) is_of_garbage: bool,
    /// What was wrong when it fired.
    pub(crate) findings: String,
    /// Whether it is known where its frame differed.
    pub(crate) has_heat_map: bool,
    /// Which of the pictures behind it could not be stored when it fired, and why.
    pub(crate) evidence_missing: String,
    /// With what it fired, where that is known.
    pub(crate) fired_with: Option<FiredWith>,
    /// The least of the episode, once it is known.
    pub(crate) worst_similarity: Option<String>,
    /// With which it resolved, if a frame is behind that.
    pub(crate) resolved_similarity: Option<String>,
    /// Why it is over, and who ended it.
    pub(crate) ended_by: Option<String>,
    pub(crate) fired: Option<Moment>,
    pub(crate) resolved: Option<Moment>,
    pub(crate) lasted: String,
    /// It fires, but since then nothing is known of the view.
    pub(crate) unknown_since: Option<Moment>,
    /// Whether this visitor can acknowledge it. An id that no comparator made may be invalid.
    pub(crate) can_be_acknowledged: bool,
    pub(crate) acknowledged: Option<Acknowledged>,
    /// The name of whoever looks, by which they acknowledge; empty where nobody logs in.
    pub(crate) visitor: String,
}

/// The similarity with which an alert fired, and the threshold by which it did.
pub(crate) struct FiredWith {
    pub(crate) similarity: String,
    pub(crate) threshold: f64,
}

/// Who has an alert in hand.
pub(crate) struct Acknowledged {
    pub(crate) name: String,
    pub(crate) note: String,
    /// What they called the alert: `real`, `normal`, or nothing.
    pub(crate) label: &'static str,
    pub(crate) at: Option<Moment>,
}

impl Row {
    pub(crate) fn new(app: &App, known: KnownAlert, visitor: &Visitor) -> Self {
        let KnownAlert {
            alert,
            acknowledgement,
            unknown_since,
        } = known;
        let phase = alert.phase();
        let (words, slug) = match phase {
            Phase::Firing => ("Firing", "alert"),
            _ => ("Resolved", "idle"),
        };
        let fired_at = alert.fired_at.as_ref().and_then(from_timestamp);
        let resolved_at = alert.resolved_at.as_ref().and_then(from_timestamp);
        Row {
            words,
            slug,
            is_of_view: alert.subject() != Subject::Camera,
            is_of_garbage: alert
                .findings
                .first()
                .is_some_and(|finding| finding.kind() == Kind::Unreadable),
            findings: found(&alert),
            fired_with: alert.fired_with().map(|(similarity, threshold)| FiredWith {
                similarity: sentences::shown(similarity, threshold),
                threshold,
            }),
            worst_similarity: measured(alert.worst_similarity, alert.fired_threshold),
            resolved_similarity: measured(alert.similarity, alert.threshold)
                .filter(|_| phase == Phase::Resolved),
            ended_by: ended_by(&alert),
            fired: fired_at.and_then(Moment::new),
            resolved: resolved_at.and_then(Moment::new),
            lasted: lasted(phase, fired_at, resolved_at),
            unknown_since: unknown_since
                .as_ref()
                .and_then(from_timestamp)
                .and_then(Moment::new),
            can_be_acknowledged: visitor.may_operate()
                && alert.id.parse::<event_bus::AlertKey>().is_ok(),
            visitor: visitor
                .user()
                .map_or(String::new(), |(name, _)| name.to_string()),
            acknowledged: acknowledgement.map(Acknowledged::new),
            camera: alert.frame.map(|frame| frame.camera).unwrap_or_default(),
            reference: alert
                .reference
                .map(|reference| reference.name)
                .unwrap_or_default(),
            has_heat_map: !alert.patches.is_empty(),
            evidence_missing: alert.evidence_missing,
            message: alert.message,
            has_folder: app.existing(&alert.folder).is_ok(),
            folder: alert.folder,
            key: encoded(&alert.id),
            id: alert.id,
        }
    }

    /// What stands in the field for the name.
    pub(crate) fn given_name(&self) -> &str {
        let acknowledged = self.acknowledged.as_ref();
        acknowledged.map_or("", |it| &it.name)
    }

    /// What stands in the field for the note.
    pub(crate) fn given_note(&self) -> &str {
        self.acknowledged.as_ref().map_or("", |it| &it.note)
    }

    /// Which of the buttons for what it was is chosen.
    pub(crate) fn given_label(&self) -> &str {
        self.acknowledged.as_ref().map_or("", |it| it.label)
    }
}

impl Acknowledged {
    fn new(acknowledgement: Acknowledgement) -> Self {
        let at = acknowledgement.acknowledged_at.as_ref();
        Acknowledged {
            label: acknowledgement.label().word(),
            name: acknowledgement.name,
            note: acknowledgement.note,
            at: at.and_then(from_timestamp).and_then(Moment::new),
        }
    }
}

fn measured(similarity: Option<f64>, threshold: f64) -> Option<String> {
    similarity.map(|similarity| sentences::shown(similarity, threshold))
}

fn found(alert: &Alert) -> String {
    let findings = alert.findings.iter();
    let words: Vec<String> = findings.map(|finding| finding.kind().words()).collect();
    let words = words.join(", ");
    match sentences::more_of(&alert.findings).as_str() {
        "" => words,
        more => format!("{words}: {more}"),
    }
}

fn ended_by(alert: &Alert) -> Option<String> {
    let why = match alert.resolved_by() {
        ResolvedBy::Unspecified => return None,
        ResolvedBy::View => "the view looks as it should again",
        ResolvedBy::Camera => "the camera works again",
        ResolvedBy::Rule => "the rule was changed",
        ResolvedBy::Reference => "another picture became the reference",
        ResolvedBy::SwitchedOff => "alerts were switched off",
        ResolvedBy::Removed => "the reference was removed",
    };
    Some(match alert.resolved_by_name.as_str() {
        "" => why.to_owned(),
        name => format!("{why}, by {name}"),
    })
}

/// How long an episode lasted, or has lasted until now.
fn lasted(
    phase: Phase,
    fired_at: Option<OffsetDateTime>,
    resolved_at: Option<OffsetDateTime>,
) -> String {
    match (phase, fired_at, resolved_at) {
        (Phase::Firing, Some(fired_at), _) => {
            let until_now = OffsetDateTime::now_utc() - fired_at;
            format!("{} so far", duration::words(until_now))
        }
        (_, Some(fired_at), Some(resolved_at)) => duration::words(resolved_at - fired_at),
        _ => "–".to_owned(),
    }
}
