//! Who changed what. It is told to the stream `CHANGES` once the change is in force.
//!
//! The state before a change is what this copy of the service knew when its turn came. What the service does by itself,
//! as to reconcile or to make the first folders, is no person's change and is not told. `access` tells what was
//! refused.

use event_bus::{Folder, RuleScope};
use proto::{
    timestamp,
    v1::{
        Change, Folder as Details, FolderChange, NormalsChange, ReferenceChange, Rule, RuleChange,
        Upload,
    },
};
use time::OffsetDateTime;

use super::{Folders, announce::Holding};
use crate::access::By;

impl Folders {
    pub(super) async fn keep_rule_change(
        &self,
        scope: &RuleScope,
        before: Option<Rule>,
        after: Option<Rule>,
        by: &By,
    ) {
        if before == after {
            return;
        }
        let change = Change {
            rule: Some(RuleChange { before, after }),
            ..Change::default()
        };
        self.keep("rule", scope, change, by).await;
    }

    /// What one event changed of a folder's reference and of its normal pictures.
    pub(super) async fn keep_pictures_change(
        &self,
        folder: &Folder,
        before: &Holding,
        after: &Holding,
        by: &By,
    ) {
        let scope = RuleScope::Folder(folder.clone());
        let id = |upload: &Option<Upload>| upload.as_ref().map(|upload| upload.id.clone());
        if id(&before.reference) != id(&after.reference) {
            let change = Change {
                reference: Some(ReferenceChange {
                    before: before.reference.clone(),
                    after: after.reference.clone(),
                }),
                ..Change::default()
            };
            self.keep("reference", &scope, change, by).await;
        }
        if before.normals != after.normals {
            let change = Change {
                normals: Some(NormalsChange {
                    before: before.normals.clone(),
                    after: after.normals.clone(),
                }),
                ..Change::default()
            };
            self.keep("normals", &scope, change, by).await;
        }
    }

    pub(super) async fn keep_details_change(
        &self,
        folder: &Folder,
        before: Option<Details>,
        after: Option<Details>,
        by: &By,
    ) {
        if before == after {
            return;
        }
        let change = Change {
            details: Some(FolderChange { before, after }),
            ..Change::default()
        };
        let scope = RuleScope::Folder(folder.clone());
        self.keep("details", &scope, change, by).await;
    }

    /// The change holds already: where it cannot be kept, an operator is told, and whoever made it is not.
    async fn keep(&self, what: &'static str, scope: &RuleScope, change: Change, by: &By) {
        let change = Change {
            folder: scope.to_string(),
            who: by.name().to_owned(),
            at: Some(timestamp(OffsetDateTime::now_utc())),
            ..change
        };
        if let Err(error) = self.broker.publish_change(scope, &change).await {
            metrics::counter!("framewatch_changes_not_kept_total").increment(1);
            tracing::warn!(folder = %scope, what, who = by.name(), error, "a change holds, but is not kept in CHANGES");
        }
    }
}
