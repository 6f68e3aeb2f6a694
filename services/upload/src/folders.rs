//! Everything that changes a folder: its pictures, its rule, and whether it exists.
//!
//! Invariant: the object store says which pictures there are, and the stream `UPLOADS` follows from it. A picture is
//! stored before it is announced and deleted before its removal is, so whatever a crash leaves undone, `reconcile` can
//! see and do. Changes of one folder come one after another; a change that has begun is carried through even if the
//! client has gone.

mod pictures;
mod reconcile;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use event_bus::{Folder, RuleScope};
use folder_state::FolderStates;
use proto::v1::Rule;
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;

use crate::{
    broker::Broker,
    problem::{Kind, Problem},
};

#[derive(Clone)]
pub(crate) struct Folders {
    broker: Broker,
    states: Arc<FolderStates>,
    turns: Arc<Turns>,
    tracker: TaskTracker,
}

/// Whose turn it is to change a folder.
#[derive(Default)]
struct Turns(Mutex<HashMap<Folder, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    async fn take(&self, folder: &Folder) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(folder.clone()).or_default())
        };
        turn.lock_owned().await
    }
}

impl Folders {
    pub(crate) fn new(broker: Broker, states: Arc<FolderStates>, tracker: TaskTracker) -> Self {
        Folders {
            broker,
            states,
            turns: Arc::default(),
            tracker,
        }
    }

    /// Makes a folder; says whether it is new.
    pub(crate) async fn make(&self, folder: &Folder) -> Result<bool, Problem> {
        let (this, folder) = (self.clone(), folder.clone());
        self.carry_through(async move {
            let _turn = this.turns.take(&folder).await;
            this.make_now(&folder).await
        })
        .await
    }

    /// Removes a folder with all that it has. Its entry goes last, so that a removal that was interrupted can be
    /// repeated.
    pub(crate) async fn remove(&self, folder: &Folder) -> Result<(), Problem> {
        let (this, folder) = (self.clone(), folder.clone());
        self.carry_through(async move {
            let _turn = this.turns.take(&folder).await;
            let before = this.states.read().last_removal(&folder);
            this.remove_all_pictures(&folder).await?;
            this.broker
                .unset_rule(&RuleScope::Folder(folder.clone()))
                .await?;
            this.broker.discard_frames(&folder).await?;
            this.broker.remove_folder(&folder).await?;
            let is_seen = this
                .states
                .until(|state| {
                    state.last_removal(&folder) != before && state.rule(&folder).is_none()
                })
                .await;
            log_unseen(is_seen, &folder);
            Ok(())
        })
        .await
    }

    /// Sets a rule, or takes it back (`None`). A folder that gets one is made.
    pub(crate) async fn set_rule(
        &self,
        scope: RuleScope,
        rule: Option<Rule>,
    ) -> Result<(), Problem> {
        let this = self.clone();
        self.carry_through(async move {
            let _turn = match &scope {
                RuleScope::Folder(folder) => Some(this.turns.take(folder).await),
                RuleScope::Default => None,
            };
            match (&scope, &rule) {
                (RuleScope::Folder(folder), Some(_)) => {
                    this.make_now(folder).await?;
                }
                (RuleScope::Default, _) | (_, None) => {}
            }
            match &rule {
                Some(rule) => this.broker.set_rule(&scope, rule).await?,
                None => this.broker.unset_rule(&scope).await?,
            }
            let is_seen = this
                .states
                .until(|state| match &scope {
                    RuleScope::Default => state.default_rule() == rule,
                    RuleScope::Folder(folder) => state.rule(folder) == rule,
                })
                .await;
            log_unseen(is_seen, &scope);
            Ok(())
        })
        .await
    }

    /// To be called when it is the caller's turn.
    async fn make_now(&self, folder: &Folder) -> Result<bool, Problem> {
        if self.states.read().is_made(folder) {
            return Ok(false);
        }
        let is_new = self.broker.create_folder(folder).await?;
        log_unseen(
            self.states.until(|state| state.is_made(folder)).await,
            folder,
        );
        Ok(is_new)
    }

    /// Runs a change as a task of its own: a client that goes away must not leave it half done.
    async fn carry_through<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        match self.tracker.spawn(change).await {
            Ok(result) => result,
            Err(error) => {
                tracing::error!(%error, "a change of a folder ended unexpectedly");
                Err(Kind::Internal
                    .because("The change was not completed; look before repeating it."))
            }
        }
    }
}

/// To be called with what [`FolderStates::until`] says of a change that is stored.
pub(crate) fn log_unseen(is_seen: bool, what: &impl std::fmt::Display) {
    if !is_seen {
        tracing::warn!(%what, "a change is stored, but has not come back from NATS in time");
    }
}
