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
    /// Set a rule; comparators apply it at once
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

    /// The least similarity that counts as a match
    #[arg(long, value_parser = parse_threshold, value_name = "0..1")]
    threshold: f64,
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
    effective: Effective,
}

#[derive(Deserialize)]
struct Effective {
    threshold: f64,
    source: String,
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
            Action::Set(Set { target, threshold }) => {
                let rule = Rule {
                    threshold: Some(threshold),
                };
                let answer = Api::new(&target.api)?.put(&target.path(), &rule).await?;
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

impl Target {
    fn path(&self) -> String {
        match &self.scope {
            RuleScope::Default => format!("/api/v1/rules/{}", self.scope),
            RuleScope::Folder(folder) => format!("/api/v1/folders/{folder}/rule"),
        }
    }

    fn print(&self, answer: Answer) -> Result<(), Failure> {
        let Effective { threshold, source } = answer.effective;
        lines::print(format!("{}: threshold {threshold} ({source})", self.scope))
    }
}
