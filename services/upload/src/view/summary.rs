use event_bus::{Folder, FrameArrival, Stored};
use proto::{
    timestamp,
    v1::{Acknowledgement, Alert, Comparison, Frame, Phase, Rule, Upload, Verdict},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{FolderView, State, recent::Trend};

/// A folder as clients see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Folder)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) folder: String,
    pub(crate) state: FolderState,
    pub(crate) reference: Option<Upload>,
    /// How many pictures it has, the reference among them.
    pub(crate) images: usize,
    /// The last frame that was seen, however old.
    pub(crate) frame: Option<Frame>,
    /// Whether a camera is sending, so that the frame is still there to be looked at.
    pub(crate) frame_is_current: bool,
    /// Of the last comparison with the current reference.
    pub(crate) similarity: Option<f64>,
    pub(crate) comparison: Option<Comparison>,
    /// The alert that is firing.
    pub(crate) alert: Option<Alert>,
    /// Who has that alert in hand.
    pub(crate) acknowledgement: Option<Acknowledgement>,
    /// The rule by which its frames are judged, every field set.
    pub(crate) rule: Rule,
    /// The similarity of its last minutes.
    pub(crate) recent: Trend,
}

/// A folder's state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FolderState {
    Ok,
    Alert,
    Mismatch,
    Indeterminate,
    NoReference,
    NoFrames,
    Waiting,
}

impl FolderState {
    /// In the order in which people are told of them.
    pub(crate) const ALL: [FolderState; 7] = [
        FolderState::Alert,
        FolderState::Mismatch,
        FolderState::NoFrames,
        FolderState::Indeterminate,
        FolderState::NoReference,
        FolderState::Waiting,
        FolderState::Ok,
    ];

    /// For people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            FolderState::Ok => "OK",
            FolderState::Alert => "Alert",
            FolderState::Mismatch => "Mismatch",
            FolderState::Indeterminate => "Indeterminate",
            FolderState::NoReference => "No reference",
            FolderState::NoFrames => "No frames",
            FolderState::Waiting => "Waiting",
        }
    }

    /// What the word means.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            FolderState::Ok => "The view looks like its reference.",
            FolderState::Alert => "The view does not look like its reference.",
            FolderState::Mismatch => {
                "The view does not look like its reference, but no alert is firing: its rule says so."
            }
            FolderState::Indeterminate => {
                "The reference is blank: there is nothing to compare with."
            }
            FolderState::NoReference => "Upload a picture of how the view should look.",
            FolderState::NoFrames => "No camera has sent a frame in the last 5 minutes.",
            FolderState::Waiting => {
                "The latest frame has not been compared with the reference yet."
            }
        }
    }

    /// For style sheets and scripts; the same as in JSON.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            FolderState::Ok => "ok",
            FolderState::Alert => "alert",
            FolderState::Mismatch => "mismatch",
            FolderState::Indeterminate => "indeterminate",
            FolderState::NoReference => "no-reference",
            FolderState::NoFrames => "no-frames",
            FolderState::Waiting => "waiting",
        }
    }
}

impl Summary {
    /// What an eye should meet first comes first: an alert that nobody has in hand before one that somebody has.
    pub(crate) fn urgency(&self) -> u8 {
        match (self.state, &self.acknowledgement) {
            (FolderState::Alert, None) => 0,
            (FolderState::Alert, Some(_)) => 1,
            (FolderState::Mismatch, _) => 2,
            (
                FolderState::Ok
                | FolderState::Indeterminate
                | FolderState::NoReference
                | FolderState::NoFrames
                | FolderState::Waiting,
                _,
            ) => 3,
        }
    }
}

impl State {
    /// A folder that exists, as clients see it.
    pub(crate) fn summary(&self, folder: &Folder) -> Option<Summary> {
        let known = self.existing(folder)?;
        let comparison = known.current_comparison();
        let (rule, _) = self.effective_rule(known.rule);
        Some(Summary {
            folder: folder.to_string(),
            state: known.state(),
            reference: known.reference().cloned(),
            images: known.pictures.len(),
            frame: known.frame.as_ref().map(frame_message),
            frame_is_current: known.current_frame().is_some(),
            similarity: comparison.map(|comparison| comparison.similarity),
            comparison: comparison.cloned(),
            alert: known.firing().cloned(),
            acknowledgement: known
                .firing()
                .and_then(|alert| self.acknowledgement(&alert.id))
                .cloned(),
            rule,
            recent: known.recent.trend(OffsetDateTime::now_utc()),
        })
    }
}

impl FolderView {
    pub(crate) fn state(&self) -> FolderState {
        if self.reference().is_none() {
            return FolderState::NoReference;
        }
        if self.firing().is_some() {
            return FolderState::Alert;
        }
        if self.current_frame().is_none() {
            return FolderState::NoFrames;
        }
        match self.current_comparison().map(Comparison::verdict) {
            Some(Verdict::Match) => FolderState::Ok,
            // It must last first, or alerts are switched off; or the alert is on its way.
            Some(Verdict::Mismatch) => FolderState::Mismatch,
            Some(Verdict::Indeterminate) => FolderState::Indeterminate,
            Some(Verdict::Unspecified) | None => FolderState::Waiting,
        }
    }

    fn firing(&self) -> Option<&Alert> {
        let last = &self.alert.as_ref()?.event;
        (last.phase() == Phase::Firing).then_some(last)
    }

    /// The last comparison, if it was made with the reference that holds now.
    fn current_comparison(&self) -> Option<&Comparison> {
        let comparison = &self.comparison.as_ref()?.event;
        let with = comparison.reference.as_ref()?;
        (with.id == self.reference()?.id).then_some(comparison)
    }
}

fn frame_message(stored: &Stored<FrameArrival>) -> Frame {
    Frame {
        stored_at: Some(timestamp(stored.stored_at)),
        captured_at: Some(timestamp(stored.event.headers.captured_at)),
        camera: stored.event.headers.camera.clone(),
    }
}
