//! NATS as requests use it: every call bounded in time, every failure a problem that the client may retry.

use std::{fmt::Display, time::Duration};

use bytes::Bytes;
use event_bus::{
    Acknowledgements, AlertKey, Bus, Evidence, Exhibit, Expected, Folder, FrameArrival, Last,
    Pictures, PublishError, ReferenceChange, Registry, RuleScope, Session, SessionKey, Sessions,
    StoreError, Stored, with_causes,
};
use folder_state::HistoryError;
use proto::v1::{Acknowledgement, Rule, Upload, UploadRemoved};
use tokio::time::timeout;

use crate::problem::{Kind, Problem};

const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Clone)]
pub(crate) struct Broker {
    bus: Bus,
    pictures: Pictures,
    evidence: Evidence,
    registry: Registry,
    acknowledgements: Acknowledgements,
    sessions: Sessions,
}

/// Whether an event was the one that came next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Published {
    As(u64),
    AnotherCameFirst,
}

impl Broker {
    pub(crate) async fn new(bus: Bus) -> Result<Self, StoreError> {
        Ok(Broker {
            pictures: bus.pictures().await?,
            evidence: bus.evidence().await?,
            registry: bus.registry().await?,
            acknowledgements: bus.acknowledgements().await?,
            sessions: bus.sessions().await?,
            bus,
        })
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.bus.is_connected()
    }

    pub(crate) async fn seed(&self, folders: &[Folder]) -> Result<(), Problem> {
        self.ask("make the first folders", self.registry.seed(folders))
            .await
    }

    pub(crate) async fn create_folder(&self, folder: &Folder) -> Result<bool, Problem> {
        self.ask("make the folder", self.registry.create_folder(folder))
            .await
    }

    pub(crate) async fn remove_folder(&self, folder: &Folder) -> Result<(), Problem> {
        self.ask("remove the folder", self.registry.remove_folder(folder))
            .await
    }

    pub(crate) async fn discard_frames(&self, folder: &Folder) -> Result<(), Problem> {
        self.ask("discard frames", self.bus.discard_frames(folder))
            .await
    }

    pub(crate) async fn set_rule(&self, scope: &RuleScope, rule: &Rule) -> Result<(), Problem> {
        self.ask("set the rule", self.registry.set_rule(scope, rule))
            .await
    }

    pub(crate) async fn unset_rule(&self, scope: &RuleScope) -> Result<(), Problem> {
        self.ask("take the rule back", self.registry.unset_rule(scope))
            .await
    }

    /// Gives the number of this change.
    pub(crate) async fn acknowledge(
        &self,
        alert: &AlertKey,
        acknowledgement: &Acknowledgement,
    ) -> Result<u64, Problem> {
        let set = self.acknowledgements.set(alert, acknowledgement);
        self.ask("acknowledge the alert", set).await
    }

    pub(crate) async fn unacknowledge(&self, alert: &AlertKey) -> Result<(), Problem> {
        let unset = self.acknowledgements.unset(alert);
        self.ask("take the acknowledgement back", unset).await
    }

    pub(crate) async fn session(&self, key: &SessionKey) -> Result<Option<Session>, Problem> {
        self.ask("look for the session", self.sessions.get(key))
            .await
    }

    /// Gives the number of this change.
    pub(crate) async fn begin_session(
        &self,
        key: &SessionKey,
        session: &Session,
    ) -> Result<u64, Problem> {
        let begin = self.sessions.begin(key, session);
        self.ask("begin the session", begin).await
    }

    pub(crate) async fn end_session(&self, key: &SessionKey) -> Result<(), Problem> {
        self.ask("end the session", self.sessions.end(key)).await
    }

    pub(crate) async fn has_evidence(
        &self,
        alert: &str,
        exhibit: Exhibit,
    ) -> Result<bool, Problem> {
        self.ask("look for the evidence", self.evidence.has(alert, exhibit))
            .await
    }

    pub(crate) async fn put_picture(
        &self,
        folder: &Folder,
        upload: &Upload,
        bytes: &[u8],
    ) -> Result<(), Problem> {
        let put = self.pictures.put(folder, upload, bytes);
        self.ask("store the picture", put).await
    }

    pub(crate) async fn picture(
        &self,
        folder: &Folder,
        id: &str,
    ) -> Result<Option<Bytes>, Problem> {
        self.ask("read the picture", self.pictures.get(folder, id))
            .await
    }

    pub(crate) async fn evidence(
        &self,
        alert: &str,
        exhibit: Exhibit,
    ) -> Result<Option<Bytes>, Problem> {
        self.ask("read the evidence", self.evidence.get(alert, exhibit))
            .await
    }

    pub(crate) async fn delete_picture(&self, folder: &Folder, id: &str) -> Result<(), Problem> {
        self.ask("delete the picture", self.pictures.delete(folder, id))
            .await
    }

    pub(crate) async fn publish_uploaded(
        &self,
        folder: &Folder,
        upload: &Upload,
    ) -> Result<u64, Problem> {
        let publish = self.bus.publish_uploaded(folder, upload);
        self.ask("announce the picture", publish).await
    }

    pub(crate) async fn publish_removed(
        &self,
        folder: &Folder,
        removed: &UploadRemoved,
        expected: Expected,
    ) -> Result<Published, Problem> {
        let publish = async {
            match self.bus.publish_removed(folder, removed, expected).await {
                Ok(sequence) => Ok(Published::As(sequence)),
                Err(PublishError::Conflict) => Ok(Published::AnotherCameFirst),
                Err(error) => Err(error),
            }
        };
        self.ask("announce the removal", publish).await
    }

    pub(crate) async fn latest_reference(
        &self,
        folder: &Folder,
    ) -> Result<Last<ReferenceChange>, Problem> {
        self.ask("read the reference", self.bus.last(folder)).await
    }

    pub(crate) async fn latest_frame(
        &self,
        folder: &Folder,
    ) -> Result<Option<Stored<FrameArrival>>, Problem> {
        self.ask("read the latest frame", self.bus.latest(folder))
            .await
    }

    async fn ask<T, E: Into<StoreError>>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Problem> {
        if !self.is_connected() {
            return Err(unavailable(what, "there is no connection to NATS"));
        }
        match timeout(PATIENCE, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(unavailable(what, with_causes(error.into().as_ref()))),
            Err(_) => Err(unavailable(what, "no answer in time")),
        }
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        let line = with_causes(&error);
        match error {
            HistoryError::NotConnected | HistoryError::TooSlow | HistoryError::Broker(_) => {
                unavailable("read the history", line)
            }
            HistoryError::Computation(_) => {
                tracing::error!("{line}");
                Kind::Internal.because("The history cannot be computed.")
            }
        }
    }
}

fn unavailable(what: &str, why: impl Display) -> Problem {
    tracing::warn!("cannot {what}: {why}");
    Kind::Unavailable.because(format!(
        "Could not {what}: the message broker does not answer. Try again in a moment."
    ))
}
