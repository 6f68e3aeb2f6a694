//! The choice of a measure, on what frames show by each: that no real alert is lost by it, and nothing is said that is
//! not known.

use super::*;

fn mean() -> Measure {
    Measure::of("mean")
}

/// The rule has `phash` and the threshold 0.9.
fn rule() -> EffectiveRule {
    EffectiveRule::of(None, None)
}

fn seen(id: &str, label: Label, by: &[(Measure, Shown)]) -> SeenAgain {
    SeenAgain {
        id: id.to_owned(),
        label,
        by: by.to_vec(),
    }
}

/// By `phash` it fires; by another measure it is so similar.
fn similar(id: &str, label: Label, measure: Measure, similarity: f64) -> SeenAgain {
    let by = [
        (Measure::Phash, Shown::Similar(0.5)),
        (measure, Shown::Similar(similarity)),
    ];
    seen(id, label, &by)
}

fn real(id: &str, measure: Measure, similarity: f64) -> SeenAgain {
    similar(id, Label::Real, measure, similarity)
}

fn normal(id: &str, measure: Measure, similarity: f64) -> SeenAgain {
    similar(id, Label::Normal, measure, similarity)
}

fn change(seen: &[SeenAgain]) -> Option<RuleChoice> {
    another(seen, &rule()).map(|choice| choice.change)
}

#[test]
fn the_usual_threshold_is_taken_where_it_tells_them_apart() {
    let all = [
        real("r", Measure::View, 0.3),
        normal("n1", Measure::View, 0.95),
        normal("n2", Measure::View, 0.91),
    ];
    let choice = another(&all, &rule()).unwrap();
    assert_eq!(choice.change, RuleChoice::Measure(Measure::View, 0.9));
    assert_eq!(choice.dropped, ["n1", "n2"]);
    assert_eq!(choice.kept, ["r"]);
    assert_eq!((choice.left.len(), choice.untold_real.len()), (0, 0));
}

#[test]
fn else_one_in_the_gap_that_drops_more() {
    let all = [
        real("r", Measure::Parts, 0.75),
        normal("n1", Measure::Parts, 0.95),
        normal("n2", Measure::Parts, 0.85),
        normal("n3", Measure::Parts, 0.4),
    ];
    let choice = another(&all, &rule()).unwrap();
    assert_eq!(choice.change, RuleChoice::Measure(Measure::Parts, 0.8));
    assert_eq!((choice.dropped.len(), choice.left.len()), (2, 1));
    let higher = [
        real("r", Measure::Parts, 0.94),
        normal("n", Measure::Parts, 0.98),
    ];
    let above = RuleChoice::Measure(Measure::Parts, 0.96);
    assert_eq!(change(&higher), Some(above));
}

#[test]
fn a_gap_is_wide_enough_and_lies_above_what_unrelated_pictures_reach() {
    let between = |real_at, normal_at| {
        let all = [
            real("r", Measure::View, real_at),
            normal("n", Measure::View, normal_at),
        ];
        change(&all)
    };
    assert_eq!(between(0.84, 0.85), None, "one frame each says less");
    assert_eq!(
        between(0.84, 0.88),
        Some(RuleChoice::Measure(Measure::View, 0.86))
    );
    assert_eq!(between(0.3, 0.6), None, "unrelated pictures would pass");
    assert_eq!(between(0.88, 0.84), None, "it is the wrong way round");
    let parts = [
        real("r", Measure::Parts, 0.1),
        normal("n", Measure::Parts, 0.3),
    ];
    assert_eq!(change(&parts), None, "nor is it lower by parts");
}

#[test]
fn without_a_real_alert_nothing_says_how_low_a_threshold_may_be() {
    assert_eq!(change(&[normal("n", Measure::View, 0.85)]), None);
    let usual = RuleChoice::Measure(Measure::View, 0.9);
    assert_eq!(change(&[normal("n", Measure::View, 0.92)]), Some(usual));
}

#[test]
fn what_nobody_can_tell_is_named_and_counts_for_nothing() {
    let all = [
        seen("gone", Label::Real, &[]),
        seen("dark", Label::Real, &[(Measure::View, Shown::Dark(0.4))]),
        seen("unread", Label::Normal, &[]),
        seen("blank", Label::Real, &[(Measure::View, Shown::Blank)]),
        normal("n", Measure::View, 0.95),
    ];
    let choice = another(&all, &rule()).unwrap();
    assert_eq!(choice.untold_real, ["gone", "dark"]);
    assert_eq!(choice.untold_normal, ["unread"]);
    assert_eq!(
        (&choice.kept[..], &choice.dropped[..]),
        (&["blank".to_owned()][..], &["n".to_owned()][..])
    );
    let lost = seen("dark", Label::Real, &[(Measure::View, Shown::Dark(0.94))]);
    assert_eq!(change(&[lost, normal("n", Measure::View, 0.95)]), None);
}

#[test]
fn an_alert_that_would_not_fire_again_speaks_for_no_change() {
    let by = [
        (Measure::Phash, Shown::Similar(0.97)),
        (Measure::View, Shown::Similar(0.95)),
    ];
    let settled = seen("n1", Label::Normal, &by);
    assert!(settled.is_settled(&rule()));
    assert_eq!(change(std::slice::from_ref(&settled)), None);
    let all = [settled, normal("n2", Measure::View, 0.95)];
    assert_eq!(another(&all, &rule()).unwrap().dropped, ["n2"]);
    let missed = seen("r", Label::Real, &by);
    assert!(!missed.is_settled(&rule()), "a real one never is");
}

#[test]
fn what_is_settled_does_not_fire_again_by_a_proposal() {
    let settled = |by_view| {
        let by = [
            (Measure::Phash, Shown::Similar(0.97)),
            (Measure::View, Shown::Similar(by_view)),
        ];
        let all = [
            seen("settled", Label::Normal, &by),
            normal("open", Measure::View, 0.95),
        ];
        change(&all)
    };
    let usual = RuleChoice::Measure(Measure::View, 0.9);
    assert_eq!(settled(0.93), Some(usual));
    assert_eq!(settled(0.6), None);
}

#[test]
fn the_measure_that_drops_most_is_taken_and_of_equals_that_of_a_usual_threshold() {
    let both = |id: &str, label, view, by_mean| {
        let mut seen = similar(id, label, Measure::View, view);
        seen.by.push((mean(), Shown::Similar(by_mean)));
        seen
    };
    let more = [
        both("r", Label::Real, 0.2, 0.8),
        both("n1", Label::Normal, 0.95, 0.95),
        both("n2", Label::Normal, 0.1, 0.95),
    ];
    assert_eq!(change(&more), Some(RuleChoice::Measure(mean(), 0.9)));
    let equal = [
        both("r", Label::Real, 0.8, 0.8),
        both("n", Label::Normal, 0.88, 0.95),
    ];
    assert_eq!(change(&equal), Some(RuleChoice::Measure(mean(), 0.9)));
    let as_usual = [
        both("r", Label::Real, 0.8, 0.8),
        both("n", Label::Normal, 0.95, 0.95),
    ];
    assert_eq!(
        change(&as_usual),
        Some(RuleChoice::Measure(Measure::View, 0.9))
    );
}

#[test]
fn the_rules_own_measure_is_no_other() {
    let all = [seen(
        "n",
        Label::Normal,
        &[(Measure::Phash, Shown::Similar(0.5))],
    )];
    assert_eq!(change(&all), None);
}
