//! What people have called a folder's alerts, and which changes of its rule that speaks for.

use std::sync::Arc;

use alerting::{Choice, Labelled, RuleChoice};
use axum::{Json, extract::State};
use event_bus::Folder;
use folder_state::{AlertQuery, Known};
use proto::{
    EffectiveRule,
    v1::{Alert, Label, Mask},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{api::alerts_of_view, areas::MaskBody};
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
}

/// A change of the rule that would have dropped alerts called normal, and none called real. An estimate, by what alerts keep.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleChoice)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChoiceAnswer {
    /// What it would have done, in a sentence.
    pub(crate) words: String,
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
}

const MOST_ALERTS: usize = 500;

/// Proposes changes of a folder's rule by what people have called its alerts
///
/// Each change would have dropped alerts that somebody called normal, and none that somebody called real. Tried are
/// threshold, hold and masks; another measure is not.
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
    Ok(Json(Choices::of(&app.states.read(), &folder)))
}

impl Choices {
    /// By what is known now.
    pub(crate) fn of(state: &Known, folder: &Folder) -> Self {
        let acknowledged = AlertQuery {
            folder: Some(folder.clone()),
            limit: MOST_ALERTS,
            acknowledged: Some(true),
            ..AlertQuery::default()
        };
        let alerts = alerts_of_view(state, &acknowledged);
        let labelled: Vec<Labelled<'_>> = alerts
            .iter()
            .map(|alert| Labelled {
                label: label(state, alert),
                alert,
            })
            .collect();
        let rule = EffectiveRule::of(state.rule(folder), state.default_rule());
        let count = |label| labelled.iter().filter(|it| it.label == label).count();
        let choices = alerting::choices(&labelled, &rule).into_iter();
        Choices {
            real: count(Label::Real),
            normal: count(Label::Normal),
            choices: choices.map(ChoiceAnswer::new).collect(),
        }
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
            threshold: None,
            hold_seconds: None,
            masks: Vec::new(),
            dropped: choice.dropped,
            left: choice.left,
            kept: choice.kept,
        };
        match choice.change {
            RuleChoice::Threshold(threshold) => answer.threshold = Some(threshold),
            RuleChoice::Hold(seconds) => answer.hold_seconds = Some(seconds),
            RuleChoice::Masks(masks) => answer.masks = masks,
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
    };
    let (dropped, left) = (choice.dropped.len(), choice.left.len());
    let dropped = match left {
        0 if dropped == 1 => "the alert called normal".to_owned(),
        0 if dropped == 2 => "both alerts called normal".to_owned(),
        0 => format!("all {dropped} alerts called normal"),
        _ => format!("{dropped} of {} alerts called normal", dropped + left),
    };
    let kept = match choice.kept.len() {
        0 => String::new(),
        1 => ", and kept the one called real".to_owned(),
        2 => ", and kept both called real".to_owned(),
        count => format!(", and kept all {count} called real"),
    };
    format!("{change} would have dropped {dropped}{kept}.")
}

fn alerts(count: usize) -> String {
    match count {
        1 => "1 alert".to_owned(),
        _ => format!("{count} alerts"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(count: usize) -> Vec<String> {
        vec!["a".to_owned(); count]
    }

    fn said(change: RuleChoice, [dropped, left, kept]: [usize; 3]) -> String {
        words(&Choice {
            change,
            dropped: ids(dropped),
            left: ids(left),
            kept: ids(kept),
        })
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
}
