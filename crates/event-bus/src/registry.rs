use std::{fmt, str::FromStr};

use async_nats::jetstream::kv::{CreateErrorKind, Operation, Store};
use proto::v1::Rule;
use time::OffsetDateTime;

use crate::{
    Bus, Event, Folder, InvalidFolder, Undecodable,
    event::Message,
    pictures::json,
    topology::{FOLDERS_BUCKET, RULES_BUCKET},
};

/// The folders that were made, and the rules by which their frames are judged: the key-value buckets `folders` and
/// `rules`.
#[derive(Clone)]
pub struct Registry {
    folders: Store,
    rules: Store,
}

/// Whose rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RuleScope {
    /// Of every folder that says nothing else.
    Default,
    /// Of one folder.
    Folder(Folder),
}

const DEFAULT_SCOPE: &str = "_default";

/// In the bucket `folders`, the sign that the first folders were made, so that one that is removed stays so.
const SEEDED: &str = "_seeded";

impl fmt::Display for RuleScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleScope::Default => f.write_str(DEFAULT_SCOPE),
            RuleScope::Folder(folder) => folder.fmt(f),
        }
    }
}

impl FromStr for RuleScope {
    type Err = InvalidFolder;

    fn from_str(name: &str) -> Result<Self, InvalidFolder> {
        if name == DEFAULT_SCOPE {
            Ok(RuleScope::Default)
        } else {
            name.parse().map(RuleScope::Folder)
        }
    }
}

impl Bus {
    /// The folders and rules.
    pub async fn registry(&self) -> Result<Registry, crate::StoreError> {
        Ok(Registry {
            folders: self.jetstream.get_key_value(FOLDERS_BUCKET).await?,
            rules: self.jetstream.get_key_value(RULES_BUCKET).await?,
        })
    }
}

impl Registry {
    /// Makes these folders if none were ever made here.
    pub async fn seed(&self, folders: &[Folder]) -> Result<(), crate::StoreError> {
        if self.folders.entry(SEEDED).await?.is_some() {
            return Ok(());
        }
        for folder in folders {
            self.create_folder(folder).await?;
        }
        self.mark_seeded().await
    }

    /// Keeps [`seed`](Registry::seed) from making folders: those that there are to be are made.
    pub async fn mark_seeded(&self) -> Result<(), crate::StoreError> {
        self.folders.put(SEEDED, "".into()).await?;
        Ok(())
    }

    /// Makes a folder; says whether it is new.
    pub async fn create_folder(&self, folder: &Folder) -> Result<bool, crate::StoreError> {
        match self.folders.create(folder.as_str(), "".into()).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a folder's entry.
    pub async fn remove_folder(&self, folder: &Folder) -> Result<(), crate::StoreError> {
        Ok(self.folders.delete(folder.as_str()).await?)
    }

    /// The rule that was set for exactly this scope.
    pub async fn rule(&self, scope: &RuleScope) -> Result<Option<Rule>, crate::StoreError> {
        match self.rules.get(scope.to_string()).await? {
            Some(value) => Ok(Some(serde_json::from_slice(&value)?)),
            None => Ok(None),
        }
    }

    /// Sets a rule. Every comparator applies it at once.
    pub async fn set_rule(&self, scope: &RuleScope, rule: &Rule) -> Result<(), crate::StoreError> {
        self.rules
            .put(scope.to_string(), serde_json::to_vec(rule)?.into())
            .await?;
        Ok(())
    }

    /// Takes a rule back.
    pub async fn unset_rule(&self, scope: &RuleScope) -> Result<(), crate::StoreError> {
        Ok(self.rules.delete(scope.to_string()).await?)
    }
}

/// A rule was set, or taken back (`None`).
#[derive(Debug, Clone, PartialEq)]
pub struct RuleChange(pub Option<Rule>);

impl Event for RuleChange {
    type Key = RuleScope;
    const STREAM: &'static str = "KV_rules";
    const SUBJECTS: &'static str = "$KV.rules.*";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(RuleScope, Self), Undecodable> {
        let scope = key(message).parse().map_err(|error| {
            Undecodable(format!(
                "key {:?} of the bucket {RULES_BUCKET}: {error}",
                key(message)
            ))
        })?;
        let rule = if is_put(message) {
            Some(rule_of(message)?)
        } else {
            None
        };
        Ok((scope, RuleChange(rule)))
    }
}

/// A folder was made (`true`) or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderChange(pub bool);

impl Event for FolderChange {
    /// `None`: an entry that is no folder's.
    type Key = Option<Folder>;
    const STREAM: &'static str = "KV_folders";
    const SUBJECTS: &'static str = "$KV.folders.*";

    fn decode(
        message: Message<'_>,
        _: OffsetDateTime,
    ) -> Result<(Option<Folder>, Self), Undecodable> {
        Ok((key(message).parse().ok(), FolderChange(is_put(message))))
    }
}

fn rule_of(message: Message<'_>) -> Result<Rule, Undecodable> {
    let rule: Rule = json(message.payload)?;
    rule.check()
        .map_err(|error| Undecodable(error.to_string()))?;
    Ok(rule)
}

pub(crate) fn key(message: Message<'_>) -> &str {
    message.subject.rsplit('.').next().unwrap_or_default()
}

pub(crate) fn is_put(message: Message<'_>) -> bool {
    let operation = message
        .headers
        .and_then(|headers| headers.get("KV-Operation"));
    operation.is_none_or(|value| matches!(value.as_str().parse(), Ok(Operation::Put)))
}
