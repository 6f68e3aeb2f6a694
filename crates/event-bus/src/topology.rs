//! The streams and buckets, and how they come to be.

use std::{borrow::Cow, time::Duration};

use async_nats::jetstream::{
    self, ErrorCode,
    context::{
        CreateKeyValueError, CreateObjectStoreError, CreateStreamError, GetStreamError,
        GetStreamErrorKind, UpdateStreamError,
    },
    kv, object_store,
    stream::{Config, DiscardPolicy, StorageType},
};

use crate::{
    BusConfig, DeadLetter, Event,
    format::{self, MARKED},
    restoration,
};

/// The largest frame that is published: NATS recommends no more than 8 MB a message, headers included.
pub const MAX_FRAME_BYTES: usize = 8 * 1024 * 1024 - 16 * 1024;

pub(crate) const UPLOADS: &str = "UPLOADS";
pub(crate) const FRAMES: &str = "FRAMES";
pub(crate) const COMPARISONS: &str = "COMPARISONS";
pub(crate) const ALERTS: &str = "ALERTS";
pub(crate) const DEAD_LETTERS: &str = "DEAD_LETTERS";

pub(crate) const REFERENCES_BUCKET: &str = "references";
pub(crate) const EVIDENCE_BUCKET: &str = "evidence";
pub(crate) const FOLDERS_BUCKET: &str = "folders";
pub(crate) const RULES_BUCKET: &str = "rules";
pub(crate) const HOLDS_BUCKET: &str = "holds";
pub(crate) const ACKNOWLEDGEMENTS_BUCKET: &str = "acknowledgements";
pub(crate) const SESSIONS_BUCKET: &str = "sessions";

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long alerts are kept, the pictures behind them, and who acknowledged them.
const ALERTS_AGE: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// The longest that anybody is logged in.
const SESSIONS_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long an operator has to find a dead letter.
const DEAD_LETTERS_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Within it a message id counts once: as long as it takes to try again, after a fault, what may have succeeded. The
/// broker keeps the ids in memory meanwhile.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(2 * 60);
const GIGABYTE: i64 = 1_000_000_000;

/// A stream or bucket that is missing and can't be made, or is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A stream's settings are not known.
    #[error("cannot ask for the settings of the stream {name}")]
    AskStream {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: GetStreamError,
    },
    /// A stream could not be made.
    #[error("cannot create the stream {name}")]
    CreateStream {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: CreateStreamError,
    },
    /// A stream is there, but its settings can't be changed to what they must be.
    #[error(
        "the stream {name} is there with other settings, which cannot be changed; delete it, or use another account"
    )]
    UpdateStream {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: UpdateStreamError,
    },
    /// What a backup holds is being put back, or was and did not come to its end.
    #[error(
        "a restore into the stream {name} is going on or was broken off; run it again with the same file: `framewatch restore FILE`"
    )]
    Restoring {
        /// Which.
        name: &'static str,
    },
    /// A later version has written there.
    #[error(
        "the stream {name} has the data format {found}, and this version knows formats up to {known}; start a version that knows it, or restore a backup of this version's (docs/backup.md)"
    )]
    Newer {
        /// Which.
        name: &'static str,
        /// Its format.
        found: String,
        /// Ours.
        known: u32,
    },
    /// An earlier version has written there, and no upload service of this version has started since.
    #[error(
        "the stream {name} has the data format {found}; the upload service of this version brings it to {known} when it starts: start that first"
    )]
    Older {
        /// Which.
        name: &'static str,
        /// Its format.
        found: String,
        /// Ours.
        known: u32,
    },
    /// What is there could not be brought to our format.
    #[error("the data cannot be brought to the format of this version")]
    Migration {
        /// Why.
        #[source]
        source: crate::StoreError,
    },
    /// A key-value bucket could not be made.
    #[error("cannot create the key-value bucket {name}")]
    KeyValue {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: CreateKeyValueError,
    },
    /// An object bucket could not be made.
    #[error("cannot create the object bucket {name}")]
    ObjectStore {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: CreateObjectStoreError,
    },
}

impl StorageError {
    /// Whether only a person can change it.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            StorageError::Newer { .. } | StorageError::Restoring { .. }
        )
    }

    /// Whether it is about what the streams hold.
    pub(crate) fn is_of_data(&self) -> bool {
        self.is_final() || matches!(self, StorageError::Older { .. })
    }
}

/// What the streams are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To work with what they hold, and bring it to our format where it is of an older one.
    Keep,
    /// To work with what they hold, which must be whole.
    Work,
    /// To put back what a backup holds.
    Restore,
}

/// Makes what is missing. Of what is there, corrects the settings that the design rests on, and leaves the limits (ages
/// and sizes) as the operator has set them.
pub(crate) async fn ensure(
    context: &jetstream::Context,
    config: &BusConfig,
    purpose: Purpose,
) -> Result<(), StorageError> {
    let mut older = false;
    for stream in streams(config) {
        let is_marked = MARKED.contains(&stream.name);
        let there = ensure_stream(context, stream, purpose).await?;
        older |= is_marked && format::is_older(&there);
    }
    for bucket in [FOLDERS_BUCKET, RULES_BUCKET, HOLDS_BUCKET] {
        ensure_key_value(context, bucket, Duration::ZERO, config).await?;
    }
    ensure_key_value(context, ACKNOWLEDGEMENTS_BUCKET, ALERTS_AGE, config).await?;
    ensure_key_value(context, SESSIONS_BUCKET, SESSIONS_AGE, config).await?;
    ensure_object_store(context, REFERENCES_BUCKET, Duration::ZERO, config).await?;
    ensure_object_store(context, EVIDENCE_BUCKET, ALERTS_AGE, config).await?;
    match (older, purpose) {
        (false, _) => Ok(()),
        (true, Purpose::Keep) => format::migrate(context).await,
        (true, Purpose::Work | Purpose::Restore) => check_formats(context, &MARKED).await,
    }
}

/// That no stream is of a later format: to be asked before anything is made beside it.
pub(crate) async fn check_none_is_newer(context: &jetstream::Context) -> Result<(), StorageError> {
    for name in MARKED {
        if let Some(there) = settings(context, name).await? {
            format::check_not_newer(name, &there)?;
        }
    }
    Ok(())
}

/// That those of these streams that are there are of our format.
pub(crate) async fn check_formats(
    context: &jetstream::Context,
    names: &[&'static str],
) -> Result<(), StorageError> {
    for &name in names {
        if let Some(there) = settings(context, name).await? {
            format::check(name, &there)?;
        }
    }
    Ok(())
}

/// A stream's settings; `None` where there is no such stream.
async fn settings(
    context: &jetstream::Context,
    name: &'static str,
) -> Result<Option<Config>, StorageError> {
    match context.get_stream(name).await {
        Ok(stream) => Ok(Some(stream.cached_info().config.clone())),
        Err(error) if is_missing(&error) => Ok(None),
        Err(source) => Err(StorageError::AskStream { name, source }),
    }
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(answer) if answer.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

struct StreamPlan {
    name: &'static str,
    config: Config,
}

fn streams(config: &BusConfig) -> [StreamPlan; 5] {
    let plan = |name: &'static str, description: &str, subject: &str| StreamPlan {
        name,
        config: Config {
            name: name.into(),
            description: Some(description.into()),
            subjects: vec![subject.into()],
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            allow_direct: true,
            num_replicas: config.nats_replicas.into(),
            duplicate_window: DUPLICATE_WINDOW,
            ..Config::default()
        },
    };
    let mut uploads = plan(UPLOADS, "Reference pictures: stored, removed", "uploads.*");
    uploads.config.max_messages_per_subject = 64;

    let mut frames = plan(
        FRAMES,
        "The newest frames of each folder: bare pictures",
        "frames.*",
    );
    frames.config.storage = StorageType::Memory;
    frames.config.max_messages_per_subject = 4;
    frames.config.max_age = 5 * MINUTE;
    frames.config.max_bytes = config.frames_max_bytes();

    let mut comparisons = plan(
        COMPARISONS,
        "Each frame compared with its reference",
        "comparisons.*",
    );
    comparisons.config.max_age = DAY;
    comparisons.config.max_bytes = GIGABYTE;

    let mut alerts = plan(ALERTS, "Alerts: firing, resolved", "alerts.*");
    alerts.config.max_age = ALERTS_AGE;

    let mut dead_letters = plan(
        DEAD_LETTERS,
        "Messages that can never be handled, with their cause",
        DeadLetter::SUBJECTS,
    );
    dead_letters.config.max_age = DEAD_LETTERS_AGE;
    dead_letters.config.max_bytes = GIGABYTE;

    let mut plans = [uploads, frames, comparisons, alerts, dead_letters];
    for plan in &mut plans {
        if MARKED.contains(&plan.name) {
            format::mark(&mut plan.config);
        }
    }
    plans
}

async fn ensure_stream(
    context: &jetstream::Context,
    plan: StreamPlan,
    purpose: Purpose,
) -> Result<Config, StorageError> {
    let StreamPlan { name, config } = plan;
    let there = context
        .get_or_create_stream(config.clone())
        .await
        .map_err(|source| StorageError::CreateStream { name, source })?;
    let there = &there.cached_info().config;
    format::check_not_newer(name, there)?;

    if restoration::unfinished(there).is_some() {
        return match purpose {
            Purpose::Work | Purpose::Keep => Err(StorageError::Restoring { name }),
            Purpose::Restore => Ok(there.clone()),
        };
    }
    if let Cow::Owned(corrected) = corrected(there, &config) {
        tracing::info!(stream = name, "correcting the stream's settings");
        context
            .update_stream(corrected)
            .await
            .map_err(|source| StorageError::UpdateStream { name, source })?;
    }
    Ok(there.clone())
}

/// `there`, with the settings of `wanted` that the design rests on.
fn corrected<'a>(there: &'a Config, wanted: &Config) -> Cow<'a, Config> {
    let fits = there.subjects == wanted.subjects
        && there.storage == wanted.storage
        && there.discard == wanted.discard
        && there.allow_direct == wanted.allow_direct
        && per_subject(there) == per_subject(wanted);
    if fits {
        return Cow::Borrowed(there);
    }
    Cow::Owned(Config {
        subjects: wanted.subjects.clone(),
        storage: wanted.storage,
        discard: wanted.discard,
        allow_direct: wanted.allow_direct,
        max_messages_per_subject: wanted.max_messages_per_subject,
        ..there.clone()
    })
}

/// The server answers -1 where 0 was asked for: no limit.
fn per_subject(config: &Config) -> i64 {
    config.max_messages_per_subject.max(0)
}

/// Entries go after `max_age`; never where that is zero.
async fn ensure_key_value(
    context: &jetstream::Context,
    name: &'static str,
    max_age: Duration,
    config: &BusConfig,
) -> Result<(), StorageError> {
    if context.get_key_value(name).await.is_ok() {
        return Ok(());
    }
    context
        .create_key_value(kv::Config {
            bucket: name.into(),
            history: 1,
            max_age,
            storage: StorageType::File,
            num_replicas: config.nats_replicas.into(),
            ..kv::Config::default()
        })
        .await
        .map_err(|source| StorageError::KeyValue { name, source })?;
    Ok(())
}

/// Objects go after `max_age`; never where that is zero.
async fn ensure_object_store(
    context: &jetstream::Context,
    name: &'static str,
    max_age: Duration,
    config: &BusConfig,
) -> Result<(), StorageError> {
    if context.get_object_store(name).await.is_ok() {
        return Ok(());
    }
    context
        .create_object_store(object_store::Config {
            bucket: name.into(),
            max_age,
            storage: StorageType::File,
            num_replicas: config.nats_replicas.into(),
            ..object_store::Config::default()
        })
        .await
        .map_err(|source| StorageError::ObjectStore { name, source })?;
    Ok(())
}
