//! One clip with a cascade, beside the same without.

use std::fmt;

use comparison::{
    Baseline, BaselinePicture,
    carry::{Grounds, Memory, Said},
    compare,
};
use proto::{
    EffectiveRule, Measure, timestamp,
    v1::{Comparison, Frame, Verdict},
};
use time::{Duration, OffsetDateTime};

use crate::clips::Judged;

/// The result of a trial.
pub(crate) struct Trial {
    frames: usize,
    carried: usize,
    equal: usize,
    /// When each began and ended.
    pub(crate) episodes: Vec<(usize, Option<usize>)>,
    pub(crate) episodes_in_full: Vec<(usize, Option<usize>)>,
    /// The greatest difference of a similarity that was carried.
    farthest: f64,
}

/// The result of several trials.
#[derive(Default)]
pub(crate) struct Summary {
    frames: usize,
    equal: usize,
    pub(crate) carried: usize,
    episodes: usize,
}

impl Trial {
    /// Tries the frames of a clip, `every` seconds apart, with one of them as the reference.
    pub(crate) fn of(judged: &[Judged], reference: usize, every: f64) -> Self {
        let rule = EffectiveRule {
            measure: Measure::View,
            threshold: 0.9,
            ..EffectiveRule::of(None, None)
        };
        let reference = BaselinePicture {
            id: "reference".to_owned(),
            name: "reference.jpg".to_owned(),
            look: judged[reference].look.clone(),
        };
        let baseline = Baseline::new(reference, Vec::new());
        let grounds = Grounds::of(&baseline, &rule);
        let (mut memory, mut alert, mut alert_in_full) =
            (Memory::default(), Alert::default(), Alert::default());
        let mut trial = Trial {
            frames: 0,
            carried: 0,
            equal: 0,
            episodes: Vec::new(),
            episodes_in_full: Vec::new(),
            farthest: 0.0,
        };
        let mut next = 0.0;
        for (number, frame) in judged.iter().enumerate() {
            if frame.at < next {
                continue;
            }
            next = frame.at + every;
            let at = OffsetDateTime::UNIX_EPOCH + Duration::seconds_f64(frame.at);
            let full = in_full(&baseline, frame, &rule, at);
            alert_in_full.learn(full.verdict(), number);
            let carried = memory.carries(&frame.glance, at, &grounds);
            let carried = carried.filter(|said| alert.stays(said.verdict())).cloned();
            let verdict = match carried {
                Some(said) => {
                    memory.carried(&frame.glance);
                    trial.carried += 1;
                    let mut comparison = Comparison::default();
                    said.write_to(&mut comparison);
                    let differs = comparison.similarity.zip(full.similarity);
                    let differs = differs.map_or(1.0, |(one, other)| (one - other).abs());
                    trial.farthest = trial.farthest.max(differs);
                    said.verdict()
                }
                None => {
                    memory.judged(frame.glance.clone(), at, grounds, Said::of(&full));
                    full.verdict()
                }
            };
            alert.learn(verdict, number);
            trial.frames += 1;
            trial.equal += usize::from(verdict == full.verdict());
        }
        trial.episodes = alert.episodes;
        trial.episodes_in_full = alert_in_full.episodes;
        trial
    }
}

fn in_full(
    baseline: &Baseline,
    frame: &Judged,
    rule: &EffectiveRule,
    at: OffsetDateTime,
) -> Comparison {
    let compared = compare(baseline, &frame.look, rule).unwrap();
    Comparison {
        frame: Some(Frame {
            stored_at: Some(timestamp(at)),
            ..Frame::default()
        }),
        similarity: compared.told_similarity(),
        verdict: compared.verdict.into(),
        threshold: rule.threshold,
        findings: compared.findings,
        ..Comparison::default()
    }
}

/// A view's alert that neither waits nor lasts longer than what it tells of.
#[derive(Default)]
struct Alert {
    episodes: Vec<(usize, Option<usize>)>,
}

impl Alert {
    fn is_firing(&self) -> bool {
        self.episodes.last().is_some_and(|last| last.1.is_none())
    }

    /// Whether a verdict changes nothing.
    fn stays(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Match => !self.is_firing(),
            Verdict::Mismatch => self.is_firing(),
            _ => true,
        }
    }

    fn learn(&mut self, verdict: Verdict, number: usize) {
        if self.stays(verdict) {
            return;
        }
        match self.episodes.last_mut() {
            Some(last) if last.1.is_none() => last.1 = Some(number),
            _ => self.episodes.push((number, None)),
        }
    }
}

impl Summary {
    pub(crate) fn add(&mut self, trial: &Trial) {
        self.frames += trial.frames;
        self.equal += trial.equal;
        self.carried += trial.carried;
        self.episodes += trial.episodes_in_full.len();
    }

    pub(crate) fn equal_share(&self) -> f64 {
        self.equal as f64 / self.frames as f64
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} frames, {} carried, {} with another verdict; similarity off by {:.3} at most; {} episodes, {} without a cascade",
            self.frames,
            self.carried,
            self.frames - self.equal,
            self.farthest,
            self.episodes.len(),
            self.episodes_in_full.len()
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} frames, {:.1} % to the network, {:.2} % with the same verdict, {} episodes",
            self.frames,
            100.0 * (self.frames - self.carried) as f64 / self.frames as f64,
            100.0 * self.equal_share(),
            self.episodes
        )
    }
}
