//! Which folders people should see first. It is decided here alone: pages sort by this, whether the service draws them
//! or a script keeps them current.

use std::cmp::Reverse;

use proto::{
    from_timestamp,
    v1::{Acknowledgement, Alert},
};
use serde::Serialize;
use time::OffsetDateTime;

use super::FolderState;

/// Where a folder stands among the others: first by rank, the least first; within a rank the later `since` comes first.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Urgency {
    /// 0: an alert that nobody has in hand; 1: the same of the camera; 2: a mismatch; 3: nothing is known of the view;
    /// 4: no reference; 5: an alert that somebody has in hand; 6: OK.
    pub rank: u8,
    /// When the alert fired, if one is behind the rank.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub since: Option<pbjson_types::Timestamp>,
}

/// An alert that fires, and who has it in hand.
pub(super) struct Attended<'a> {
    pub(super) alert: &'a Alert,
    pub(super) by: Option<&'a Acknowledgement>,
}

const UNATTENDED: u8 = 0;
const CAMERA: u8 = 1;
const MISMATCH: u8 = 2;
const UNKNOWN: u8 = 3;
const NO_REFERENCE: u8 = 4;
const IN_HAND: u8 = 5;
const FINE: u8 = 6;

impl Urgency {
    /// The key by which folders are sorted.
    pub fn key(&self) -> (u8, Reverse<Option<OffsetDateTime>>) {
        let since = self.since.as_ref().and_then(from_timestamp);
        (self.rank, Reverse(since))
    }

    pub(super) fn of(state: FolderState, view: Option<Attended>, camera: Option<Attended>) -> Self {
        let unattended = |it: &Attended| it.by.is_none();
        let (rank, alert) = match state {
            _ if view.as_ref().is_some_and(unattended) => (UNATTENDED, view),
            _ if camera.as_ref().is_some_and(unattended) => (CAMERA, camera),
            FolderState::Mismatch => (MISMATCH, None),
            FolderState::NoReference => (NO_REFERENCE, None),
            _ if view.is_some() => (IN_HAND, view),
            _ if camera.is_some() => (IN_HAND, camera),
            FolderState::Ok => (FINE, None),
            FolderState::Alert
            | FolderState::Silent
            | FolderState::Frozen
            | FolderState::Camera
            | FolderState::NotCompared
            | FolderState::NoFrames
            | FolderState::Unreadable
            | FolderState::Indeterminate
            | FolderState::Waiting => (UNKNOWN, None),
        };
        Urgency {
            rank,
            since: alert.and_then(|it| it.alert.fired_at),
        }
    }
}
