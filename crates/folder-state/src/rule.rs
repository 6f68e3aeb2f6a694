//! Which rule holds for a folder, and whose it is.

use proto::v1::Rule;
use serde::Serialize;

use crate::Known;

/// Where each field of a rule that holds comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RuleSources {
    threshold: RuleSource,
    hold_seconds: RuleSource,
    keep_firing_seconds: RuleSource,
    enabled: RuleSource,
}

/// Whose rule says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RuleSource {
    /// The folder's own.
    Folder,
    /// The one that was set for all folders.
    Default,
    /// Nobody's: it holds where none was set.
    BuiltIn,
}

impl Known {
    /// What holds where a folder has this rule, every field set; and where it comes from.
    pub fn effective_rule(&self, own: Option<Rule>) -> (Rule, RuleSources) {
        let rule = Rule::in_force(own, self.default_rule());
        let (own, default) = (
            own.unwrap_or_default(),
            self.default_rule().unwrap_or_default(),
        );
        let source = |is_set: fn(&Rule) -> bool| match (is_set(&own), is_set(&default)) {
            (true, _) => RuleSource::Folder,
            (false, true) => RuleSource::Default,
            (false, false) => RuleSource::BuiltIn,
        };
        let sources = RuleSources {
            threshold: source(|rule| rule.threshold.is_some()),
            hold_seconds: source(|rule| rule.hold_seconds.is_some()),
            keep_firing_seconds: source(|rule| rule.keep_firing_seconds.is_some()),
            enabled: source(|rule| rule.enabled.is_some()),
        };
        (rule, sources)
    }
}
