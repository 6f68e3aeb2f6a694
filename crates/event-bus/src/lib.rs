//! Everything that knows NATS, in three storeys: `nats`, NATS itself; `contract`, what is in each of our streams and
//! buckets; `operations`, what is done with all of them. Each uses those before it and none after it.
//!
//! - [`Bus`] is a connection whose streams and buckets exist and are as declared; what it is for says [`Role`], how it logs
//!   in [`NatsLogin`].
//! - [`Bus::follow`] folds a stream: the latest event of every key, then whatever comes, across restarts of the server.
//! - [`Bus::past`] hands out what a stream holds now, and ends.
//! - [`Bus::snapshot`] does so at the pace of who reads it; a [`Restoration`] puts back what was read so.
//! - [`Bus::read`] reads a stream in order from a position that its user keeps.
//! - [`Bus::work`] shares the events of a stream among all copies of a service, each acknowledged by its [`Delivery`].
//! - The `publish_…` methods wait until JetStream has stored the event.
//! - A message that can never be handled becomes a [`DeadLetter`].
//! - [`KeyValue`] and [`Objects`] are the buckets: [`Bus::folders`], [`Bus::rules`], [`Bus::references`], [`Bus::normals`] and so on.
//! - [`DECLARATIONS`] has all streams and buckets.
//!
//! What the events mean is left to the services.

mod contract;
mod folder;
mod nats;
mod operations;

pub use contract::DECLARATIONS;
pub use contract::acknowledgements::{
    AcknowledgementChange, Acknowledgements, AlertKey, InvalidAlertKey,
};
pub use contract::alerts::{AlertSubject, HeardAlerts, InvalidAlertSubject};
pub use contract::camera_settings::{CameraSettings, CameraSettingsBucket, CameraSettingsChange};
pub use contract::camera_tests::{CameraTestRequest, CameraTests};
pub use contract::camera_turns::{CameraAsk, CameraTurn, CameraTurnChange, CameraTurns};
pub use contract::dead_letters::DeadLetter;
pub use contract::declaration::{Backup, Declaration, Kind, Medium, Room};
pub use contract::drift::{Averages, DriftChange, Drifts};
pub use contract::evidence::{
    Evidence, Exhibit, ExhibitChange, ExhibitKey, InvalidExhibit, InvalidExhibitKey,
};
pub use contract::features::{Features, FeaturesChange, FeaturesKey, InvalidFeaturesKey};
pub use contract::folders::{FolderChange, FolderKey, Folders, Mark};
pub use contract::frames::{FrameArrival, FrameHeaders, MAX_FRAME_BYTES, MisdirectedError};
pub use contract::holds::{Hold, Holds};
pub use contract::latest::{LatestFrameChange, LatestFrames};
pub use contract::learning::{LearningChange, Learnings};
pub use contract::normals::{NormalChange, Normals};
pub use contract::notices::{
    Failed, InvalidNoticeKey, InvalidReceiverName, Notice, NoticeChange, NoticeKey, Notices,
    ReceiverName, Sending, Standing, Telling,
};
pub use contract::notifier_questions::{
    NotifierAnswer, NotifierQuestion, NotifierQuestions, ReceiverSaid, RouteSaid, RoutesSaid,
    RoutesSet, SupposedAlert, Tested, WouldBeTold, WouldTell,
};
pub use contract::pass::{Pass, PassSays};
pub use contract::proposals::{
    InvalidProposalKey, ProposalChange, ProposalKey, ProposalPlace, Proposals,
};
pub use contract::references::{InvalidPictureKey, PictureChange, PictureKey, References};
pub use contract::rights::{Right, Service};
pub use contract::routes::{InvalidRoutesKey, RoutesChange, RoutesKey, RoutesText, SetRoutes};
pub use contract::rules::{RuleChange, RuleScope, Rules};
pub use contract::sessions::{InvalidSessionKey, Session, SessionChange, SessionKey, Sessions};
pub use contract::silences::{InvalidSilenceKey, SilenceChange, SilenceKey, Silences};
pub use contract::turns::{Turn, TurnChange, Turns};
pub use contract::uploads::ReferenceChange;
pub use folder::{Folder, InvalidFolder};
pub use nats::bucket::{BucketNames, Change, KeyValue, KeyValueBucket};
pub use nats::bus::Bus;
pub use nats::causes::with_causes;
pub use nats::config::{BusConfig, without_secrets};
pub use nats::connect::ConnectError;
pub use nats::event::{Event, Message, Stored, Undecodable};
pub use nats::fold::{CaughtUp, Folds};
pub use nats::follow::Latest;
pub use nats::latest::Last;
pub use nats::login::{Nats, NatsLogin};
pub use nats::objects::{ObjectBucket, ObjectChange, Objects};
pub use nats::origin::Origin;
pub use nats::past::Begin;
pub use nats::publish::Expected;
pub use nats::publish_error::PublishError;
pub use nats::questions::{AskError, Asked, Questions};
pub use nats::read::{ReadError, Reader};
pub use nats::snapshot::{Extent, Snapshot};
pub use nats::storage_error::StorageError;
pub use nats::store_error::StoreError;
pub use nats::work::{Delivery, Progress, Work};
pub use operations::dead_letters::ReplayError;
pub use operations::restore::Restoration;
pub use operations::role::Role;
pub use operations::storage::{FramesHeld, Storage};
