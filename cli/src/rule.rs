//! `framewatch rule`: shows, sets and takes back rules. Its flags and what it prints are made of the table of a rule's
//! fields, but for masks and regions (`areas`).

mod areas;
mod fields;

use std::collections::HashMap;

use event_bus::{Folder, RuleScope};
use proto::{BuiltIn, v1::Rule};
use serde::Deserialize;
use service_runtime::Failure;

use crate::{
    api::{Api, ApiConfig},
    lines,
};
pub(crate) use areas::AreaFlags;
use fields::Fields;

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
    Set(Box<Set>),
    /// Show which changes of a folder's rule the labels of its alerts speak for; changes nothing
    Propose(Propose),
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

#[derive(clap::Args)]
struct Propose {
    /// The folder
    folder: Folder,

    /// Try other measures as well, on the pictures that are kept of these alerts: takes some seconds, and an operator
    /// where there are accounts
    #[arg(long)]
    measures: bool,

    /// In JSON, as the service answers
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    api: ApiConfig,
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
    /// By the name of the field.
    sources: HashMap<String, String>,
}

/// What the labels of a folder's alerts speak for.
#[derive(Deserialize)]
struct Proposed {
    real: usize,
    normal: usize,
    choices: Vec<Choice>,
    tried: Option<Tried>,
}

#[derive(Deserialize)]
struct Choice {
    words: String,
}

/// What was looked at to try other measures.
#[derive(Deserialize)]
struct Tried {
    words: String,
}

impl RuleCommand {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Get(Get { target, json }) => {
                let answer: serde_json::Value = Api::new(&target.api)?.get(&target.path()).await?;
                if json {
                    return lines::print(answer.to_string());
                }
                target.print(&serde_json::from_value(answer)?)
            }
            Action::Set(set) => {
                let Set { target, fields } = *set;
                let api = Api::new(&target.api)?;
                let there: Answer = api.get(&target.path()).await?;
                let rule = fields.applied_to(there.rule.unwrap_or_default());
                target.print(&api.put(&target.path(), &rule).await?)
            }
            Action::Propose(propose) => propose.run().await,
            Action::Unset(Unset { target }) => {
                let api = Api::new(&target.api)?;
                api.delete(&target.path()).await?;
                target.print(&api.get(&target.path()).await?)
            }
        }
    }
}

impl Propose {
    async fn run(self) -> Result<(), Failure> {
        let api = Api::new(&self.api)?;
        let what_if = format!("/api/v1/folders/{}/what-if", self.folder);
        let answer: serde_json::Value = match self.measures {
            true => {
                api.get_with_patience(&format!("{what_if}/measures"))
                    .await?
            }
            false => api.get(&format!("{what_if}/choices")).await?,
        };
        if self.json {
            return lines::print(answer.to_string());
        }
        let proposed: Proposed = serde_json::from_value(answer)?;
        proposed.print()
    }
}

impl Proposed {
    fn print(&self) -> Result<(), Failure> {
        let (real, normal) = (self.real, self.normal);
        if normal == 0 {
            return lines::print(
                "No alert of this folder is called normal, so there is nothing to spare. framewatch alerts ack ID --label \
                 normal says it.",
            );
        }
        if self.choices.is_empty() {
            lines::print(format!(
                "No threshold, hold or mask would have dropped one of the alerts called normal ({normal}) and none of \
                 those called real ({real})."
            ))?;
        } else if real == 0 {
            lines::print("None is called real, so nothing says which change would be too lax.")?;
        }
        for choice in &self.choices {
            lines::print(&choice.words)?;
        }
        match &self.tried {
            Some(tried) => lines::print(&tried.words),
            None => Ok(()),
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

    fn print(&self, answer: &Answer) -> Result<(), Failure> {
        let flags = Rule::FIELDS.iter().map(|field| field.flag.len());
        let width = flags.max().unwrap_or_default();
        lines::print(format!("{}:", self.scope))?;
        for field in Rule::FIELDS {
            // A service of an earlier version may not have it.
            let Some(source) = answer.sources.get(field.name) else {
                continue;
            };
            let value = match field.get(&answer.effective) {
                Some(value) => fields::in_words(field.kind, value),
                None => BuiltIn::AUTOMATIC.to_owned(),
            };
            lines::print(format!("  {:<width$}  {value}  ({source})", field.flag))?;
        }
        for area in areas::in_lines(&answer.effective) {
            lines::print(format!("  {area}"))?;
        }
        Ok(())
    }
}
