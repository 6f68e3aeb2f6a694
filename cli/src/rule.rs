use std::time::Duration;

use event_bus::RuleScope;
use proto::v1::Rule;
use serde::Deserialize;
use service_runtime::Failure;

use crate::{
    api::{Api, ApiConfig},
    lines,
    threshold::parse_threshold,
};

#[derive(clap::Args)]
pub(crate) struct RuleCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show the rule that holds
    Get(Get),
    /// Set fields of a rule; comparators apply them at once
    Set(Set),
    /// Take a rule back, so that the default one holds, or the built-in one
    Unset(Unset),
}

#[derive(clap::Args)]
struct Get {
    #[command(flatten)]
    target: Target,

    /// In JSON, as the service answers
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Set {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    fields: Fields,
}

/// What is not given stays as it is.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct Fields {
    /// The least similarity that counts as a match
    #[arg(long, value_parser = parse_threshold, value_name = "0..1")]
    threshold: Option<f64>,

    /// How long a mismatch must last before the alert fires, as in 30s or 5m; a day at most
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    hold: Option<f64>,

    /// How long a match must last before the alert resolves, as in 30s or 5m; a day at most
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    keep_firing: Option<f64>,

    /// Whether alerts fire at all
    #[arg(long, value_name = "true|false")]
    enabled: Option<bool>,
}

#[derive(clap::Args)]
struct Unset {
    #[command(flatten)]
    target: Target,
}

#[derive(clap::Args)]
struct Target {
    /// The folder, or `_default` for the rule of all folders that have none
    #[arg(value_name = "FOLDER")]
    scope: RuleScope,

    #[command(flatten)]
    api: ApiConfig,
}

/// What the service says of a rule.
#[derive(Deserialize)]
struct Answer {
    rule: Option<Rule>,
    effective: Rule,
    sources: Sources,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sources {
    threshold: String,
    hold_seconds: String,
    keep_firing_seconds: String,
    enabled: String,
}

impl RuleCommand {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Get(Get { target, json }) => {
                let answer: serde_json::Value = Api::new(&target.api)?.get(&target.path()).await?;
                if json {
                    return lines::print(answer.to_string());
                }
                target.print(serde_json::from_value(answer)?)
            }
            Action::Set(Set { target, fields }) => {
                let api = Api::new(&target.api)?;
                let there: Answer = api.get(&target.path()).await?;
                let rule = fields.into_rule().or(there.rule.unwrap_or_default());
                let answer = api.put(&target.path(), &rule).await?;
                target.print(answer)
            }
            Action::Unset(Unset { target }) => {
                let api = Api::new(&target.api)?;
                api.delete(&target.path()).await?;
                target.print(api.get(&target.path()).await?)
            }
        }
    }
}

impl Fields {
    fn into_rule(self) -> Rule {
        Rule {
            threshold: self.threshold,
            hold_seconds: self.hold,
            keep_firing_seconds: self.keep_firing,
            enabled: self.enabled,
        }
    }
}

impl Target {
    fn path(&self) -> String {
        match &self.scope {
            RuleScope::Default => format!("/api/v1/rules/{}", self.scope),
            RuleScope::Folder(folder) => format!("/api/v1/folders/{folder}/rule"),
        }
    }

    fn print(&self, answer: Answer) -> Result<(), Failure> {
        let Answer {
            effective, sources, ..
        } = answer;
        let seconds = |value: Option<f64>| {
            let duration = Duration::from_secs_f64(value.unwrap_or_default());
            humantime::format_duration(duration).to_string()
        };
        let fields = [
            (
                "threshold",
                effective.threshold.unwrap_or_default().to_string(),
                sources.threshold,
            ),
            (
                "hold",
                seconds(effective.hold_seconds),
                sources.hold_seconds,
            ),
            (
                "keep-firing",
                seconds(effective.keep_firing_seconds),
                sources.keep_firing_seconds,
            ),
            (
                "enabled",
                effective.enabled.unwrap_or_default().to_string(),
                sources.enabled,
            ),
        ];
        lines::print(format!("{}:", self.scope))?;
        for (name, value, source) in fields {
            lines::print(format!("  {name:<11}  {value}  ({source})"))?;
        }
        Ok(())
    }
}

/// Seconds, of a duration that a rule may have.
fn parse_duration(text: &str) -> Result<f64, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; it must be a duration as in 30s or 5m"))?;
    let seconds = duration.as_secs_f64();
    if seconds > Rule::MAX_SECONDS {
        return Err("it must be a day at most".to_owned());
    }
    Ok(seconds)
}
