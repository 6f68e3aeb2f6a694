//! How a folder's frames are judged: the fields of a rule in one table, its masks and regions, and which values are in
//! force where several rules give some.
//!
//! `comparison` and `alerting` do what a rule says.

mod areas;
mod field;
mod measure;

use std::{sync::Arc, time::Duration};

pub use areas::InvalidArea;
pub use field::{BuiltIn, FieldKind, FieldValue, RuleField};
pub use measure::Measure;

use crate::v1::{Mask, Rule, WatchedRegion};

/// A rule with a value that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidRule {
    /// A number is out of its range.
    #[error("{field} is {value}; it must be a number from {least} to {most}")]
    Number {
        /// As JSON names it.
        field: &'static str,
        /// What it says.
        value: f64,
        /// The least that can be.
        least: f64,
        /// The most that can be.
        most: f64,
    },
    /// A mask or a region is invalid.
    #[error(transparent)]
    Area(#[from] InvalidArea),
}

/// The values in force for a folder. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveRule {
    /// The least similarity that counts as a match: 0 to 1.
    pub threshold: f64,
    /// How long a mismatch must last before the alert fires.
    pub hold: Duration,
    /// How long a match must last before the alert resolves.
    pub keep_firing: Duration,
    /// Whether alerts fire at all.
    pub enabled: bool,
    /// How the similarity is measured.
    pub measure: Measure,
    /// What becomes of frames that are proposed as normal pictures.
    pub learn: Learn,
    /// How long the camera may send no frame.
    pub silent: Silence,
    /// How long the camera may send the same picture; `None` means for ever.
    pub frozen: Option<Duration>,
    /// Parts of the picture that do not count.
    pub masks: Arc<[Mask]>,
    /// Parts of the picture that have a name.
    pub regions: Arc<[WatchedRegion]>,
}

/// How long a camera may send no frame before its alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// As its usual gap has it.
    Automatic,
    /// So long.
    After(Duration),
    /// For ever.
    Allowed,
}

/// What becomes of frames that are proposed as normal pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learn {
    /// They wait until somebody accepts them.
    Ask,
    /// They are accepted.
    Auto,
}

impl Learn {
    /// As rules have it.
    pub const ASK: &'static str = "ask";
    /// As rules have it.
    pub const AUTO: &'static str = "auto";
    /// All of them.
    pub const WORDS: [&'static str; 2] = [Self::ASK, Self::AUTO];

    /// The meaning of a rule's word. A word of a later version means `Ask`, so that nothing is learned that nobody
    /// wanted.
    pub fn of(word: &str) -> Learn {
        match word {
            Self::AUTO => Learn::Auto,
            _ => Learn::Ask,
        }
    }
}

/// A time up to a day.
const UP_TO_A_DAY: FieldKind = FieldKind::Seconds {
    most: 86_400.0,
    most_in_words: "a day",
};

impl Rule {
    /// The least similarity that counts as a match where no rule says otherwise: that of the system this one replaces.
    pub const DEFAULT_THRESHOLD: f64 = 0.9;

    /// How long a camera may send the same picture where no rule says otherwise.
    pub const DEFAULT_FROZEN_SECONDS: f64 = 120.0;

    /// Every field that says one value, in the order in which people are shown them. Pages, API and commands are made from this
    /// table. Beside it there are only [`Rule::AREAS`]. What changes comparing counts in `comparison::rule_digest` too.
    pub const FIELDS: &'static [RuleField] = &[
        RuleField {
            name: "threshold",
            flag: "threshold",
            label: "Threshold",
            help: "The least similarity that counts as a match",
            about: "The least similarity that counts as a match, 0 to 1. Lower it where the view changes by itself: \
                    clouds, traffic, lamps.",
            kind: FieldKind::Number {
                least: 0.0,
                most: 1.0,
            },
            built_in: BuiltIn::Value(FieldValue::Number(Self::DEFAULT_THRESHOLD)),
            get: |rule| rule.threshold.map(FieldValue::Number),
            set: |rule, value| rule.threshold = value.and_then(FieldValue::number),
        },
        RuleField {
            name: "holdSeconds",
            flag: "hold",
            label: "Hold",
            help: "How long a mismatch must last before the alert fires",
            about: "How long a mismatch must last before the alert fires. Raise it where something passes through the \
                    view.",
            kind: UP_TO_A_DAY,
            built_in: BuiltIn::Value(FieldValue::Number(0.0)),
            get: |rule| rule.hold_seconds.map(FieldValue::Number),
            set: |rule, value| rule.hold_seconds = value.and_then(FieldValue::number),
        },
        RuleField {
            name: "keepFiringSeconds",
            flag: "keep-firing",
            label: "Keep firing",
            help: "How long a match must last before the alert resolves",
            about: "How long the view must match again before the alert resolves. Raise it where one incident gives \
                    many alerts.",
            kind: UP_TO_A_DAY,
            built_in: BuiltIn::Value(FieldValue::Number(0.0)),
            get: |rule| rule.keep_firing_seconds.map(FieldValue::Number),
            set: |rule, value| rule.keep_firing_seconds = value.and_then(FieldValue::number),
        },
        RuleField {
            name: "enabled",
            flag: "enabled",
            label: "Alerts",
            help: "Whether alerts fire at all",
            about: "Whether alerts fire at all. Frames are compared in any case.",
            kind: FieldKind::Switch,
            built_in: BuiltIn::Value(FieldValue::Switch(true)),
            get: |rule| rule.enabled.map(FieldValue::Switch),
            set: |rule, value| rule.enabled = value.and_then(FieldValue::switch),
        },
        RuleField {
            name: "measure",
            flag: "measure",
            label: "Measure",
            help: "How the similarity is measured",
            about: "How the similarity of a frame and its reference is measured. The threshold is one of this measure: set \
                    both, and try them on pictures of yours with the command framewatch compare.",
            kind: FieldKind::Word {
                words: &Measure::WORDS,
            },
            built_in: BuiltIn::Value(FieldValue::Word(Measure::PHASH)),
            get: |rule| rule.measure.as_deref().map(FieldValue::Word),
            set: |rule, value| rule.measure = value.and_then(FieldValue::word).map(str::to_owned),
        },
        RuleField {
            name: "learn",
            flag: "learn",
            label: "Learn",
            help: "What becomes of proposed normal pictures: ask waits for you, auto accepts them",
            about: "Frames that match well over a day or two are proposed as normal pictures, by the measure view. ask waits \
                    until somebody accepts them; auto does so by itself.",
            kind: FieldKind::Word {
                words: &Learn::WORDS,
            },
            built_in: BuiltIn::Value(FieldValue::Word(Learn::ASK)),
            get: |rule| rule.learn.as_deref().map(FieldValue::Word),
            set: |rule, value| rule.learn = value.and_then(FieldValue::word).map(str::to_owned),
        },
        RuleField {
            name: "silentSeconds",
            flag: "silent",
            label: "Silent",
            help: "How long the camera may send no frame before its alert fires, 0 for ever",
            about: "How long the camera may send no frame, or none that can be read, before its alert fires; 0: for ever. \
                    Automatic is five times the usual gap between its frames, and 30 seconds at least.",
            kind: UP_TO_A_DAY,
            built_in: BuiltIn::Automatic,
            get: |rule| rule.silent_seconds.map(FieldValue::Number),
            set: |rule, value| rule.silent_seconds = value.and_then(FieldValue::number),
        },
        RuleField {
            name: "frozenSeconds",
            flag: "frozen",
            label: "Frozen",
            help: "How long the camera may send the same picture before its alert fires, 0 for ever",
            about: "How long a camera whose picture has varied may send the same one before its alert fires; 0: for ever.",
            kind: UP_TO_A_DAY,
            built_in: BuiltIn::Value(FieldValue::Number(Self::DEFAULT_FROZEN_SECONDS)),
            get: |rule| rule.frozen_seconds.map(FieldValue::Number),
            set: |rule, value| rule.frozen_seconds = value.and_then(FieldValue::number),
        },
    ];

    /// A threshold, and the measure that it was one of before there were others.
    pub fn of_phash(threshold: f64) -> Rule {
        Rule {
            threshold: Some(threshold),
            measure: Some(Measure::PHASH.to_owned()),
            ..Rule::default()
        }
    }

    /// By the measure `view`, and else as is built in.
    pub fn of_view() -> Rule {
        Rule {
            measure: Some(Measure::VIEW.to_owned()),
            ..Rule::default()
        }
    }

    /// The values if no rule gives any: every field set, except those that are automatic.
    pub fn built_in() -> Rule {
        let mut rule = Rule::default();
        for field in Rule::FIELDS {
            field.set(&mut rule, field.built_in_value());
        }
        rule
    }

    /// Checks that every field has a valid value.
    pub fn check(&self) -> Result<(), InvalidRule> {
        Rule::FIELDS
            .iter()
            .try_for_each(|field| field.check(self))?;
        Ok(self.check_areas()?)
    }

    /// This rule, and where it says nothing, `other`. No mask says nothing, and no region.
    pub fn or(mut self, other: Rule) -> Rule {
        for field in Rule::FIELDS {
            if field.get(&self).is_none() {
                field.set(&mut self, field.get(&other));
            }
        }
        if self.masks.is_empty() {
            self.masks = other.masks;
        }
        if self.regions.is_empty() {
            self.regions = other.regions;
        }
        self
    }

    /// The values in force if a folder has the rule `own` and all folders have `default`. Every field is set, except
    /// those that are automatic.
    pub fn in_force(own: Option<Rule>, default: Option<Rule>) -> Rule {
        own.unwrap_or_default()
            .or(default.unwrap_or_default())
            .or(Rule::built_in())
    }
}

impl EffectiveRule {
    /// The values in force if a folder has the rule `own` and all folders have `default`. Both must have passed
    /// [`Rule::check`].
    pub fn of(own: Option<Rule>, default: Option<Rule>) -> Self {
        let rule = Rule::in_force(own, default);
        let seconds = |value: Option<f64>| Duration::from_secs_f64(value.unwrap_or_default());
        let limit = |value| Some(seconds(value)).filter(|limit| !limit.is_zero());
        EffectiveRule {
            threshold: rule.threshold.unwrap_or(Rule::DEFAULT_THRESHOLD),
            hold: seconds(rule.hold_seconds),
            keep_firing: seconds(rule.keep_firing_seconds),
            enabled: rule.enabled.unwrap_or(true),
            measure: Measure::of(rule.measure.as_deref().unwrap_or(Measure::PHASH)),
            learn: Learn::of(rule.learn.as_deref().unwrap_or(Learn::ASK)),
            silent: match limit(rule.silent_seconds) {
                _ if rule.silent_seconds.is_none() => Silence::Automatic,
                Some(limit) => Silence::After(limit),
                None => Silence::Allowed,
            },
            frozen: limit(rule.frozen_seconds),
            masks: rule.masks.into(),
            regions: rule.regions.into(),
        }
    }

    /// Whether it has masks or regions.
    pub fn has_areas(&self) -> bool {
        !(self.masks.is_empty() && self.regions.is_empty())
    }

    /// The regions that are looked at in their own detail.
    pub fn in_detail(&self) -> impl Iterator<Item = &WatchedRegion> {
        self.regions.iter().filter(|region| region.own_detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_folder_does_not_say_the_default_says_and_else_the_built_in_rule() {
        let own = Rule {
            hold_seconds: Some(0.5),
            ..Rule::default()
        };
        let default = Rule {
            threshold: Some(0.8),
            hold_seconds: Some(7.0),
            enabled: Some(false),
            ..Rule::default()
        };
        assert_eq!(
            EffectiveRule::of(Some(own), Some(default)),
            EffectiveRule {
                threshold: 0.8,
                hold: Duration::from_millis(500),
                keep_firing: Duration::ZERO,
                enabled: false,
                measure: Measure::Phash,
                learn: Learn::Ask,
                silent: Silence::Automatic,
                frozen: Some(Duration::from_secs(120)),
                masks: Arc::default(),
                regions: Arc::default(),
            }
        );
        assert!(EffectiveRule::of(None, None).enabled);
    }

    #[test]
    fn masks_and_regions_are_those_of_the_folder() {
        let own = Rule {
            masks: vec![Mask::default()],
            ..Rule::default()
        };
        let joined = own.clone().or(Rule::of_view());
        assert_eq!(joined.masks, own.masks);
        let effective = EffectiveRule::of(Some(own), Some(Rule::of_view()));
        assert_eq!((effective.masks.len(), effective.has_areas()), (1, true));
        assert!(!EffectiveRule::of(None, Some(Rule::of_view())).has_areas());
    }

    #[test]
    fn nought_is_for_ever() {
        let never = Rule {
            silent_seconds: Some(0.0),
            frozen_seconds: Some(0.0),
            ..Rule::default()
        };
        let never = EffectiveRule::of(Some(never), None);
        assert_eq!((never.silent, never.frozen), (Silence::Allowed, None));
        let soon = Rule {
            silent_seconds: Some(7.5),
            ..Rule::default()
        };
        let soon = EffectiveRule::of(Some(soon), None).silent;
        assert_eq!(soon, Silence::After(Duration::from_millis(7500)));
    }

    #[test]
    fn only_the_word_auto_learns_by_itself() {
        let learns = |word: Option<&str>| {
            let rule = Rule {
                learn: word.map(str::to_owned),
                ..Rule::default()
            };
            EffectiveRule::of(Some(rule), None).learn
        };
        assert_eq!(learns(Some("auto")), Learn::Auto);
        for word in [None, Some("ask"), Some("of a later version")] {
            assert_eq!(learns(word), Learn::Ask, "{word:?}");
        }
    }

    #[test]
    fn values_that_cannot_be_are_named() {
        let with = |threshold, hold_seconds| Rule {
            threshold: Some(threshold),
            hold_seconds: Some(hold_seconds),
            ..Rule::default()
        };
        assert_eq!(with(1.0, 86_400.0).check(), Ok(()));
        assert_eq!(
            with(1.5, 0.0).check().unwrap_err().to_string(),
            "threshold is 1.5; it must be a number from 0 to 1"
        );
        for seconds in [-1.0, 86_401.0, f64::NAN, f64::INFINITY] {
            let refused = with(0.5, seconds).check().unwrap_err().to_string();
            assert!(refused.starts_with("holdSeconds is "), "{refused}");
        }
    }

    /// A field that the table lacks would be lost where rules are joined.
    #[test]
    fn table_and_areas_have_every_field_of_the_message_and_no_other() {
        let schemas = include_str!(concat!(env!("OUT_DIR"), "/schemas.json"));
        let schemas: serde_json::Value = serde_json::from_str(schemas).unwrap();
        let in_message = schemas["Rule"]["properties"].as_object().unwrap().keys();
        let mut in_message: Vec<&str> = in_message.map(String::as_str).collect();
        let in_table = Rule::FIELDS.iter().map(|field| field.name);
        let mut in_table: Vec<&str> = in_table.chain(Rule::AREAS).collect();
        in_message.sort_unstable();
        in_table.sort_unstable();
        assert_eq!(in_table, in_message);
    }

    #[test]
    fn every_field_reads_and_sets_what_its_name_says() {
        for field in Rule::FIELDS {
            let mut rule = Rule::default();
            let value = field.built_in_value().unwrap_or(FieldValue::Number(1.0));
            field.set(&mut rule, Some(value));
            assert_eq!(field.get(&rule), Some(value));
            let json = serde_json::to_value(&rule).unwrap();
            let said = json.as_object().unwrap().keys();
            let said: Vec<&String> = said
                .filter(|name| !Rule::AREAS.contains(&name.as_str()))
                .collect();
            assert_eq!(said, [field.name]);
            assert_eq!(rule.check(), Ok(()));
            field.set(&mut rule, None);
            assert_eq!(rule, Rule::default());
        }
    }
}
