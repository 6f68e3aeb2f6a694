//! Which other measure would have spared people the alerts that they have called normal, and kept those called real: by
//! what the frame with which each fired shows by each measure. Who looks at the frames says that; nothing here decodes
//! pictures.

use comparison::unrelated_similarity;
use proto::{
    EffectiveRule, Measure,
    v1::{Label, Rule},
};

use super::{Choice, RuleChoice, better, between};

/// What a frame shows by a measure, compared with pictures that are right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shown {
    /// It is so similar, 0 to 1.
    Similar(f64),
    /// The same, and so much darker that below the threshold nobody can tell at once.
    Dark(f64),
    /// It is of one tone: a mismatch by any threshold.
    Blank,
}

/// What the frame shows with which an alert fired.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenAgain {
    /// The alert's id.
    pub id: String,
    /// What somebody has called the alert.
    pub label: Label,
    /// By each measure that tells something of it; by the rule's as well, where that does.
    pub by: Vec<(Measure, Shown)>,
}

/// A threshold that was made for some alerts lies between two similarities that are so far apart: one frame of each
/// alert is little to go by.
const LEAST_GAP: f64 = 0.02;

impl Shown {
    /// Whether an alert would fire by this threshold; `None` where nobody can tell.
    fn fires(self, threshold: f64) -> Option<bool> {
        match self {
            Shown::Blank => Some(true),
            Shown::Similar(similarity) => Some(similarity < threshold),
            Shown::Dark(similarity) if similarity >= threshold => Some(false),
            Shown::Dark(_) => None,
        }
    }

    fn similarity(self) -> Option<f64> {
        match self {
            Shown::Similar(similarity) | Shown::Dark(similarity) => Some(similarity),
            Shown::Blank => None,
        }
    }
}

impl SeenAgain {
    /// Whether the alert was called normal and would not fire again by the rule as it is. Then it speaks for no change.
    pub fn is_settled(&self, rule: &EffectiveRule) -> bool {
        self.label == Label::Normal && self.fires(rule.measure, rule.threshold) == Some(false)
    }

    fn fires(&self, measure: Measure, threshold: f64) -> Option<bool> {
        self.by(measure)?.fires(threshold)
    }

    fn by(&self, measure: Measure) -> Option<Shown> {
        let by = self.by.iter().find(|(of, _)| *of == measure);
        by.map(|(_, shown)| *shown)
    }
}

/// The measure that drops the most. Its usual threshold, unless another one in a gap between what must stay and what
/// would go drops more.
pub(super) fn another(seen: &[SeenAgain], rule: &EffectiveRule) -> Option<Choice> {
    let (settled, open): (Vec<&SeenAgain>, Vec<&SeenAgain>) =
        seen.iter().partition(|alert| alert.is_settled(rule));
    let measures = Measure::WORDS.map(Measure::of);
    let others = || measures.iter().filter(|it| **it != rule.measure);
    // What is settled must not fire again.
    let unsettles = |measure, threshold| {
        let mut settled = settled.iter();
        settled.any(|alert| alert.fires(measure, threshold) == Some(true))
    };
    let by = |measure, threshold| {
        let is_better = !unsettles(measure, threshold);
        is_better.then(|| by(&open, measure, threshold)).flatten()
    };
    let usual = others().filter_map(|measure| by(*measure, Rule::DEFAULT_THRESHOLD));
    let fitted = others().filter_map(|measure| by(*measure, in_gap(&open, *measure)?));
    usual.chain(fitted).reduce(better)
}

/// What a measure would have done by a threshold; `None` where it would have dropped an alert called real, or none
/// called normal.
fn by(alerts: &[&SeenAgain], measure: Measure, threshold: f64) -> Option<Choice> {
    let mut choice = Choice {
        change: RuleChoice::Measure(measure, threshold),
        dropped: Vec::new(),
        left: Vec::new(),
        kept: Vec::new(),
        untold_normal: Vec::new(),
        untold_real: Vec::new(),
    };
    for alert in alerts {
        let these = match (alert.label, alert.fires(measure, threshold)) {
            (Label::Unspecified, _) => continue,
            (Label::Real, Some(false)) => return None,
            (Label::Real, Some(true)) => &mut choice.kept,
            (Label::Normal, Some(true)) => &mut choice.left,
            (Label::Normal, Some(false)) => &mut choice.dropped,
            (Label::Real, None) => &mut choice.untold_real,
            (Label::Normal, None) => &mut choice.untold_normal,
        };
        these.push(alert.id.clone());
    }
    (!choice.dropped.is_empty()).then_some(choice)
}

/// The threshold in the middle between the alert called real that is most similar and the next one called normal.
/// `None` where nothing real holds it up, where the two are too close, or where unrelated pictures would pass.
fn in_gap(alerts: &[&SeenAgain], measure: Measure) -> Option<f64> {
    let similarities = |label| {
        let those = alerts.iter().filter(move |alert| alert.label == label);
        those.filter_map(move |alert| alert.by(measure)?.similarity())
    };
    let real = similarities(Label::Real).max_by(f64::total_cmp)?;
    let above = similarities(Label::Normal).filter(|normal| *normal >= real + LEAST_GAP);
    let threshold = between(real, above.min_by(f64::total_cmp)?)?;
    // Of parts it was not measured; they are looked at by the same network.
    let least = match measure {
        Measure::Parts => unrelated_similarity(Measure::View),
        _ => unrelated_similarity(measure),
    };
    (threshold >= least).then_some(threshold)
}

#[cfg(test)]
mod tests;
