//! What was looked at to try other measures, and what could not be: never more than is known.

use proto::v1::Label;
use serde::Serialize;
use utoipa::ToSchema;

use super::{means::MOST_OF_EACH, seen::Saw};

/// What was looked at to try other measures.
#[derive(Serialize, ToSchema)]
#[schema(as = MeasuresTried)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tried {
    /// All of it in sentences, and why a measure is not among those that were tried.
    pub(crate) words: String,
    /// The measures that were tried.
    measures: Vec<&'static str>,
    /// How many alerts were judged again, each by the frame with which it fired.
    judged: usize,
    /// How many of these are called normal and would not fire again by the rule as it is, so that they speak for no
    /// change.
    settled: usize,
    /// Of how many a picture is no longer kept.
    gone: usize,
    /// Of how many a picture cannot be read.
    unreadable: usize,
    /// How many were not looked at: of each label the latest 25 are.
    older: usize,
}

/// What became of alerts that have a label, as [`Tried`] says it.
#[derive(Default)]
pub(super) struct Counts {
    judged: usize,
    settled: usize,
    /// Of those that were judged, how many are called normal and not settled: something would be spared.
    to_spare: usize,
    gone: usize,
    unreadable: usize,
    older: usize,
}

impl Counts {
    pub(super) fn add(&mut self, saw: &Saw, label: Label, is_settled: bool) {
        let count = match saw {
            Saw::Shown(_) | Saw::NormalPicture => &mut self.judged,
            Saw::Gone => &mut self.gone,
            Saw::Unreadable => &mut self.unreadable,
            Saw::NotLookedAt => &mut self.older,
        };
        *count += 1;
        self.settled += usize::from(is_settled);
        let is_judged = matches!(saw, Saw::Shown(_));
        self.to_spare += usize::from(is_judged && label == Label::Normal && !is_settled);
    }

    /// "2 of 4 labelled alerts were judged again, …"
    fn words(&self) -> Vec<String> {
        let Counts {
            judged,
            settled,
            gone,
            unreadable,
            older,
            ..
        } = *self;
        let all = judged + gone + unreadable + older;
        let alerts = if all == 1 { "alert was" } else { "alerts were" };
        let mut words = vec![format!(
            "{judged} of {all} labelled {alerts} judged again, by one frame each: an estimate."
        )];
        let mut say = |count: usize, what: String| {
            if count > 0 {
                words.push(what);
            }
        };
        say(
            settled,
            format!("{settled} called normal would not fire again by the rule as it is."),
        );
        say(gone, format!("Of {gone} the pictures are no longer kept."));
        say(
            unreadable,
            format!("Of {unreadable} a picture cannot be read."),
        );
        say(
            older,
            format!("Not looked at: {older}, since of each label the latest {MOST_OF_EACH} are."),
        );
        words
    }
}

impl Tried {
    /// By these measures. `is_found` where one of them would have told alerts apart.
    pub(super) fn new(
        measures: Vec<&'static str>,
        counts: &Counts,
        hindrances: &[String],
        is_found: bool,
    ) -> Self {
        let mut words = Vec::new();
        if !measures.is_empty() {
            words = counts.words();
            if !is_found && counts.to_spare > 0 {
                let none = "No other measure would have dropped one called normal and kept all called real.";
                words.push(none.to_owned());
            }
        }
        words.extend_from_slice(hindrances);
        Tried::of(counts, measures, words.join(" "))
    }

    pub(super) fn nothing_to_spare() -> Self {
        let words = "No alert of this folder is called normal, so there is nothing to spare.";
        Tried::of(&Counts::default(), Vec::new(), words.to_owned())
    }

    fn of(counts: &Counts, measures: Vec<&'static str>, words: String) -> Self {
        Tried {
            words,
            measures,
            judged: counts.judged,
            settled: counts.settled,
            gone: counts.gone,
            unreadable: counts.unreadable,
            older: counts.older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(counts: Counts, is_found: bool) -> String {
        let hindrance = "By parts nothing can be tried here.".to_owned();
        Tried::new(vec!["view"], &counts, &[hindrance], is_found).words
    }

    #[test]
    fn what_could_not_be_looked_at_is_said() {
        let counts = Counts {
            judged: 9,
            settled: 2,
            gone: 3,
            unreadable: 1,
            older: 40,
            to_spare: 3,
        };
        assert_eq!(
            words(counts, true),
            "9 of 53 labelled alerts were judged again, by one frame each: an estimate. 2 called normal would not fire again by the \
             rule as it is. Of 3 the pictures are no longer kept. Of 1 a picture cannot be read. Not looked at: 40, since \
             of each label the latest 25 are. By parts nothing can be tried here."
        );
    }

    #[test]
    fn that_no_measure_tells_them_apart_is_said_only_where_some_were_seen() {
        let judged = Counts {
            judged: 1,
            to_spare: 1,
            ..Counts::default()
        };
        assert!(words(judged, false).contains("No other measure"));
        let real_alone = Counts {
            judged: 1,
            ..Counts::default()
        };
        assert!(!words(real_alone, false).contains("No other measure"));
        let gone = Counts {
            gone: 1,
            ..Counts::default()
        };
        let said = words(gone, false);
        assert!(!said.contains("No other measure"), "{said}");
        assert!(
            said.starts_with("0 of 1 labelled alert was judged again"),
            "{said}"
        );
    }
}
