//! Whether a frame is proposed as a normal picture: a pure function of what is remembered of the folder and of the
//! frame that was just compared. `proposals` remembers it and carries it out.
//!
//! A frame waits before it is proposed: the hour before it and the hour after it must have been quiet. A gap between
//! frames counts as trouble as well. So what a comparator does not see can cost a proposal, and never makes one.

use comparison::{Baseline, detector_version};
use proto::{
    Measure,
    v1::{Comparison, Proposal, Verdict},
};
use time::{Duration, OffsetDateTime};

use super::remembered::{Remembered, Waiting, frame_at};

/// How fast normal pictures are learned. All times follow from the length of a day, which tests shorten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    day: Duration,
}

impl Pace {
    pub(crate) fn of_day(day: Duration) -> Self {
        Pace { day }
    }

    /// How long before and after a frame nothing may have happened: an hour.
    fn quiet(self) -> Duration {
        self.day / 24
    }

    /// The least time between proposals of a folder: eight hours, so that four of them span a day.
    fn apart(self) -> Duration {
        self.day / 3
    }

    /// How far pictures of the last two days must differ in their time of day: three hours.
    fn other_hour(self) -> Duration {
        self.day / 8
    }

    /// If no frame comes for this long, nobody knows what there was to see: ten minutes.
    fn gap(self) -> Duration {
        self.day / 144
    }

    /// How exactly times are remembered: to five minutes.
    fn grain(self) -> Duration {
        self.day / 288
    }
}

/// A picture that is there already: the reference, a normal picture, or a proposal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct There {
    /// Its mean grey level, 0 to 255.
    pub(super) brightness: f32,
    /// When the frame came that it is; `None` where somebody uploaded it.
    pub(super) frame_at: Option<OffsetDateTime>,
}

/// A frame that was just compared, and how its folder stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occasion<'a> {
    pub(super) comparison: &'a Comparison,
    /// The frame's mean grey level, 0 to 255.
    pub(super) brightness: f32,
    /// When an alert of the folder last fired or resolved, or a hold began or ended; the frame's time where an alert is firing.
    pub(super) trouble_at: Option<OffsetDateTime>,
    /// Reference and normal pictures.
    pub(super) accepted: &'a [There],
    /// Proposals that wait for people.
    pub(super) proposed: &'a [There],
}

impl Occasion<'_> {
    /// When something was last not as it should be, by the frame or by what else is known.
    pub(super) fn trouble_by_now(&self) -> Option<OffsetDateTime> {
        let is_trouble = !is_quiet(self.comparison);
        let now = is_trouble.then(|| frame_at(self.comparison)).flatten();
        self.trouble_at.max(now)
    }
}

/// What is to be done after a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Nothing that would have to be remembered.
    Nothing,
    /// This is to be remembered.
    Remember(Remembered),
    /// The same; and this frame's picture is to be kept, since it is the one that waits now.
    Wait(Remembered),
    /// The same; and the picture that was kept is to be proposed as this.
    Propose(Remembered, Box<Proposal>),
}

/// The most proposals that a folder has at a time.
pub(super) const MOST_PROPOSED: usize = 5;

/// The most pictures that count, reference and proposals among them.
const MOST_PICTURES: usize = Baseline::max_normals(Measure::View) + 1;

/// The threshold for which the constants of the measure were fitted. A rule may let more pass; a proposal must still be
/// as good.
const FITTED: f64 = 0.9;

/// By how much one place may be more different than the middle one, of 255.
const STANDS_OUT: u8 = 12;

/// Grey levels by which a picture in another light differs in brightness.
const OTHER_LIGHT: f32 = 16.0;

/// A frame that is this similar to a picture adds nothing to it, unless its light is another.
const THE_SAME: f64 = 0.985;

/// What is to be done after a frame.
pub(super) fn after(remembered: Option<&Remembered>, occasion: &Occasion<'_>, pace: Pace) -> Step {
    let comparison = occasion.comparison;
    let (Some(at), Some(reference)) = (frame_at(comparison), comparison.reference.as_ref()) else {
        return Step::Nothing;
    };
    if !is_of_view(comparison) {
        return Step::Nothing;
    }
    let Some(remembered) = remembered.filter(|it| it.reference == reference.id) else {
        return Step::Remember(Remembered {
            reference: reference.id.clone(),
            disturbed_at: at,
            seen_at: at,
            proposed_at: None,
            waiting: None,
        });
    };
    let mut next = remembered.clone();
    next.learn(at, occasion, pace);
    let step = match next.waiting.take() {
        Some(waiting) => next.with_waiting(waiting, at, occasion, pace),
        None => next.without_waiting(at, occasion, pace),
    };
    match step {
        Step::Remember(next) if next == *remembered => Step::Nothing,
        step => step,
    }
}

/// Whether the frame was looked at by the measure `view`, the only one that normal pictures improve.
pub(super) fn is_of_view(comparison: &Comparison) -> bool {
    comparison.detector_version == detector_version(Measure::View)
}

impl Remembered {
    /// Takes in whether the frame, or anything before it, was trouble.
    fn learn(&mut self, at: OffsetDateTime, occasion: &Occasion<'_>, pace: Pace) {
        let is_gap = at - self.seen_at.max(self.disturbed_at) > pace.gap();
        let trouble_at = occasion.trouble_by_now().max(is_gap.then_some(at));
        let is_trouble = trouble_at >= Some(at);
        if let Some(trouble_at) = trouble_at {
            let spoils = |waiting: &Waiting| trouble_at >= waiting.at - pace.quiet();
            let spoiled = self.waiting.take_if(|waiting| spoils(waiting)).is_some();
            if spoiled || trouble_at > self.disturbed_at + pace.grain() {
                self.disturbed_at = self.disturbed_at.max(trouble_at);
            }
        }
        if !is_trouble && at >= self.seen_at + pace.grain() {
            self.seen_at = at;
        }
    }

    /// The same, where the frame that waited is lost.
    pub(super) fn without_proposing(self, before: Option<&Remembered>) -> Remembered {
        Remembered {
            proposed_at: before.and_then(|before| before.proposed_at),
            ..self
        }
    }

    /// Whether nothing had happened for long enough before this frame.
    fn is_quiet_before(&self, at: OffsetDateTime, pace: Pace) -> bool {
        at >= self.disturbed_at + pace.quiet() + pace.grain()
    }

    fn with_waiting(
        self,
        waiting: Waiting,
        at: OffsetDateTime,
        occasion: &Occasion<'_>,
        pace: Pace,
    ) -> Step {
        // A little longer, for frames of that hour that are compared late.
        if at < waiting.at + pace.quiet() + pace.grain() {
            return Step::Remember(Remembered {
                waiting: Some(waiting),
                ..self
            });
        }
        let Waiting {
            at: waited_since,
            proposal,
        } = waiting;
        let is_as_it_was = proposal.baseline_digest == occasion.comparison.baseline_digest;
        let has_room = has_room(occasion);
        if !is_as_it_was || !has_room {
            return Step::Remember(self);
        }
        let next = Remembered {
            proposed_at: Some(waited_since),
            ..self
        };
        Step::Propose(next, Box::new(proposal))
    }

    fn without_waiting(self, at: OffsetDateTime, occasion: &Occasion<'_>, pace: Pace) -> Step {
        let is_apart = self
            .proposed_at
            .is_none_or(|last| at >= last + pace.apart());
        let may_wait = is_apart
            && self.is_quiet_before(at, pace)
            && matches_well(occasion.comparison)
            && is_worth(occasion.brightness, at, occasion, pace);
        let waiting = may_wait.then(|| proposal(occasion)).and_then(Waiting::of);
        match waiting {
            Some(waiting) => Step::Wait(Remembered {
                waiting: Some(waiting),
                ..self
            }),
            None => Step::Remember(self),
        }
    }
}

/// Whether a frame matches and nothing was found in it.
fn is_quiet(comparison: &Comparison) -> bool {
    comparison.verdict() == Verdict::Match && comparison.findings.is_empty()
}

/// Whether a frame matches clearly as a whole and is nowhere much more different than in its other places. Light
/// changes all of a view; a thing that somebody left behind changes a part. Such a thing must not be learned because
/// the rest is alike.
fn matches_well(comparison: &Comparison) -> bool {
    let limit = comparison.threshold.max(FITTED);
    let well = limit + (1.0 - limit) / 2.0;
    is_quiet(comparison)
        && comparison.similarity.is_some_and(|it| it >= well)
        && is_even(&comparison.patches)
}

/// Whether no place differs much more than the middle one.
fn is_even(patches: &[u8]) -> bool {
    let mut places = patches.to_vec();
    places.sort_unstable();
    let middle = places.get(places.len() / 2);
    let most = places.last();
    middle
        .zip(most)
        .is_some_and(|(middle, most)| most - middle <= STANDS_OUT)
}

fn has_room(occasion: &Occasion<'_>) -> bool {
    let (accepted, proposed) = (occasion.accepted.len(), occasion.proposed.len());
    proposed < MOST_PROPOSED && accepted + proposed < MOST_PICTURES
}

/// Whether a picture of this brightness and time adds something to the present ones, and there is room for it.
fn is_worth(brightness: f32, at: OffsetDateTime, occasion: &Occasion<'_>, pace: Pace) -> bool {
    let there = || occasion.accepted.iter().chain(occasion.proposed);
    let is_other_light = there().all(|it| (it.brightness - brightness).abs() >= OTHER_LIGHT);
    let similarity = occasion.comparison.similarity;
    let is_other_look = similarity.is_some_and(|it| it < THE_SAME);
    has_room(occasion)
        && there().all(|it| is_of_another_hour(it, at, pace))
        && (is_other_light || is_other_look)
}

/// Whether two pictures are of different hours of the day. It does not matter for pictures two days apart or more.
fn is_of_another_hour(picture: &There, at: OffsetDateTime, pace: Pace) -> bool {
    let Some(taken_at) = picture.frame_at else {
        return true;
    };
    let apart = (at - taken_at).abs();
    let days = (apart / pace.day).floor() as i32;
    let over = apart - days * pace.day;
    days >= 2 || over.min(pace.day - over) >= pace.other_hour()
}

fn proposal(occasion: &Occasion<'_>) -> Proposal {
    let comparison = occasion.comparison;
    let reference = comparison.reference.as_ref();
    Proposal {
        folder: comparison.folder.clone(),
        id: frame_at(comparison).map_or_else(String::new, id),
        frame: comparison.frame.clone(),
        reference_id: reference.map_or_else(String::new, |it| it.id.clone()),
        closest: comparison.closest.clone(),
        similarity: comparison.similarity.unwrap_or_default(),
        threshold: comparison.threshold,
        brightness: occasion.brightness,
        baseline_digest: comparison.baseline_digest.clone(),
    }
}

/// Sorts by time. A frame has the same one whoever proposes it.
fn id(at: OffsetDateTime) -> String {
    format!("{:020}", at.unix_timestamp_nanos())
}
