//! The bucket `rules`: by what rule each folder's frames are judged.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use proto::v1::Rule;

use super::{
    declaration::{Declaration, REMEMBERED},
    rights::{Right, Service},
};
use crate::{
    folder::{Folder, InvalidFolder},
    nats::{
        bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names},
        bus::Bus,
        codec::{from_json, to_json},
        event::Undecodable,
        store_error::StoreError,
    },
};

pub(super) const DECLARATION: Declaration = Declaration {
    newest_kept: REMEMBERED,
    rights: &[
        (Service::Upload, &[Right::Write, Right::Follow]),
        (Service::Comparator, &[Right::Follow]),
    ],
    ..Declaration::key_value(Rules::NAMES, "The rules by which frames are judged")
};

/// The rules: the bucket `rules`. Every comparator applies a change at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules;

/// A rule was set, or taken back (`None`).
pub type RuleChange = Change<Rules>;

/// Whose rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RuleScope {
    /// The rule of every folder that says nothing else.
    Default,
    /// The rule of one folder.
    Folder(Folder),
}

const DEFAULT_SCOPE: &str = "_default";

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

impl KeyValueBucket for Rules {
    const NAMES: BucketNames = key_value_names!("rules");
    type Key = RuleScope;
    type Value = Rule;

    fn encode(rule: &Rule) -> Result<Bytes, StoreError> {
        to_json(rule)
    }

    fn decode(scope: &RuleScope, payload: &Bytes) -> Result<Rule, Undecodable> {
        let rule: Rule = from_json(payload)?;
        rule.check()
            .map_err(|error| Undecodable(error.to_string()))?;
        if *scope == RuleScope::Default {
            rule.check_without_areas()
                .map_err(|error| Undecodable(error.to_string()))?;
        }
        Ok(rule)
    }
}

impl Bus {
    /// The rules.
    pub fn rules(&self) -> KeyValue<Rules> {
        self.key_value()
    }
}
