//! Making the streams and buckets as they are declared, and correcting the settings that the design rests on.

use std::borrow::Cow;

use async_nats::jetstream::{
    self, kv, object_store,
    stream::{Config, DiscardPolicy, StorageType},
};

use super::{formats, restore, role::Role};
use crate::{
    contract::{
        DECLARATIONS,
        declaration::{Declaration, Kind, Medium},
    },
    nats::{config::BusConfig, storage_error::StorageError},
};

/// Makes what is missing. Of what is there, corrects the settings that the design rests on, and leaves the limits (ages
/// and sizes) as the operator has set them. Where there is no room for one, the others are made all the same.
pub(super) async fn ensure(
    context: &jetstream::Context,
    config: &BusConfig,
    role: Role,
) -> Result<(), StorageError> {
    let (mut older, mut no_room) = (false, None);
    for declared in &DECLARATIONS {
        match ensure_one(context, declared, config, role).await {
            Ok(is_older) => older |= is_older,
            Err(error) if error.is_of_room() => no_room = no_room.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = no_room {
        return Err(error);
    }
    match (older, role) {
        (false, _) => Ok(()),
        (true, Role::Keeper) => formats::migrate(context).await,
        (true, _) => formats::check_all(context, |_| true).await,
    }
}

/// Says whether it has an older format.
async fn ensure_one(
    context: &jetstream::Context,
    declared: &Declaration,
    config: &BusConfig,
    role: Role,
) -> Result<bool, StorageError> {
    match declared.kind {
        Kind::Events { subjects } => {
            let wanted = settings(declared, subjects, config);
            let there = ensure_stream(context, declared, wanted, role).await?;
            return Ok(declared.is_marked && formats::is_older(&there));
        }
        Kind::KeyValue => ensure_key_value(context, declared, config, role).await?,
        Kind::Objects => ensure_objects(context, declared, config).await?,
    }
    Ok(false)
}

/// A stream's settings, as they are declared.
fn settings(declared: &Declaration, subjects: &str, config: &BusConfig) -> Config {
    let mut settings = Config {
        name: declared.name.into(),
        description: Some(declared.description.into()),
        subjects: vec![subjects.into()],
        storage: storage(declared),
        discard: DiscardPolicy::Old,
        allow_direct: true,
        num_replicas: config.nats_replicas.into(),
        duplicate_window: declared.duplicate_window,
        max_messages_per_subject: declared.newest_kept.map_or(0, i64::from),
        max_age: declared.max_age.unwrap_or_default(),
        max_bytes: declared.max_bytes(config),
        ..Config::default()
    };
    if declared.is_marked {
        formats::mark(&mut settings);
    }
    settings
}

fn storage(declared: &Declaration) -> StorageType {
    match declared.medium {
        Medium::File => StorageType::File,
        Medium::Memory => StorageType::Memory,
    }
}

async fn ensure_stream(
    context: &jetstream::Context,
    declared: &Declaration,
    mut wanted: Config,
    role: Role,
) -> Result<Config, StorageError> {
    let name = declared.stream;
    let there = context.get_or_create_stream(wanted.clone()).await;
    let there = there.map_err(|error| StorageError::CreateStream {
        name,
        source: error.into(),
    })?;
    let there = &there.cached_info().config;
    formats::check_not_newer(name, there)?;

    if restore::unfinished(there).is_some() {
        return match role {
            Role::Restorer => Ok(there.clone()),
            _ => Err(StorageError::Restoring { name }),
        };
    }
    // A longer window does no harm until the keeper comes, and others may not change streams.
    wanted.duplicate_window = match role {
        Role::Keeper => wanted.duplicate_window.min(there.duplicate_window),
        _ => there.duplicate_window,
    };
    // What an earlier version has made is its own until the keeper has brought it to our format.
    let is_ours = role == Role::Keeper || !declared.is_marked || !formats::is_older(there);
    if let (true, Cow::Owned(corrected)) = (is_ours, corrected(there, &wanted)) {
        tracing::info!(stream = name, "correcting the stream's settings");
        let updated = context.update_stream(corrected).await;
        updated.map_err(|error| StorageError::UpdateStream {
            name,
            source: error.into(),
        })?;
    }
    Ok(there.clone())
}

/// `there`, with the settings of `wanted` that the design rests on.
fn corrected<'a>(there: &'a Config, wanted: &Config) -> Cow<'a, Config> {
    let fits = there.subjects == wanted.subjects
        && there.storage == wanted.storage
        && there.discard == wanted.discard
        && there.allow_direct == wanted.allow_direct
        && there.duplicate_window == wanted.duplicate_window
        && per_subject(there) == per_subject(wanted);
    if fits {
        return Cow::Borrowed(there);
    }
    Cow::Owned(Config {
        subjects: wanted.subjects.clone(),
        storage: wanted.storage,
        discard: wanted.discard,
        allow_direct: wanted.allow_direct,
        duplicate_window: wanted.duplicate_window,
        max_messages_per_subject: wanted.max_messages_per_subject,
        ..there.clone()
    })
}

/// The server answers -1 where 0 was asked for: no limit.
fn per_subject(config: &Config) -> i64 {
    config.max_messages_per_subject.max(0)
}

async fn ensure_key_value(
    context: &jetstream::Context,
    declared: &Declaration,
    config: &BusConfig,
    role: Role,
) -> Result<(), StorageError> {
    let name = declared.name;
    if let Ok(there) = context.get_key_value(name).await {
        return match role {
            Role::Keeper => ensure_memory(context, declared, there).await,
            _ => Ok(()),
        };
    }
    let made = context.create_key_value(kv::Config {
        bucket: name.into(),
        description: declared.description.into(),
        history: declared.newest_kept.map_or(1, i64::from),
        max_age: declared.max_age.unwrap_or_default(),
        max_bytes: declared.max_bytes(config),
        storage: storage(declared),
        num_replicas: config.nats_replicas.into(),
        ..kv::Config::default()
    });
    made.await
        .map(drop)
        .map_err(|error| StorageError::CreateBucket {
            name,
            source: error.into(),
        })
}

/// Lets a bucket that an earlier version made remember as much as this one needs.
async fn ensure_memory(
    context: &jetstream::Context,
    declared: &Declaration,
    there: kv::Store,
) -> Result<(), StorageError> {
    let there = &there.stream.cached_info().config;
    let wanted = declared.newest_kept.map_or(1, i64::from);
    if there.max_messages_per_subject >= wanted {
        return Ok(());
    }
    let updated = context.update_stream(Config {
        max_messages_per_subject: wanted,
        ..there.clone()
    });
    updated
        .await
        .map(drop)
        .map_err(|error| StorageError::UpdateStream {
            name: declared.stream,
            source: error.into(),
        })
}

async fn ensure_objects(
    context: &jetstream::Context,
    declared: &Declaration,
    config: &BusConfig,
) -> Result<(), StorageError> {
    let name = declared.name;
    if context.get_object_store(name).await.is_ok() {
        return Ok(());
    }
    let made = context.create_object_store(object_store::Config {
        bucket: name.into(),
        description: Some(declared.description.into()),
        max_age: declared.max_age.unwrap_or_default(),
        max_bytes: declared.max_bytes(config),
        storage: storage(declared),
        num_replicas: config.nats_replicas.into(),
        ..object_store::Config::default()
    });
    made.await
        .map(drop)
        .map_err(|error| StorageError::CreateBucket {
            name,
            source: error.into(),
        })
}
