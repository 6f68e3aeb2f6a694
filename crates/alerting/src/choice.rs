//! Which change of a rule would have spared people the alerts that they have called normal, and kept those that they have
//! called real. What alerts themselves keep decides, so this reaches as far back as they do; it is an estimate, which
//! [`rehearse`](crate::rehearse) puts to the test where comparisons are still there. Of another measure alerts keep
//! nothing: that takes what their pictures show by it (`measures`).

mod measures;

use std::cmp::Reverse;

use comparison::{Areas, changed_in_all, differs_again};
use proto::{
    EffectiveRule, Measure, from_timestamp,
    v1::{Alert, Kind, Label, Mask, ResolvedBy, Rule},
};

pub use measures::{SeenAgain, Shown};

/// An alert of a folder's view, and what somebody has called it.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// [`Label::Real`] or [`Label::Normal`]; what has no label tells nothing.
    pub label: Label,
}

/// A change of a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleChoice {
    /// Another threshold, lower than the rule's.
    Threshold(f64),
    /// Alerts are held back for so many seconds, longer than by the rule.
    Hold(f64),
    /// Masks to be added to the rule's.
    Masks(Vec<Mask>),
    /// Another measure, and the threshold for it.
    Measure(Measure, f64),
}

/// What a change would have done to the alerts that have a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What would be changed.
    pub change: RuleChoice,
    /// The ids of alerts called normal that would not have fired: one at least.
    pub dropped: Vec<String>,
    /// The ids of those that would have fired all the same.
    pub left: Vec<String>,
    /// The ids of alerts called real that would have fired: all of them but those in `untold_real`.
    pub kept: Vec<String>,
    /// The ids of alerts called normal of which nobody can tell whether they would have fired. Only a change of measure
    /// has any.
    pub untold_normal: Vec<String>,
    /// The same of alerts called real: the change may lose them.
    pub untold_real: Vec<String>,
}

/// A hold is one of these: what people would choose, too. In seconds.
const HOLDS: [f64; 13] = [
    1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0, 600.0,
];

/// The best change of each kind that drops an alert called normal and none called real; what drops the most comes
/// first. Nothing where there is none. Another measure is among them only where `seen` says what the frames of the
/// labelled alerts show by it.
pub fn choices(labelled: &[Labelled<'_>], rule: &EffectiveRule, seen: &[SeenAgain]) -> Vec<Choice> {
    let known = Known {
        real: of(labelled, Label::Real),
        normal: of(labelled, Label::Normal),
        rule,
    };
    let found = [
        known.threshold(),
        known.hold(),
        known.masks(),
        measures::another(seen, rule),
    ];
    let mut found: Vec<Choice> = found.into_iter().flatten().collect();
    found.sort_by_key(|choice| Reverse(choice.dropped.len()));
    found
}

fn of<'a>(labelled: &[Labelled<'a>], label: Label) -> Vec<&'a Alert> {
    let those = labelled.iter().filter(|it| it.label == label);
    those.map(|it| it.alert).collect()
}

struct Known<'a> {
    real: Vec<&'a Alert>,
    normal: Vec<&'a Alert>,
    rule: &'a EffectiveRule,
}

impl Known<'_> {
    /// The threshold that drops the most: in the middle between what would go and what must stay, and no lower than needed
    /// where nothing must.
    fn threshold(&self) -> Option<Choice> {
        let now = self.rule.threshold;
        let must_stay = self.real.iter().filter(|alert| !is_blank(alert));
        // What is not known may be as similar as one can be below the threshold.
        let must_stay = must_stay.map(|alert| self.worst(alert).unwrap_or(now));
        let floor = must_stay.max_by(f64::total_cmp);
        let normal = self.normal.iter().filter(|alert| !is_blank(alert));
        let above = normal.filter_map(|alert| self.worst(alert));
        let above = above.filter(|worst| floor.is_none_or(|floor| floor < *worst));
        let lowest = above.min_by(f64::total_cmp)?;
        let threshold = match floor {
            Some(floor) => between(floor, lowest)?,
            None => (lowest * 100.0).floor() / 100.0,
        };
        let fires = |alert: &Alert| {
            let worst = self.worst(alert);
            is_blank(alert) || worst.is_none_or(|worst| worst < threshold)
        };
        (threshold < now)
            .then(|| self.choice(RuleChoice::Threshold(threshold), fires))
            .flatten()
    }

    /// The shortest hold that drops the most.
    fn hold(&self) -> Option<Choice> {
        let longer = HOLDS
            .into_iter()
            .filter(|hold| *hold > self.rule.hold.as_secs_f64());
        let choices = longer.filter_map(|hold| {
            let more = hold - self.rule.hold.as_secs_f64();
            let fires = |alert: &Alert| self.lasted(alert).is_none_or(|lasted| lasted >= more);
            self.choice(RuleChoice::Hold(hold), fires)
        });
        choices.reduce(better)
    }

    /// Masks over what had changed in all alerts called normal, or else in as many of them as can be had one by one.
    fn masks(&self) -> Option<Choice> {
        let places = |alert: &&&Alert| !alert.patches.is_empty() && !is_of_the_whole(alert);
        let normal: Vec<&&Alert> = self.normal.iter().filter(places).collect();
        let in_all = changed_in_all(normal.iter().map(|alert| &alert.patches[..]));
        let one_by_one = normal.iter().fold(Vec::new(), |mut masks, alert| {
            let more = changed_in_all([&alert.patches[..]]);
            let extended: Vec<Mask> = masks.iter().cloned().chain(more).collect();
            if self.by_masks(&extended).is_some() {
                masks = extended;
            }
            masks
        });
        let choices = [in_all, one_by_one];
        let choices = choices.iter().filter_map(|masks| self.by_masks(masks));
        choices.reduce(better)
    }

    fn by_masks(&self, masks: &[Mask]) -> Option<Choice> {
        let all: Vec<Mask> = self.rule.masks.iter().chain(masks).cloned().collect();
        if masks.is_empty() || all.len() > Rule::MOST_AREAS {
            return None;
        }
        let areas = Areas::of(&all, &[]);
        let fires = |alert: &Alert| fires_despite(alert, self.rule.threshold, &areas);
        areas
            .leave_enough()
            .then(|| self.choice(RuleChoice::Masks(masks.to_vec()), fires))
            .flatten()
    }

    /// What a change would have done. `None` where it would have dropped an alert called real, or would have dropped
    /// none called normal.
    fn choice(&self, change: RuleChoice, fires: impl Fn(&Alert) -> bool) -> Option<Choice> {
        if !self.real.iter().all(|alert| fires(alert)) {
            return None;
        }
        let (left, dropped): (Vec<&Alert>, Vec<&Alert>) =
            self.normal.iter().copied().partition(|alert| fires(alert));
        let ids = |alerts: &[&Alert]| alerts.iter().map(|alert| alert.id.clone()).collect();
        (!dropped.is_empty()).then(|| Choice {
            change,
            dropped: ids(&dropped),
            left: ids(&left),
            kept: ids(&self.real),
            untold_normal: Vec::new(),
            untold_real: Vec::new(),
        })
    }

    /// The least similarity of an alert, where it is known and by the rule's measure.
    fn worst(&self, alert: &Alert) -> Option<f64> {
        let has_places = !alert.patches.is_empty();
        let least = alert.worst_similarity.or(alert.fired_similarity);
        least.filter(|_| has_places == self.rule.measure.needs_network())
    }

    /// For how many seconds after it fired frames did not match. `None` where that is not known: it fires, or something
    /// else than the view ended it.
    fn lasted(&self, alert: &Alert) -> Option<f64> {
        if alert.resolved_by() != ResolvedBy::View {
            return None;
        }
        let at = |time: &Option<_>| time.as_ref().and_then(from_timestamp);
        let lasted = at(&alert.resolved_at)? - at(&alert.fired_at)?;
        Some(lasted.as_seconds_f64() - self.rule.keep_firing.as_secs_f64())
    }
}

/// Whether an alert would have fired by this threshold without what masks leave out, roughly. An alert whose places do
/// not tell counts as one that would.
pub fn fires_despite(alert: &Alert, threshold: f64, masks: &Areas) -> bool {
    is_of_the_whole(alert) || differs_again(&alert.patches, threshold, masks).unwrap_or(true)
}

/// The one that drops more; the first where both drop as many.
fn better(one: Choice, other: Choice) -> Choice {
    match other.dropped.len() > one.dropped.len() {
        true => other,
        false => one,
    }
}

fn is_first(alert: &Alert, kinds: &[Kind]) -> bool {
    let first = alert.findings.first();
    first.is_some_and(|first| kinds.contains(&first.kind()))
}

/// Whether the alert would fire whatever the threshold is.
fn is_blank(alert: &Alert) -> bool {
    is_first(alert, &[Kind::Blank])
}

/// Whether the alert would fire whatever masks leave out.
fn is_of_the_whole(alert: &Alert) -> bool {
    is_first(alert, &[Kind::Blank, Kind::Blurred, Kind::Dark])
}

/// The number with the fewest digits, up to four, that lies above one and not above the other: near the middle.
fn between(below: f64, up_to: f64) -> Option<f64> {
    let middle = f64::midpoint(below, up_to);
    let rounded = (2..=4).map(|digits| {
        let tens = 10_f64.powi(digits);
        (middle * tens).round() / tens
    });
    let mut fitting = rounded.filter(|it| below < *it && *it <= up_to);
    fitting.next()
}

#[cfg(test)]
mod tests;
