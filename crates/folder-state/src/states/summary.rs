//! A folder as clients see it, made of what is known of it.

use event_bus::{Folder, FrameArrival, Stored};
use pbjson_types::Timestamp;
use proto::{
    timestamp,
    v1::{Acknowledgement, Alert, Comparison, Finding, Frame, Kind, Phase, Rule, Upload, Verdict},
};
use serde::Serialize;
use time::OffsetDateTime;

use super::{COMPARED_WITHIN, Known, KnownFolder, Normal, urgency::Urgency};
use crate::recent::Trend;

/// A folder as clients see it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FolderSummary))]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Its name.
    pub folder: String,
    /// What people call it; empty where they have not said.
    pub title: String,
    /// Where its camera is: the town, the building.
    pub site: String,
    /// The part of the site.
    pub area: String,
    /// Words by which it is found.
    pub tags: Vec<String>,
    /// Its state in one word.
    pub state: FolderState,
    /// That word for people.
    pub state_words: &'static str,
    /// What it means here, in a sentence or two.
    pub explanation: String,
    /// The picture with which its frames are compared.
    pub reference: Option<Upload>,
    /// How many pictures it has, the reference among them.
    pub images: usize,
    /// The pictures that are right as well as the reference, the oldest first.
    pub normals: Vec<Normal>,
    /// The ids of the frames that are proposed as such, the oldest first.
    pub proposals: Vec<String>,
    /// The last frame that was seen, however old.
    pub frame: Option<Frame>,
    /// Since when frames have come and none has been compared, if that has been so for more than 10 seconds.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub not_compared_since: Option<OffsetDateTime>,
    /// The usual gap between the camera's frames, in seconds; absent until ten have come.
    pub frame_interval_seconds: Option<f64>,
    /// After how many seconds without a frame the camera's alert fires; absent where it never does, or nobody knows yet.
    pub silent_after_seconds: Option<f64>,
    /// Whether a camera is sending, so that the frame is still there to be looked at.
    pub frame_is_current: bool,
    /// Of the last comparison with the current reference.
    pub similarity: Option<f64>,
    /// The last comparison with the current reference.
    pub comparison: Option<Comparison>,
    /// The alert of its view, if that is firing.
    pub alert: Option<Alert>,
    /// Who has that alert in hand.
    pub acknowledgement: Option<Acknowledgement>,
    /// The alert of its camera, if that is firing.
    pub camera_alert: Option<Alert>,
    /// Who has that alert in hand.
    pub camera_acknowledgement: Option<Acknowledgement>,
    /// When the last frame was stored by which its view could be judged: nothing later is known of it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub seen_at: Option<Timestamp>,
    /// Until when it is taken that its view looks as it did then: a minute, or five of its camera's usual gaps.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub known_until: Option<Timestamp>,
    /// Where it stands among the others: what is wrong comes first.
    pub urgency: Urgency,
    /// The rule by which its frames are judged, every field set.
    pub rule: Rule,
    /// The similarity of its last minutes.
    pub recent: Trend,
}

/// A folder's state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FolderState {
    /// The frames look like the reference.
    Ok,
    /// An alert is firing.
    Alert,
    /// The last frame does not look like the reference, and no alert is firing.
    Mismatch,
    /// Nobody can tell: the reference is blank or lost, it is too dark, or masks leave too little.
    Indeterminate,
    /// There is no reference.
    NoReference,
    /// The camera has stopped sending.
    Silent,
    /// The camera sends the same picture again and again.
    Frozen,
    /// Something else is wrong with the camera.
    Camera,
    /// No camera has sent a frame lately.
    NoFrames,
    /// What the camera sent last is no picture that can be read.
    Unreadable,
    /// Frames arrive, and none has been compared for a while.
    NotCompared,
    /// The last frame has not been compared with the reference yet.
    Waiting,
}

impl FolderState {
    /// In the order in which people are told of them.
    pub const ALL: [FolderState; 12] = [
        FolderState::Alert,
        FolderState::Silent,
        FolderState::Frozen,
        FolderState::Camera,
        FolderState::Mismatch,
        FolderState::NotCompared,
        FolderState::NoFrames,
        FolderState::Unreadable,
        FolderState::Indeterminate,
        FolderState::NoReference,
        FolderState::Waiting,
        FolderState::Ok,
    ];

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            FolderState::Ok => "OK",
            FolderState::Alert => "Alert",
            FolderState::Mismatch => "Mismatch",
            FolderState::Indeterminate => "Indeterminate",
            FolderState::NoReference => "No reference",
            FolderState::Silent => "Silent",
            FolderState::Frozen => "Frozen",
            FolderState::Camera => "Camera alert",
            FolderState::NotCompared => "Not compared",
            FolderState::NoFrames => "No frames",
            FolderState::Unreadable => "Unreadable",
            FolderState::Waiting => "Waiting",
        }
    }

    /// What the state means in general.
    fn explanation(self) -> &'static str {
        match self {
            FolderState::Ok => "The view looks like its reference.",
            FolderState::Alert => "The view does not look like its reference.",
            FolderState::Mismatch => {
                "The view does not look like its reference, but no alert is firing: its rule says so."
            }
            FolderState::Indeterminate => "Nobody can tell whether the view is as it should be.",
            FolderState::NoReference => "There is no picture yet of how the view should look.",
            FolderState::Silent => "The camera has stopped sending frames.",
            FolderState::Frozen => "The camera sends the same picture again and again.",
            FolderState::Camera => "Something is wrong with the camera.",
            FolderState::NotCompared => {
                "Frames arrive, and none has been compared for more than 10 seconds: no comparator runs, or none keeps up."
            }
            FolderState::NoFrames => "No camera has sent a frame in the last 5 minutes.",
            FolderState::Unreadable => "What the camera sent last is no picture that can be read.",
            FolderState::Waiting => {
                "The latest frame has not been compared with the reference yet."
            }
        }
    }

    /// For style sheets and scripts; the same as in JSON.
    pub fn slug(self) -> &'static str {
        match self {
            FolderState::Ok => "ok",
            FolderState::Alert => "alert",
            FolderState::Mismatch => "mismatch",
            FolderState::Indeterminate => "indeterminate",
            FolderState::NoReference => "no-reference",
            FolderState::Silent => "silent",
            FolderState::Frozen => "frozen",
            FolderState::Camera => "camera",
            FolderState::NotCompared => "not-compared",
            FolderState::NoFrames => "no-frames",
            FolderState::Unreadable => "unreadable",
            FolderState::Waiting => "waiting",
        }
    }
}

impl Known {
    /// A folder that exists, as clients see it.
    pub fn summary(&self, folder: &Folder) -> Option<Summary> {
        let known = self.existing(folder)?;
        let comparison = known.current_comparison();
        let (rule, _) = self.effective_rule(known.rule.clone());
        let details = known.details();
        let (alert, camera_alert) = self.attended(known);
        Some(Summary {
            folder: folder.to_string(),
            title: details.title,
            site: details.site,
            area: details.area,
            tags: details.tags,
            state: known.state(),
            state_words: known.state().words(),
            explanation: known.explanation(),
            reference: known.reference().map(Upload::alone),
            images: known.pictures.len(),
            normals: known.normals_in_use(),
            proposals: known.proposals().map(|(id, _)| id.to_owned()).collect(),
            frame: known.frame.as_ref().map(frame_of),
            not_compared_since: known.not_compared_since(),
            frame_interval_seconds: known.camera.as_ref().and_then(|it| it.interval_seconds),
            silent_after_seconds: known.camera.as_ref().and_then(|it| it.silent_after_seconds),
            frame_is_current: known.current_frame().is_some(),
            similarity: comparison.and_then(|comparison| comparison.similarity),
            comparison: comparison.cloned(),
            alert: alert.as_ref().map(|it| it.alert.clone()),
            acknowledgement: alert.as_ref().and_then(|it| it.by.cloned()),
            camera_alert: camera_alert.as_ref().map(|it| it.alert.clone()),
            camera_acknowledgement: camera_alert.as_ref().and_then(|it| it.by.cloned()),
            seen_at: known.seen_at().map(timestamp),
            known_until: known.known_until().map(timestamp),
            urgency: Urgency::of(known.state(), alert, camera_alert),
            rule,
            recent: known.recent.trend(OffsetDateTime::now_utc()),
        })
    }
}

impl KnownFolder {
    /// The folder's state.
    pub fn state(&self) -> FolderState {
        if self.firing_alert().is_some() {
            return FolderState::Alert;
        }
        if let Some(alert) = self.firing_camera_alert() {
            return of_camera(alert);
        }
        if self.reference().is_none() {
            return FolderState::NoReference;
        }
        if self.current_frame().is_none() {
            return FolderState::NoFrames;
        }
        if self.not_compared_since().is_some() {
            return FolderState::NotCompared;
        }
        match self.current_comparison().map(Comparison::verdict) {
            Some(Verdict::Match) => FolderState::Ok,
            // It must last first, or alerts are switched off; or the alert is on its way.
            Some(Verdict::Mismatch) => FolderState::Mismatch,
            Some(Verdict::Indeterminate) => FolderState::Indeterminate,
            Some(Verdict::Unreadable) => FolderState::Unreadable,
            Some(Verdict::Unspecified) | None => FolderState::Waiting,
        }
    }

    /// The alert of its view, if that is firing.
    pub(super) fn firing_alert(&self) -> Option<&Alert> {
        firing(&self.alert)
    }

    /// The alert of its camera, if that is firing.
    pub(super) fn firing_camera_alert(&self) -> Option<&Alert> {
        firing(&self.camera_alert)
    }

    /// Since when frames have come and none has been compared, if that has been so for a while.
    fn not_compared_since(&self) -> Option<OffsetDateTime> {
        let latest = OffsetDateTime::now_utc() - COMPARED_WITHIN;
        self.uncompared_since.filter(|since| *since < latest)
    }

    /// What its state means for this folder.
    fn explanation(&self) -> String {
        let state = self.state();
        let compared = self.current_comparison();
        let found = compared.and_then(|it| it.findings.first());
        if let (Some(alert), false) = (self.firing_camera_alert(), state == FolderState::Alert) {
            return alert.message.clone();
        }
        match (state, self.firing_alert(), found) {
            (FolderState::Alert, Some(alert), _) => alert.message.clone(),
            (FolderState::Unreadable, _, Some(finding)) if !finding.cause.is_empty() => {
                format!(
                    "What the camera sent last cannot be read: {}.",
                    finding.cause
                )
            }
            (FolderState::Indeterminate, _, found) => format!(
                "Nobody can tell whether the view is as it should be: {}.",
                why_indeterminate(found)
            ),
            _ => state.explanation().to_owned(),
        }
    }

    /// The last comparison, if it was made with the reference that holds now.
    pub(super) fn current_comparison(&self) -> Option<&Comparison> {
        let comparison = &self.comparison.as_ref()?.event;
        let with = comparison.reference.as_ref()?;
        (with.id == self.reference()?.id).then_some(comparison)
    }
}

/// Why nobody can tell, by what was found first.
fn why_indeterminate(found: Option<&Finding>) -> &str {
    match found {
        None => "the reference is blank: upload one that shows the view",
        Some(found) if found.kind() == Kind::Dark => {
            "it is darker than in all its pictures: add a normal picture of the view at night"
        }
        Some(found) => &found.cause,
    }
}

/// The state that goes with what is wrong with a camera.
fn of_camera(alert: &Alert) -> FolderState {
    match alert.findings.first().map(Finding::kind) {
        Some(Kind::Silent) => FolderState::Silent,
        Some(Kind::Frozen) => FolderState::Frozen,
        Some(Kind::Unreadable) => FolderState::Unreadable,
        _ => FolderState::Camera,
    }
}

fn firing(last: &Option<Stored<Alert>>) -> Option<&Alert> {
    let last = &last.as_ref()?.event;
    (last.phase() == Phase::Firing).then_some(last)
}

fn frame_of(stored: &Stored<FrameArrival>) -> Frame {
    stored.event.headers.frame(stored.stored_at)
}
