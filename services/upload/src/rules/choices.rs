//! What people have called a folder's alerts, and which changes of its rule their labels speak for.

use std::sync::Arc;

use alerting::{Choice, Labelled, RuleChoice, SeenAgain};
use axum::{Json, extract::State};
use event_bus::Folder;
use folder_state::{AlertQuery, Known};
use proto::{
    EffectiveRule,
    v1::{Alert, Label, Mask},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{api::alerts_of_view, areas::MaskBody, measures::tried::Tried};
use crate::{
    app::App,
    front_door::{
        addresses::InFolder,
        extract::Params,
        refusals::{Asked, Folder as OneFolder, Refusals},
    },
    problem::Problem,
};

/// Which changes of the rule in force the labels of alerts speak for.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleChoices)]
pub(crate) struct Choices {
    /// How many alerts of the view somebody has called real, of the latest 500 of the folder.
    real: usize,
    /// How many somebody has called normal.
    normal: usize,
    /// At most one of each kind; that which drops the most comes first.
    pub(crate) choices: Vec<ChoiceAnswer>,
    /// What was looked at to try other measures, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Tried)]
    pub(crate) tried: Option<Tried>,
}

/// What people have called a folder's alerts, and the rule in force.
pub(super) struct Called {
    /// Those that have a label, the newest first.
    pub(super) alerts: Vec<(Label, Alert)>,
    pub(super) rule: EffectiveRule,
}

/// A change of the rule that would have dropped alerts called normal, and none called real. An estimate, by what alerts keep.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleChoice)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChoiceAnswer {
    /// What it would have done, in a sentence.
    pub(crate) words: String,
    /// The measure to set, together with the threshold.
    #[schema(value_type = String)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) measure: Option<&'static str>,
    /// The threshold to set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<f64>,
    /// How long to hold alerts back, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hold_seconds: Option<f64>,
    /// The masks to add.
    #[schema(inline, value_type = Vec<MaskBody>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) masks: Vec<Mask>,
    /// The ids of alerts called normal that would not have fired.
    dropped: Vec<String>,
    /// The ids of alerts called normal that would have fired all the same.
    left: Vec<String>,
    /// The ids of alerts called real, which would have fired as well.
    kept: Vec<String>,
    /// The ids of alerts called normal of which nobody can tell whether they would have fired. Only a change of measure
    /// has any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    untold_normal: Vec<String>,
    /// The same of alerts called real: the change may lose them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    untold_real: Vec<String>,
}

const MOST_ALERTS: usize = 500;

/// Proposes changes of a folder's rule by what people have called its alerts
///
/// Each change would have dropped alerts that somebody called normal, and none that somebody called real. Tried are
/// threshold, hold and masks. Another measure takes some computing, and is asked for by itself: `proposeMeasure`.
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/what-if/choices",
    tag = "rules",
    operation_id = "proposeRules",
    params(InFolder),
    responses(
        (status = OK, description = "The changes", body = Choices),
        Refusals<(Asked, OneFolder)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Json<Choices>, Problem> {
    let folder = app.existing(&at.folder)?;
    Ok(Json(Choices::of(&app, &folder)))
}

impl Called {
    pub(super) fn of(state: &Known, folder: &Folder) -> Self {
        let acknowledged = AlertQuery {
            folder: Some(folder.clone()),
            limit: MOST_ALERTS,
            acknowledged: Some(true),
            ..AlertQuery::default()
        };
        let alerts = alerts_of_view(state, &acknowledged).into_iter();
        let labelled = alerts.map(|alert| (label(state, &alert), alert));
        Called {
            alerts: labelled
                .filter(|(label, _)| *label != Label::Unspecified)
                .collect(),
            rule: EffectiveRule::of(state.rule(folder), state.default_rule()),
        }
    }

    /// How many alerts have this label.
    pub(super) fn count(&self, label: Label) -> usize {
        let with_it = self.alerts.iter().filter(|(it, _)| *it == label);
        with_it.count()
    }
}

impl Choices {
    /// By what is known now. What is known is not held meanwhile: many labels take a while.
    pub(crate) fn of(app: &App, folder: &Folder) -> Self {
        let called = Called::of(&app.states.read(), folder);
        Choices::by(&called, &[], None)
    }

    /// By what the alerts keep, and by what was seen of their pictures.
    pub(super) fn by(called: &Called, seen: &[SeenAgain], tried: Option<Tried>) -> Self {
        let labelled = called.alerts.iter();
        let labelled: Vec<Labelled<'_>> = labelled
            .map(|(label, alert)| Labelled {
                label: *label,
                alert,
            })
            .collect();
        let choices = alerting::choices(&labelled, &called.rule, seen).into_iter();
        Choices {
            real: called.count(Label::Real),
            normal: called.count(Label::Normal),
            choices: choices.map(ChoiceAnswer::new).collect(),
            tried,
        }
    }

    /// Whether another measure might help: some alerts were called normal, and no other measure was tried yet.
    pub(crate) fn may_try_measures(&self) -> bool {
        self.normal > 0 && self.tried.is_none()
    }

    /// What the alerts were called, in words; empty where nobody has called any of them anything.
    pub(crate) fn words(&self) -> String {
        match (self.real, self.normal) {
            (0, 0) => String::new(),
            (0, normal) => format!(
                "People have called {} normal and none real, so nothing says which change would be too lax.",
                alerts(normal)
            ),
            (real, normal) => format!(
                "People have called {} real and {normal} normal.",
                alerts(real)
            ),
        }
    }
}

fn label(state: &Known, alert: &Alert) -> Label {
    let said = state.acknowledgement(&alert.id);
    said.map_or(Label::Unspecified, |said| said.label())
}

impl ChoiceAnswer {
    fn new(choice: Choice) -> Self {
        let mut answer = ChoiceAnswer {
            words: words(&choice),
            measure: None,
            threshold: None,
            hold_seconds: None,
            masks: Vec::new(),
            dropped: choice.dropped,
            left: choice.left,
            kept: choice.kept,
            untold_normal: choice.untold_normal,
            untold_real: choice.untold_real,
        };
        match choice.change {
            RuleChoice::Threshold(threshold) => answer.threshold = Some(threshold),
            RuleChoice::Hold(seconds) => answer.hold_seconds = Some(seconds),
            RuleChoice::Masks(masks) => answer.masks = masks,
            RuleChoice::Measure(measure, threshold) => {
                answer.measure = measure.word();
                answer.threshold = Some(threshold);
            }
        }
        answer
    }
}

/// "A threshold of 0.84 would have dropped 9 of 10 alerts called normal, and kept all 3 called real."
fn words(choice: &Choice) -> String {
    let change = match &choice.change {
        RuleChoice::Threshold(threshold) => format!("A threshold of {threshold}"),
        RuleChoice::Hold(seconds) => format!("Holding alerts back for {seconds} s"),
        RuleChoice::Masks(masks) => match masks.len() {
            1 => "A mask over what changed".to_owned(),
            count => format!("{count} masks over what changed"),
        },
        RuleChoice::Measure(measure, threshold) => {
            let measure = measure.word().unwrap_or_default();
            return by_measure(choice, measure, *threshold);
        }
    };
    let kept = match kept(choice) {
        kept if kept.is_empty() => kept,
        kept => format!(", and kept {kept}"),
    };
    format!("{change} would have dropped {}{kept}.", dropped(choice))
}

/// "By parts with a threshold of 0.8, 9 of 10 alerts called normal would not have fired, and all 3 called real would."
fn by_measure(choice: &Choice, measure: &str, threshold: f64) -> String {
    let real = match (choice.kept.len(), choice.untold_real.len()) {
        (0, 0) => String::new(),
        (_, 0) => format!(", and {} would", kept(choice)),
        (0, 1) => ". Of the one called real it is not known".to_owned(),
        (0, untold) => format!(". Of the {untold} called real it is not known"),
        (kept, untold) => format!(
            ", and {kept} of {} called real would; of the other{} it is not known",
            kept + untold,
            match untold {
                1 => String::new(),
                _ => format!(" {untold}"),
            }
        ),
    };
    let untold = match choice.untold_normal.len() {
        0 => String::new(),
        untold => format!(" Of {untold} more called normal it is not known."),
    };
    format!(
        "By {measure} with a threshold of {threshold}, {} would not have fired{real}.{untold}",
        dropped(choice)
    )
}

fn dropped(choice: &Choice) -> String {
    let dropped = choice.dropped.len();
    match choice.left.len() {
        0 if dropped == 1 => "the alert called normal".to_owned(),
        0 if dropped == 2 => "both alerts called normal".to_owned(),
        0 => format!("all {dropped} alerts called normal"),
        others => format!("{dropped} of {} alerts called normal", dropped + others),
    }
}

/// Empty where none was called real.
fn kept(choice: &Choice) -> String {
    match choice.kept.len() {
        0 => String::new(),
        1 => "the one called real".to_owned(),
        2 => "both called real".to_owned(),
        count => format!("all {count} called real"),
    }
}

fn alerts(count: usize) -> String {
    match count {
        1 => "1 alert".to_owned(),
        _ => format!("{count} alerts"),
    }
}

#[cfg(test)]
mod tests {
    use proto::Measure;

    use super::*;

    fn ids(count: usize) -> Vec<String> {
        vec!["a".to_owned(); count]
    }

    fn said(change: RuleChoice, [dropped, left, kept]: [usize; 3]) -> String {
        words(&choice(change, [dropped, left, kept], [0, 0]))
    }

    fn choice(
        change: RuleChoice,
        [dropped, left, kept]: [usize; 3],
        [untold_normal, untold_real]: [usize; 2],
    ) -> Choice {
        Choice {
            change,
            dropped: ids(dropped),
            left: ids(left),
            kept: ids(kept),
            untold_normal: ids(untold_normal),
            untold_real: ids(untold_real),
        }
    }

    #[test]
    fn a_change_is_told_with_what_it_would_have_done() {
        assert_eq!(
            said(RuleChoice::Threshold(0.84), [9, 0, 3]),
            "A threshold of 0.84 would have dropped all 9 alerts called normal, and kept all 3 called real."
        );
        assert_eq!(
            said(RuleChoice::Hold(15.0), [2, 1, 1]),
            "Holding alerts back for 15 s would have dropped 2 of 3 alerts called normal, and kept the one called real."
        );
        assert_eq!(
            said(RuleChoice::Masks(vec![Mask::default()]), [1, 0, 0]),
            "A mask over what changed would have dropped the alert called normal."
        );
    }

    #[test]
    fn another_measure_is_told_with_what_is_not_known_of_it() {
        let by_parts = |counts, untold| {
            let change = RuleChoice::Measure(Measure::Parts, 0.8);
            words(&choice(change, counts, untold))
        };
        let begin = "By parts with a threshold of 0.8, ";
        for (counts, untold, end) in [
            (
                [9, 1, 3],
                [0, 0],
                "9 of 10 alerts called normal would not have fired, and all 3 called real would.",
            ),
            (
                [1, 0, 0],
                [0, 0],
                "the alert called normal would not have fired.",
            ),
            (
                [9, 1, 3],
                [2, 2],
                "9 of 10 alerts called normal would not have fired, and 3 of 5 called real would; of the other 2 it is not known. \
                 Of 2 more called normal it is not known.",
            ),
            (
                [2, 0, 1],
                [0, 1],
                "both alerts called normal would not have fired, and 1 of 2 called real would; of the other it is not known.",
            ),
            (
                [2, 0, 0],
                [0, 3],
                "both alerts called normal would not have fired. Of the 3 called real it is not known.",
            ),
        ] {
            assert_eq!(by_parts(counts, untold), format!("{begin}{end}"));
        }
    }
}
