//! A folder whose frames a test makes.

use bytes::Bytes;
use comparison::detector_version;
use proto::{
    Measure, timestamp,
    v1::{Comparison, Finding, Picture, Proposal, Reference, Verdict},
};
use time::{Duration, OffsetDateTime, macros::datetime};

use super::super::{
    decision::{Occasion, Pace, Step, There, after},
    remembered::{Remembered, Waiting},
};

pub(super) fn begin() -> OffsetDateTime {
    datetime!(2026-11-01 00:00 UTC)
}

/// What a frame is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) verdict: Verdict,
    pub(super) similarity: f64,
    pub(super) brightness: f32,
    /// By how much one place is more different than the others.
    pub(super) stands_out: u8,
}

pub(super) struct Site {
    pub(super) now: OffsetDateTime,
    pub(super) reference: &'static str,
    pub(super) baseline: &'static [u8],
    pub(super) detectors: &'static str,
    pub(super) threshold: f64,
    pub(super) trouble_at: Option<OffsetDateTime>,
    pub(super) accepted: Vec<There>,
    pub(super) remembered: Option<Remembered>,
    pub(super) proposals: Vec<Proposal>,
    /// How often something was to be remembered.
    pub(super) written: usize,
}

impl Site {
    pub(super) fn new() -> Self {
        let reference = There {
            brightness: 100.0,
            frame_at: None,
        };
        Site {
            now: begin(),
            reference: "reference",
            baseline: b"reference",
            detectors: detector_version(Measure::View),
            threshold: 0.9,
            trouble_at: None,
            accepted: vec![reference],
            remembered: None,
            proposals: Vec::new(),
            written: 0,
        }
    }

    /// Adds normal pictures that somebody uploaded.
    pub(super) fn accept_some(&mut self, count: usize) {
        let normal = There {
            brightness: 100.0,
            frame_at: None,
        };
        self.accepted.extend(vec![normal; count]);
    }

    pub(super) fn comparison(&self, frame: Frame) -> Comparison {
        let mut patches = vec![10; 300];
        patches[77] += frame.stands_out;
        let found = (frame.verdict != Verdict::Match).then(Finding::default);
        Comparison {
            verdict: frame.verdict.into(),
            similarity: Some(frame.similarity),
            findings: found.into_iter().collect(),
            patches: patches.into(),
            ..self.compared()
        }
    }

    /// What is said of each frame.
    pub(super) fn compared(&self) -> Comparison {
        Comparison {
            frame: Some(proto::v1::Frame {
                stored_at: Some(timestamp(self.now)),
                ..Default::default()
            }),
            reference: Some(Reference {
                id: self.reference.to_owned(),
                ..Default::default()
            }),
            closest: Some(Picture {
                id: self.reference.to_owned(),
                ..Default::default()
            }),
            threshold: self.threshold,
            baseline_digest: Bytes::from_static(self.baseline),
            detector_version: self.detectors.to_owned(),
            ..Comparison::default()
        }
    }

    pub(super) fn see(&mut self, frame: Frame) {
        let comparison = self.comparison(frame);
        self.see_compared(&comparison, frame.brightness);
    }

    pub(super) fn see_compared(&mut self, comparison: &Comparison, brightness: f32) {
        let proposed: Vec<There> = self.proposals.iter().map(there).collect();
        let occasion = Occasion {
            comparison,
            brightness,
            trouble_at: self.trouble_at,
            accepted: &self.accepted,
            proposed: &proposed,
        };
        let pace = Pace::of_day(Duration::DAY);
        match after(self.remembered.as_ref(), &occasion, pace) {
            Step::Nothing => {}
            Step::Remember(next) | Step::Wait(next) => self.remember(&next),
            Step::Propose(next, proposal) => {
                self.remember(&next);
                self.proposals.push(*proposal);
            }
        }
    }

    /// As another comparator reads it.
    fn remember(&mut self, next: &Remembered) {
        self.written += 1;
        self.remembered = Remembered::read(next.to_message());
        assert_eq!(self.remembered.as_ref(), Some(next));
    }

    /// When the frames came that were proposed.
    pub(super) fn proposed_at(&self) -> Vec<OffsetDateTime> {
        let proposals = self.proposals.iter().cloned();
        proposals
            .filter_map(|proposal| Some(Waiting::of(proposal)?.at))
            .collect()
    }
}

fn there(proposal: &Proposal) -> There {
    There {
        brightness: proposal.brightness,
        frame_at: Waiting::of(proposal.clone()).map(|waiting| waiting.at),
    }
}
