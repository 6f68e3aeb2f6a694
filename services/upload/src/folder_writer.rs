//! Everything that changes a folder: its pictures, its rule, what people say of it, and whether it exists.
//!
//! Invariant: the object store says which reference pictures there are, and the stream `UPLOADS` follows from it. A picture is
//! stored before it is announced and deleted before its removal is, so whatever a crash leaves undone, `reconcile` can
//! see and do. Changes of one folder come one after another; a change that has begun is carried through even if the
//! client has gone.
//!
//! - `pictures`: reference pictures.
//! - `normals`: normal pictures.
//! - `proposals`: frames that are proposed as such.
//! - `announce`: what `UPLOADS` says of both.
//! - `reconcile`: what was left undone.
//! - `changes`: who changed what.

mod announce;
mod changes;
mod normals;
mod pictures;
mod proposals;
mod reconcile;

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use camera_settings::Asked;
use event_bus::{Folder, RuleScope};
use folder_state::{FolderStates, KnownFolder};
use proto::v1::{Folder as Details, Rule};
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;

pub(crate) use normals::{Origin, most_normals, unknown_normal};
pub(crate) use pictures::{Becomes, Normals};
pub(crate) use proposals::unknown_proposal;

use crate::{
    access::By,
    broker::Broker,
    cameras::settings::Cameras,
    followed::log_unseen,
    problem::{Kind, Problem},
    quotas::QuotaConfig,
};

#[derive(Clone)]
pub(crate) struct Folders {
    broker: Broker,
    cameras: Cameras,
    states: Arc<FolderStates>,
    quotas: QuotaConfig,
    turns: Arc<Turns>,
    tracker: TaskTracker,
}

/// Whose turn it is to change a folder.
#[derive(Default)]
struct Turns(Mutex<HashMap<Folder, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    async fn take(&self, folder: &Folder) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock();
            Arc::clone(turns.entry(folder.clone()).or_default())
        };
        turn.lock_owned().await
    }
}

impl Folders {
    pub(crate) fn new(
        broker: Broker,
        cameras: Cameras,
        states: Arc<FolderStates>,
        quotas: QuotaConfig,
        tracker: TaskTracker,
    ) -> Self {
        Folders {
            broker,
            cameras,
            states,
            quotas,
            turns: Arc::default(),
            tracker,
        }
    }

    /// Makes a folder; says whether it is new.
    pub(crate) async fn make(&self, folder: &Folder, by: By) -> Result<bool, Problem> {
        self.in_turn(folder, |this, folder| async move {
            this.make_now(&folder, &by).await
        })
        .await
    }

    /// Says this of a folder, in place of all that was said before. One that is not there is made; says whether it is
    /// new.
    pub(crate) async fn describe(
        &self,
        folder: &Folder,
        details: Details,
        by: By,
    ) -> Result<bool, Problem> {
        self.in_turn(folder, |this, folder| async move {
            let before = this.states.read().made(&folder).cloned();
            if before.is_none() {
                this.quotas.check_folder(&this.states.read())?;
            }
            let name = by.name();
            let is_new =
                before.is_none() && this.broker.create_folder(&folder, &details, name).await?;
            if !is_new {
                this.broker.describe_folder(&folder, &details, name).await?;
            }
            this.keep_details_change(&folder, before, Some(details.clone()), &by)
                .await;
            let is_seen = this
                .states
                .until(|state| state.made(&folder) == Some(&details))
                .await;
            log_unseen(is_seen, &folder);
            Ok(is_new)
        })
        .await
    }

    /// Removes a folder with all that it has. Its entry goes last, so that a removal that was interrupted can be
    /// repeated.
    pub(crate) async fn remove(&self, folder: &Folder, by: By) -> Result<(), Problem> {
        self.in_turn(folder, |this, folder| async move {
            this.remove_now(&folder, &by).await
        })
        .await
    }

    /// Removes a folder that nobody made. Whether it did: not, where somebody has made it meanwhile.
    pub(crate) async fn remove_unmade(&self, folder: &Folder, by: By) -> Result<bool, Problem> {
        self.in_turn(folder, |this, folder| async move {
            if this.states.read().is_made(&folder) {
                return Ok(false);
            }
            this.remove_now(&folder, &by).await.map(|()| true)
        })
        .await
    }

    /// To be called when it is the caller's turn.
    async fn remove_now(&self, folder: &Folder, by: &By) -> Result<(), Problem> {
        let (last_removal, before) = {
            let state = self.states.read();
            let details = state.existing(folder).map(KnownFolder::details);
            (state.last_removal(folder), details)
        };
        // Its frames would make it known again.
        self.cameras.unset(folder, by.name()).await?;
        self.remove_all_normals(folder, by).await?;
        self.remove_all_pictures(folder, by).await?;
        self.remove_all_proposals(folder).await?;
        self.write_rule(&RuleScope::Folder(folder.clone()), None, by)
            .await?;
        self.broker.discard_frames(folder).await?;
        self.broker.remove_folder(folder, by.name()).await?;
        self.keep_details_change(folder, before, None, by).await;
        let is_seen = self
            .states
            .until(|state| {
                state.last_removal(folder) != last_removal && state.rule(folder).is_none()
            })
            .await;
        log_unseen(is_seen, folder);
        Ok(())
    }

    /// Sets a rule, or takes it back (`None`). A folder that gets one is made.
    pub(crate) async fn set_rule(
        &self,
        scope: RuleScope,
        rule: Option<Rule>,
        by: By,
    ) -> Result<(), Problem> {
        let this = self.clone();
        self.carry_through(async move {
            let _turn = match &scope {
                RuleScope::Folder(folder) => Some(this.turns.take(folder).await),
                RuleScope::Default => None,
            };
            match (&scope, &rule) {
                (RuleScope::Folder(folder), Some(_)) => {
                    this.make_now(folder, &by).await?;
                }
                (RuleScope::Default, _) | (_, None) => {}
            }
            this.write_rule(&scope, rule.clone(), &by).await?;
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

    /// Sets a folder's camera. A folder that gets one is made.
    pub(crate) async fn set_camera(
        &self,
        folder: &Folder,
        asked: Asked,
        by: By,
    ) -> Result<(), Problem> {
        self.in_turn(folder, |this, folder| async move {
            let settings = this.cameras.checked(&folder, asked).await?;
            this.make_now(&folder, &by).await?;
            this.cameras.set(&folder, &settings, by.name()).await
        })
        .await
    }

    /// Takes back what is set of a folder's camera.
    pub(crate) async fn unset_camera(&self, folder: &Folder, by: By) -> Result<(), Problem> {
        self.in_turn(folder, |this, folder| async move {
            this.cameras.unset(&folder, by.name()).await
        })
        .await
    }

    /// Sets the rule of all folders where none is set.
    pub(crate) async fn set_first_default_rule(&self, rule: Rule) -> Result<(), Problem> {
        let there = self.states.read().default_rule();
        if let Some(there) = there {
            if rule.threshold.is_some() && there.threshold != rule.threshold {
                tracing::info!(
                    threshold = there.threshold,
                    "the default rule that is set stays; the threshold of the settings was for where there was none"
                );
            }
            return Ok(());
        }
        self.set_rule(RuleScope::Default, Some(rule), By::default())
            .await
    }

    /// To be called when it is the caller's turn.
    async fn write_rule(
        &self,
        scope: &RuleScope,
        rule: Option<Rule>,
        by: &By,
    ) -> Result<(), Problem> {
        let before = {
            let state = self.states.read();
            match scope {
                RuleScope::Default => state.default_rule(),
                RuleScope::Folder(folder) => state.rule(folder),
            }
        };
        match &rule {
            Some(rule) => self.broker.set_rule(scope, rule, by.name()).await?,
            None => self.broker.unset_rule(scope, by.name()).await?,
        }
        self.keep_rule_change(scope, before, rule, by).await;
        Ok(())
    }

    /// To be called when it is the caller's turn.
    async fn make_now(&self, folder: &Folder, by: &By) -> Result<bool, Problem> {
        if self.states.read().is_made(folder) {
            return Ok(false);
        }
        self.quotas.check_folder(&self.states.read())?;
        let nothing = Details::default();
        let is_new = self
            .broker
            .create_folder(folder, &nothing, by.name())
            .await?;
        if is_new {
            self.keep_details_change(folder, None, Some(nothing), by)
                .await;
        }
        log_unseen(
            self.states.until(|state| state.is_made(folder)).await,
            folder,
        );
        Ok(is_new)
    }

    /// Carries a change through when it is the folder's turn.
    async fn in_turn<T: Send + 'static, F>(
        &self,
        folder: &Folder,
        change: impl FnOnce(Self, Folder) -> F,
    ) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let change = change(self.clone(), folder.clone());
        let (turns, folder) = (Arc::clone(&self.turns), folder.clone());
        self.carry_through(async move {
            let _turn = turns.take(&folder).await;
            change.await
        })
        .await
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
