use std::time::Duration;

use crate::v1::Rule;

/// A rule with a value that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field} is {value}; it must be a number from {least} to {most}")]
pub struct InvalidRule {
    /// As JSON names it.
    pub field: &'static str,
    /// What it says.
    pub value: f64,
    /// The least that can be.
    pub least: f64,
    /// The most that can be.
    pub most: f64,
}

/// What holds for a folder in the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectiveRule {
    /// The least similarity that counts as a match: 0 to 1.
    pub threshold: f64,
    /// How long a mismatch must last before the alert fires.
    pub hold: Duration,
    /// How long a match must last before the alert resolves.
    pub keep_firing: Duration,
    /// Whether alerts fire at all.
    pub enabled: bool,
}

impl Rule {
    /// The least similarity that counts as a match where no rule says otherwise: that of the system this one replaces.
    pub const DEFAULT_THRESHOLD: f64 = 0.9;

    /// The longest `hold` and `keep_firing`: a day.
    pub const MAX_SECONDS: f64 = 86_400.0;

    /// What holds where no rule says anything.
    pub const BUILT_IN: Rule = Rule {
        threshold: Some(Self::DEFAULT_THRESHOLD),
        hold_seconds: Some(0.0),
        keep_firing_seconds: Some(0.0),
        enabled: Some(true),
    };

    /// Whether every field is one that can be.
    pub fn check(&self) -> Result<(), InvalidRule> {
        in_range("threshold", self.threshold, 1.0)?;
        in_range("holdSeconds", self.hold_seconds, Self::MAX_SECONDS)?;
        in_range(
            "keepFiringSeconds",
            self.keep_firing_seconds,
            Self::MAX_SECONDS,
        )
    }

    /// This rule, and where it says nothing, `other`.
    pub fn or(self, other: Rule) -> Rule {
        Rule {
            threshold: self.threshold.or(other.threshold),
            hold_seconds: self.hold_seconds.or(other.hold_seconds),
            keep_firing_seconds: self.keep_firing_seconds.or(other.keep_firing_seconds),
            enabled: self.enabled.or(other.enabled),
        }
    }

    /// What holds where a folder has the rule `own` and all folders have `default`: every field set.
    pub fn in_force(own: Option<Rule>, default: Option<Rule>) -> Rule {
        own.unwrap_or_default()
            .or(default.unwrap_or_default())
            .or(Rule::BUILT_IN)
    }
}

impl EffectiveRule {
    /// What holds where a folder has this rule and all folders have that one. Both must have passed [`Rule::check`].
    pub fn of(own: Option<Rule>, default: Option<Rule>) -> Self {
        let rule = Rule::in_force(own, default);
        let seconds = |value: Option<f64>| Duration::from_secs_f64(value.unwrap_or_default());
        EffectiveRule {
            threshold: rule.threshold.unwrap_or(Rule::DEFAULT_THRESHOLD),
            hold: seconds(rule.hold_seconds),
            keep_firing: seconds(rule.keep_firing_seconds),
            enabled: rule.enabled.unwrap_or(true),
        }
    }
}

fn in_range(field: &'static str, value: Option<f64>, most: f64) -> Result<(), InvalidRule> {
    let least = 0.0;
    match value {
        Some(value) if !(least..=most).contains(&value) => Err(InvalidRule {
            field,
            value,
            least,
            most,
        }),
        _ => Ok(()),
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
            }
        );
        assert!(EffectiveRule::of(None, None).enabled);
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
            assert_eq!(
                with(0.5, seconds).check().unwrap_err().field,
                "holdSeconds",
                "{seconds}"
            );
        }
    }
}
