//! The choice, on alerts as they are kept: what is proposed for those called normal, and that no real one is lost by it.

use proto::{
    EffectiveRule, timestamp,
    v1::{Finding, Rule},
};
use time::{Duration, OffsetDateTime};

use super::*;

const PLACES: usize = 300;

/// An alert by pHash that fired, lasted so many seconds and resolved.
fn alert(id: &str, worst: f64, lasted: i64) -> Alert {
    let fired = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
    Alert {
        id: id.to_owned(),
        worst_similarity: Some(worst),
        fired_at: Some(timestamp(fired)),
        resolved_at: Some(timestamp(fired + Duration::seconds(lasted))),
        resolved_by: Some(ResolvedBy::View.into()),
        ..Alert::default()
    }
}

/// One by `view`, in which a square of places has changed.
fn changed_at(id: &str, column: usize, row: usize) -> Alert {
    let mut patches = vec![10; PLACES];
    for y in row..row + 4 {
        patches[y * 20 + column..][..4].fill(220);
    }
    Alert {
        patches: patches.into(),
        ..alert(id, 0.5, 60)
    }
}

fn rule(measure: &str, hold: f64) -> EffectiveRule {
    let own = Rule {
        threshold: Some(0.9),
        measure: Some(measure.to_owned()),
        hold_seconds: Some(hold),
        ..Rule::default()
    };
    EffectiveRule::of(Some(own), None)
}

fn chosen(real: &[Alert], normal: &[Alert], rule: &EffectiveRule) -> Vec<Choice> {
    let labelled = |label| move |alert| Labelled { alert, label };
    let real = real.iter().map(labelled(Label::Real));
    let all: Vec<Labelled<'_>> = real
        .chain(normal.iter().map(labelled(Label::Normal)))
        .collect();
    choices(&all, rule, &[])
}

fn threshold(choices: &[Choice]) -> Option<f64> {
    choices.iter().find_map(|choice| match choice.change {
        RuleChoice::Threshold(threshold) => Some(threshold),
        _ => None,
    })
}

#[test]
fn the_threshold_lies_between_what_would_go_and_what_must_stay() {
    let real = [alert("r1", 0.4, 60), alert("r2", 0.81, 60)];
    let normal = [
        alert("n1", 0.87, 60),
        alert("n2", 0.89, 60),
        alert("n3", 0.7, 60),
    ];
    let found = chosen(&real, &normal, &rule("phash", 0.0));
    let [choice] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(choice.change, RuleChoice::Threshold(0.84));
    assert_eq!(choice.dropped, ["n1", "n2"]);
    assert_eq!(choice.left, ["n3"]);
    assert_eq!(choice.kept, ["r1", "r2"]);
}

#[test]
fn a_threshold_has_as_few_digits_as_fit_between() {
    let found = |real, normal| {
        let found = chosen(
            &[alert("r", real, 60)],
            &[alert("n", normal, 60)],
            &rule("phash", 0.0),
        );
        threshold(&found)
    };
    assert_eq!(found(0.5, 0.8), Some(0.65));
    assert_eq!(found(0.841, 0.845), Some(0.843));
    assert_eq!(found(0.84, 0.84), None, "none tells them apart");
    assert_eq!(found(0.86, 0.84), None);
}

#[test]
fn what_is_not_known_of_a_real_alert_speaks_against_every_threshold() {
    let unknown = Alert {
        worst_similarity: None,
        ..alert("r", 0.1, 60)
    };
    let normal = [alert("n", 0.85, 60)];
    assert_eq!(
        threshold(&chosen(&[unknown], &normal, &rule("phash", 0.0))),
        None
    );
    let of_other_measure = [alert("r", 0.1, 60)];
    let normal = [changed_at("n", 2, 2)];
    assert_eq!(
        threshold(&chosen(&of_other_measure, &normal, &rule("view", 0.0))),
        None
    );
}

#[test]
fn a_blank_view_alerts_by_any_threshold() {
    let blank = |id: &str| Alert {
        findings: vec![Finding {
            kind: Kind::Blank.into(),
            ..Finding::default()
        }],
        ..alert(id, 0.88, 60)
    };
    let rule = rule("phash", 0.0);
    assert_eq!(
        threshold(&chosen(&[blank("r")], &[alert("n", 0.8, 60)], &rule)),
        Some(0.8)
    );
    assert_eq!(threshold(&chosen(&[], &[blank("n")], &rule)), None);
}

#[test]
fn short_alerts_are_held_back_where_real_ones_last() {
    let real = [alert("r", 0.5, 40)];
    let normal = [
        alert("n1", 0.5, 4),
        alert("n2", 0.5, 8),
        alert("n3", 0.5, 90),
    ];
    let found = chosen(&real, &normal, &rule("phash", 2.0));
    let [choice] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(choice.change, RuleChoice::Hold(15.0));
    assert_eq!((choice.dropped.len(), choice.left.len()), (2, 1));
    let fires = Alert {
        resolved_at: None,
        resolved_by: None,
        ..alert("n", 0.5, 0)
    };
    assert_eq!(chosen(&real, &[fires], &rule("phash", 2.0)), []);
}

#[test]
fn masks_leave_out_what_changed_in_normal_alerts_and_nothing_real() {
    let masks = |real: &[Alert], normal: &[Alert]| {
        let found = chosen(real, normal, &rule("view", 0.0));
        found.into_iter().find_map(|choice| match choice.change {
            RuleChoice::Masks(masks) => Some((masks.len(), choice.dropped.len())),
            _ => None,
        })
    };
    let road = [changed_at("n1", 2, 2), changed_at("n2", 2, 2)];
    assert_eq!(masks(&[changed_at("r", 12, 8)], &road), Some((1, 2)));
    assert_eq!(masks(&[changed_at("r", 2, 2)], &road), None);
    let apart = [
        changed_at("n1", 2, 2),
        changed_at("n2", 8, 8),
        changed_at("n3", 15, 2),
    ];
    assert_eq!(masks(&[changed_at("r", 15, 2)], &apart), Some((2, 2)));
}

#[test]
fn nothing_is_proposed_for_alerts_that_nobody_called_normal() {
    assert_eq!(chosen(&[alert("r", 0.5, 1)], &[], &rule("phash", 0.0)), []);
}
