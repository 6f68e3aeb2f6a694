//! NATS as requests use it: every call bounded in time, every failure a problem that says what failed, and whether to
//! try again. Where a call takes `by`, that is who makes the change; empty where nobody knows.

mod failure;

use std::time::Duration;

use bytes::Bytes;
use event_bus::{
    AlertKey, AskError, Bus, CameraSettings, CameraTestRequest, Exhibit, ExhibitKey, Expected,
    Folder, FolderKey, FrameArrival, Last, NotifierAnswer, NotifierQuestion, PictureKey,
    ProposalKey, PublishError, ReferenceChange, RuleScope, Session, SessionKey, SilenceKey,
    StoreError, Stored,
};
use log_limiter::LogLimiter;
use proto::v1::{
    Acknowledgement, CameraTest, Change, Folder as Details, Rule, Silence, Source, Upload,
};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

use self::failure::{CAMERA_SERVICE, Failure, NOTIFIER, Service};
use crate::problem::Problem;

const PATIENCE: Duration = Duration::from_secs(8);

/// A camera's state is published every minute. What is older than this counts no more.
const SAID_WITHIN: Duration = Duration::from_secs(3 * 60);

/// After how long to try again what must be done before anything else.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Broker {
    bus: Bus,
}

/// Whether an event came next, or another one came first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Published {
    As(u64),
    AnotherCameFirst,
}

/// A stored picture, as far as it is there.
pub(crate) enum Kept {
    Whole(Bytes),
    /// Not all of it is there, or other bytes than were stored.
    Damaged(StoreError),
    Gone,
}

impl Kept {
    /// Damage is an answer, and no reason to ask again.
    fn read(read: Result<Option<Bytes>, StoreError>) -> Result<Self, StoreError> {
        match read {
            Ok(Some(picture)) => Ok(Kept::Whole(picture)),
            Ok(None) => Ok(Kept::Gone),
            Err(error @ StoreError::Damaged { .. }) => Ok(Kept::Damaged(error)),
            Err(error) => Err(error),
        }
    }

    /// Its bytes, for whoever can do nothing with a damaged one.
    pub(crate) fn whole(self) -> Result<Option<Bytes>, Problem> {
        match self {
            Kept::Whole(picture) => Ok(Some(picture)),
            Kept::Damaged(error) => Err(Failure::from(error).problem("read the picture")),
            Kept::Gone => Ok(None),
        }
    }
}

impl Broker {
    pub(crate) fn new(bus: Bus) -> Self {
        Broker { bus }
    }

    /// Does it until it is done, and asks anew at once where the connection was lost meanwhile.
    pub(crate) async fn until_done<F>(&self, what: &str, attempt: impl Fn() -> F)
    where
        F: Future<Output = Result<(), Problem>>,
    {
        let complaints = LogLimiter::default();
        loop {
            match self.bus.on_one_connection(attempt()).await {
                Some(Ok(())) => return,
                Some(Err(problem)) if complaints.is_due(&()) => {
                    tracing::warn!(what, why = problem.detail, "not done yet; trying again");
                }
                Some(Err(_)) => {}
                None => continue,
            }
            sleep(RETRY).await;
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.bus.is_connected()
    }

    pub(crate) async fn seed(&self, folders: &[Folder]) -> Result<(), Problem> {
        self.ask("make the first folders", self.bus.folders().seed(folders))
            .await
    }

    /// Whether the first folders were ever made. If not, this is a new installation.
    pub(crate) async fn is_seeded(&self) -> Result<bool, Problem> {
        let folders = self.bus.folders();
        self.ask("look for the first folders", folders.is_seeded())
            .await
    }

    /// Says whether it was not there.
    pub(crate) async fn create_folder(
        &self,
        folder: &Folder,
        details: &Details,
        by: &str,
    ) -> Result<bool, Problem> {
        let (folders, key) = (self.bus.folders().by(by), FolderKey::from(folder));
        let create = folders.create(&key, details);
        self.ask("make the folder", create).await
    }

    pub(crate) async fn describe_folder(
        &self,
        folder: &Folder,
        details: &Details,
        by: &str,
    ) -> Result<(), Problem> {
        let folders = self.bus.folders().by(by);
        let describe = folders.describe(folder, details);
        self.ask("describe the folder", describe).await.map(drop)
    }

    pub(crate) async fn remove_folder(&self, folder: &Folder, by: &str) -> Result<(), Problem> {
        let folders = self.bus.folders().by(by);
        self.ask("remove the folder", folders.remove(folder)).await
    }

    pub(crate) async fn discard_frames(&self, folder: &Folder) -> Result<(), Problem> {
        self.ask("discard frames", self.bus.discard_frames(folder))
            .await
    }

    pub(crate) async fn set_rule(
        &self,
        scope: &RuleScope,
        rule: &Rule,
        by: &str,
    ) -> Result<(), Problem> {
        let (rules, what) = (self.bus.rules().by(by), "set the rule");
        self.ask(what, rules.set(scope, rule)).await.map(drop)
    }

    pub(crate) async fn unset_rule(&self, scope: &RuleScope, by: &str) -> Result<(), Problem> {
        let rules = self.bus.rules().by(by);
        self.ask("take the rule back", rules.unset(scope)).await
    }

    pub(crate) async fn camera_settings(
        &self,
        folder: &Folder,
    ) -> Result<Option<CameraSettings>, Problem> {
        let settings = self.bus.camera_settings();
        self.ask("look for the camera", settings.get(folder)).await
    }

    pub(crate) async fn set_camera(
        &self,
        folder: &Folder,
        settings: &CameraSettings,
        by: &str,
    ) -> Result<(), Problem> {
        let bucket = self.bus.camera_settings().by(by);
        let set = bucket.set(folder, settings);
        self.ask("set the camera", set).await.map(drop)
    }

    pub(crate) async fn unset_camera(&self, folder: &Folder, by: &str) -> Result<(), Problem> {
        let bucket = self.bus.camera_settings().by(by);
        self.ask("remove the camera", bucket.unset(folder)).await
    }

    /// The state of the connection to a folder's camera, if it was published lately.
    pub(crate) async fn source(&self, folder: &Folder) -> Result<Option<Source>, Problem> {
        let latest = self.bus.latest::<Source>(folder);
        let latest = self.ask("look how the camera stands", latest).await?;
        let is_of_now =
            |stored: &Stored<Source>| OffsetDateTime::now_utc() - stored.stored_at < SAID_WITHIN;
        Ok(latest.filter(is_of_now).map(|stored| stored.event))
    }

    pub(crate) async fn test_camera(
        &self,
        request: &CameraTestRequest,
        within: Duration,
    ) -> Result<CameraTest, Problem> {
        let test = self.bus.test_camera(request, within);
        self.ask_service(&CAMERA_SERVICE, test).await
    }

    /// Asks a notifier, and waits so long.
    pub(crate) async fn ask_notifier(
        &self,
        question: &NotifierQuestion,
        within: Duration,
    ) -> Result<NotifierAnswer, Problem> {
        let answer = self.bus.ask_notifier(question, within);
        self.ask_service(&NOTIFIER, answer).await
    }

    /// Keeps what was changed; where that fails, says why.
    pub(crate) async fn publish_change(
        &self,
        scope: &RuleScope,
        change: &Change,
    ) -> Result<(), String> {
        let publish = self.bus.publish_change(scope, change);
        let published = self.in_time(publish).await;
        published.map(drop).map_err(|failure| failure.why)
    }

    /// Gives the number of this change.
    pub(crate) async fn acknowledge(
        &self,
        alert: &AlertKey,
        acknowledgement: &Acknowledgement,
    ) -> Result<u64, Problem> {
        let acknowledgements = self.bus.acknowledgements();
        let set = acknowledgements.set(alert, acknowledgement);
        self.ask("acknowledge the alert", set).await
    }

    pub(crate) async fn unacknowledge(&self, alert: &AlertKey) -> Result<(), Problem> {
        let acknowledgements = self.bus.acknowledgements();
        let unset = acknowledgements.unset(alert);
        self.ask("take the acknowledgement back", unset).await
    }

    /// Gives it with its id.
    pub(crate) async fn add_silence(&self, silence: Silence, by: &str) -> Result<Silence, Problem> {
        let silences = self.bus.silences().by(by);
        self.ask("make the silence", silences.add(silence)).await
    }

    pub(crate) async fn remove_silence(&self, key: &SilenceKey, by: &str) -> Result<(), Problem> {
        let silences = self.bus.silences().by(by);
        self.ask("take the silence back", silences.unset(key)).await
    }

    pub(crate) async fn session(&self, key: &SessionKey) -> Result<Option<Session>, Problem> {
        self.ask("look for the session", self.bus.sessions().get(key))
            .await
    }

    /// Gives the number of this change.
    pub(crate) async fn begin_session(
        &self,
        key: &SessionKey,
        session: &Session,
    ) -> Result<u64, Problem> {
        let sessions = self.bus.sessions();
        let begin = sessions.set(key, session);
        self.ask("begin the session", begin).await
    }

    pub(crate) async fn end_session(&self, key: &SessionKey) -> Result<(), Problem> {
        self.ask("end the session", self.bus.sessions().unset(key))
            .await
    }

    pub(crate) async fn has_evidence(
        &self,
        alert: &str,
        exhibit: Exhibit,
    ) -> Result<bool, Problem> {
        let (evidence, key) = (self.bus.evidence(), ExhibitKey::new(alert, exhibit));
        self.ask("look for the evidence", evidence.has(&key)).await
    }

    pub(crate) async fn put_picture(
        &self,
        folder: &Folder,
        upload: &Upload,
        bytes: &[u8],
    ) -> Result<(), Problem> {
        let (pictures, key) = (self.bus.references(), PictureKey::new(folder, &upload.id));
        let put = pictures.put(&key, upload, bytes);
        self.ask("store the picture", put).await
    }

    pub(crate) async fn picture(
        &self,
        folder: &Folder,
        id: &str,
    ) -> Result<Option<Bytes>, Problem> {
        let (pictures, key) = (self.bus.references(), PictureKey::new(folder, id));
        self.ask("read the picture", pictures.get(&key)).await
    }

    /// Whether somebody has deleted the picture. A picture that was lost was not deleted.
    pub(crate) async fn was_deleted(&self, folder: &Folder, id: &str) -> Result<bool, Problem> {
        let (pictures, key) = (self.bus.references(), PictureKey::new(folder, id));
        self.ask("look for the picture", pictures.was_deleted(&key))
            .await
    }

    /// A picture behind an alert, or what became of it.
    pub(crate) async fn evidence(&self, alert: &str, exhibit: Exhibit) -> Result<Kept, Problem> {
        let (evidence, key) = (self.bus.evidence(), ExhibitKey::new(alert, exhibit));
        let read = async { Kept::read(evidence.get(&key).await) };
        self.ask("read the evidence", read).await
    }

    pub(crate) async fn delete_picture(&self, folder: &Folder, id: &str) -> Result<(), Problem> {
        let (pictures, key) = (self.bus.references(), PictureKey::new(folder, id));
        self.ask("delete the picture", pictures.delete(&key)).await
    }

    pub(crate) async fn put_normal(
        &self,
        folder: &Folder,
        upload: &Upload,
        bytes: &[u8],
    ) -> Result<(), Problem> {
        let (normals, key) = (self.bus.normals(), PictureKey::new(folder, &upload.id));
        let put = normals.put(&key, upload, bytes);
        self.ask("store the normal picture", put).await
    }

    /// A normal picture, or what became of it.
    pub(crate) async fn normal(&self, folder: &Folder, id: &str) -> Result<Kept, Problem> {
        let (normals, key) = (self.bus.normals(), PictureKey::new(folder, id));
        let read = async { Kept::read(normals.get(&key).await) };
        self.ask("read the normal picture", read).await
    }

    pub(crate) async fn delete_normal(&self, folder: &Folder, id: &str) -> Result<(), Problem> {
        let (normals, key) = (self.bus.normals(), PictureKey::new(folder, id));
        self.ask("delete the normal picture", normals.delete(&key))
            .await
    }

    pub(crate) async fn proposal(
        &self,
        folder: &Folder,
        id: &str,
    ) -> Result<Option<Bytes>, Problem> {
        let (proposals, key) = (self.bus.proposals(), ProposalKey::proposed(folder, id));
        self.ask("read the proposed picture", proposals.get(&key))
            .await
    }

    pub(crate) async fn delete_proposal(&self, key: &ProposalKey) -> Result<(), Problem> {
        let proposals = self.bus.proposals();
        self.ask("delete the proposed picture", proposals.delete(key))
            .await
    }

    /// Announces a reference, whatever came before.
    pub(crate) async fn publish_uploaded(
        &self,
        folder: &Folder,
        upload: &Upload,
        by: &str,
    ) -> Result<u64, Problem> {
        let publish = self.bus.publish_uploaded(folder, upload, by, None);
        self.ask("announce the picture", publish).await
    }

    /// Announces what happened to a folder's pictures, if nothing came in between.
    pub(crate) async fn publish_pictures(
        &self,
        folder: &Folder,
        change: &ReferenceChange,
        by: &str,
        expected: Expected,
    ) -> Result<Published, Problem> {
        use ReferenceChange::{NormalAdded, NormalRemoved, Removed, Uploaded};
        let bus = &self.bus;
        let publish = async {
            let published = match change {
                Uploaded(it) => bus.publish_uploaded(folder, it, by, Some(expected)).await,
                Removed(it) => bus.publish_removed(folder, it, by, expected).await,
                NormalAdded(it) => bus.publish_normal_added(folder, it, by, expected).await,
                NormalRemoved(it) => bus.publish_normal_removed(folder, it, by, expected).await,
            };
            match published {
                Ok(sequence) => Ok(Published::As(sequence)),
                Err(PublishError::Conflict) => Ok(Published::AnotherCameFirst),
                Err(error) => Err(error),
            }
        };
        self.ask("announce the change", publish).await
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
        // One whose headers are too much to read is none.
        self.ask("read the latest frame", self.bus.last_frame(folder))
            .await
    }

    async fn ask<T, E: Into<Failure>>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Problem> {
        let answer = self.in_time(call).await;
        answer.map_err(|failure| failure.problem(what))
    }

    async fn in_time<T, E: Into<Failure>>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        if !self.is_connected() {
            return Err(Failure::unconnected());
        }
        match timeout(PATIENCE, call).await {
            Ok(answer) => answer.map_err(Into::into),
            Err(_) => Err(Failure::unanswered("no answer in time")),
        }
    }

    /// To be bounded in time by the call itself.
    async fn ask_service<T>(
        &self,
        service: &Service,
        call: impl Future<Output = Result<T, AskError>>,
    ) -> Result<T, Problem> {
        if !self.is_connected() {
            return Err(Failure::unconnected().problem(service.task));
        }
        call.await.map_err(|error| service.problem(&error))
    }
}
