//! From format 1 to 2: each rule that sets a threshold says by which measure it was set. Until then there was one.
//!
//! All else is read as it is: what format 2 adds to events is absent in those of format 1. The other subjects of a stream
//! that are new are its settings, which are corrected in any case.

use async_nats::jetstream::{
    self,
    kv::{Operation, Store, UpdateErrorKind},
};
use futures::{TryStreamExt as _, future::BoxFuture};
use serde_json::{Map, Value};

use crate::{
    contract::rules::Rules,
    nats::{bucket::KeyValueBucket as _, store_error::StoreError},
};

/// The measure that all thresholds of format 1 are of.
const MEASURE: &str = "phash";

pub(super) fn step(context: &jetstream::Context) -> BoxFuture<'_, Result<(), StoreError>> {
    Box::pin(async {
        let rules = context.get_key_value(Rules::NAMES.bucket).await;
        let rules = rules.map_err(StoreError::refused)?;
        let scopes = rules.keys().await.map_err(StoreError::refused)?;
        let scopes: Vec<String> = scopes.try_collect().await.map_err(StoreError::refused)?;
        for scope in scopes {
            while let Done::AnotherCameFirst = name_measure(&rules, &scope).await? {}
        }
        Ok(())
    })
}

enum Done {
    Yes,
    AnotherCameFirst,
}

async fn name_measure(rules: &Store, scope: &str) -> Result<Done, StoreError> {
    let entry = rules.entry(scope).await.map_err(StoreError::refused)?;
    let Some(entry) = entry else {
        return Ok(Done::Yes);
    };
    if entry.operation != Operation::Put {
        return Ok(Done::Yes);
    }
    let Some(named) = with_measure(&entry.value) else {
        return Ok(Done::Yes);
    };
    match rules.update(scope, named.into(), entry.revision).await {
        Ok(_) => Ok(Done::Yes),
        Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {
            Ok(Done::AnotherCameFirst)
        }
        Err(error) => Err(StoreError::refused(error)),
    }
}

/// The rule with its measure; `None` where it needs none or has one, and where it is no rule, which is left as it is.
fn with_measure(rule: &[u8]) -> Option<Vec<u8>> {
    let mut rule: Map<String, Value> = serde_json::from_slice(rule).ok()?;
    let has_threshold = rule.get("threshold").is_some_and(|it| !it.is_null());
    if !has_threshold || rule.contains_key("measure") {
        return None;
    }
    rule.insert("measure".to_owned(), MEASURE.into());
    serde_json::to_vec(&rule).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_threshold_gets_its_measure_and_all_else_stays_as_it_is() {
        let named = |rule: &str| -> Option<Value> {
            let named = with_measure(rule.as_bytes())?;
            Some(serde_json::from_slice(&named).unwrap())
        };
        assert_eq!(
            named(r#"{"threshold":0.8,"holdSeconds":3.0}"#),
            Some(json!({"threshold": 0.8, "holdSeconds": 3.0, "measure": "phash"}))
        );
        for rule in [
            r#"{"holdSeconds":3.0}"#,
            r#"{"threshold":null}"#,
            r#"{"threshold":0.8,"measure":"view"}"#,
            "{}",
            "[]",
            "not a rule",
            "",
        ] {
            assert_eq!(named(rule), None, "{rule}");
        }
    }
}
