//! Everything that knows NATS: subjects, streams, buckets, headers, and the policy by which events are published and
//! consumed.
//!
//! - [`Bus`] is a connection whose streams and buckets exist and are as designed; how it logs in says [`NatsLogin`].
//! - [`Bus::follow`] folds a stream: the latest event of every key, then whatever comes, across restarts of the server.
//! - [`Bus::past`] hands out what a stream holds now, and ends.
//! - [`Bus::snapshot`] does so at the pace of who reads it; a [`Restoration`] puts back what was read so.
//! - [`Bus::read`] reads a stream in order from a position that its user keeps.
//! - [`Bus::work`] shares the events of a stream among all copies of a service, each acknowledged by its [`Delivery`].
//! - The `publish_…` methods wait until JetStream has stored the event.
//! - A message that can never be handled becomes a [`DeadLetter`].
//! - [`Pictures`], [`Evidence`] and [`Registry`] are the reference pictures, the pictures behind alerts, and the folders
//!   with their rules; [`Acknowledgements`] say who has seen which alert, [`Sessions`] who is logged in.
//!
//! What the events mean is left to the services.

mod acknowledgements;
mod attempts;
mod bus;
mod causes;
mod config;
mod connect;
mod dead_letters;
mod event;
mod evidence;
mod fold;
mod folder;
mod follow;
mod format;
mod holds;
mod lease;
mod login;
mod objects;
mod origin;
mod past;
mod pictures;
mod publish;
mod quiet;
mod read;
mod registry;
mod restoration;
mod sessions;
mod snapshot;
mod storage;
mod topology;
mod work;

/// Why a bucket or consumer could not be used; its kinds tell a caller nothing that it could act on.
pub type StoreError = async_nats::Error;

pub use acknowledgements::{AcknowledgementChange, Acknowledgements, AlertKey, InvalidAlertKey};
pub use bus::Bus;
pub use causes::with_causes;
pub use config::{BusConfig, without_secrets};
pub use connect::ConnectError;
pub use dead_letters::{DeadLetter, ReplayError};
pub use event::{Event, FrameArrival, FrameHeaders, Message, ReferenceChange, Stored, Undecodable};
pub use evidence::{Evidence, Exhibit, ExhibitChange, InvalidExhibit};
pub use fold::{CaughtUp, Folds};
pub use folder::{Folder, InvalidFolder};
pub use follow::Latest;
pub use holds::Hold;
pub use login::{Nats, NatsLogin};
pub use origin::Origin;
pub use past::Begin;
pub use pictures::{PictureChange, PictureKey, Pictures};
pub use publish::{Expected, Last, PublishError};
pub use read::{ReadError, Reader};
pub use registry::{FolderChange, Registry, RuleChange, RuleScope};
pub use restoration::Restoration;
pub use sessions::{InvalidSessionKey, Session, SessionChange, SessionKey, Sessions};
pub use snapshot::{Extent, Snapshot};
pub use storage::Storage;
pub use topology::{MAX_FRAME_BYTES, StorageError};
pub use work::{Delivery, Progress, Work};
