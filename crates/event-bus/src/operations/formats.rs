//! The format of what NATS holds for us, so that no service takes data for what they are not.
//!
//! Each of the streams that last says its format in its metadata. That is there from the moment a stream is, it goes
//! where the stream goes, and whoever may ask for a stream's settings may read it, as all services may, the sink too.
//! A stream that was deleted and made anew says of itself what it holds. The buckets, whose client knows no metadata,
//! have the format of the streams; frames have none, being bare pictures.

mod to_2;

use std::future::ready;

use async_nats::jetstream::{self, stream::Config};
use futures::future::BoxFuture;

use super::lease::Lease;
use crate::{
    contract::{DECLARATIONS, declaration::Declaration},
    nats::{storage_error::StorageError, store_error::StoreError},
};

/// The format that this version reads and writes. 0 is what was written before formats were marked.
const FORMAT: u32 = 2;

/// Brings what all streams and buckets hold to the next format. Where it was broken off it is done again, also upon what
/// was done already.
type Step = for<'a> fn(&'a jetstream::Context) -> BoxFuture<'a, Result<(), StoreError>>;

/// The step from each format to the next: from 0 to 1, from 1 to 2, and so on. For a new format, raise [`FORMAT`] and add
/// a step.
const STEPS: [Step; FORMAT as usize] = [
    // Nothing is different but that it is said.
    |_| Box::pin(ready(Ok(()))),
    to_2::step,
];

const MARK: &str = "framewatch-format";

/// Marks a stream that is to be made as one of this version's format.
pub(super) fn mark(stream: &mut Config) {
    mark_as(stream, FORMAT);
}

fn mark_as(stream: &mut Config, format: u32) {
    stream.metadata.insert(MARK.into(), format.to_string());
}

/// The format that a stream is marked with. A stream without a mark has the format 0.
fn found(stream: &Config) -> &str {
    stream.metadata.get(MARK).map_or("0", String::as_str)
}

/// Whether a stream is of an older format than this one.
fn is_before(format: u32, stream: &Config) -> bool {
    found(stream).parse().is_ok_and(|found: u32| found < format)
}

/// Whether a stream is of an older format than ours.
pub(super) fn is_older(stream: &Config) -> bool {
    is_before(FORMAT, stream)
}

/// Checks that this stream is of our format, or of an older one.
pub(super) fn check_not_newer(name: &'static str, stream: &Config) -> Result<(), StorageError> {
    match found(stream).parse::<u32>() {
        Ok(format) if format <= FORMAT => Ok(()),
        _ => Err(StorageError::Newer {
            name,
            found: found(stream).chars().take(16).collect(),
            known: FORMAT,
        }),
    }
}

/// Checks that this stream is of our format.
pub(super) fn check(name: &'static str, stream: &Config) -> Result<(), StorageError> {
    check_not_newer(name, stream)?;
    if is_older(stream) {
        return Err(StorageError::Older {
            name,
            found: found(stream).to_owned(),
            known: FORMAT,
        });
    }
    Ok(())
}

/// Checks that no stream is of a later format: to be asked before anything is made beside it.
pub(super) async fn check_none_is_newer(context: &jetstream::Context) -> Result<(), StorageError> {
    for declared in marked() {
        if let Some(there) = settings(context, declared.stream).await? {
            check_not_newer(declared.stream, &there)?;
        }
    }
    Ok(())
}

/// Checks that those of these streams that are there are of our format.
pub(super) async fn check_all(
    context: &jetstream::Context,
    is_of_interest: impl Fn(&Declaration) -> bool,
) -> Result<(), StorageError> {
    for declared in marked().filter(|declared| is_of_interest(declared)) {
        if let Some(there) = settings(context, declared.stream).await? {
            check(declared.stream, &there)?;
        }
    }
    Ok(())
}

/// Brings all streams to our format. Of several who want to, one does it, while the others wait; broken off anywhere, it is
/// done by whoever comes next.
pub(super) async fn migrate(context: &jetstream::Context) -> Result<(), StorageError> {
    let migrate = async {
        let lease = Lease::take(context).await?;
        for (format, step) in (1..).zip(STEPS) {
            bring_to(format, step, context).await?;
        }
        lease.release().await
    };
    migrate
        .await
        .map_err(|source| StorageError::Migration { source })
}

/// Takes the step to this format if any stream is before it, and then says of each that it was taken.
async fn bring_to(format: u32, step: Step, context: &jetstream::Context) -> Result<(), StoreError> {
    let mut older = Vec::new();
    for declared in marked() {
        let stream = context.get_stream(declared.stream).await?;
        let config = stream.cached_info().config.clone();
        if is_before(format, &config) {
            older.push(config);
        }
    }
    if older.is_empty() {
        return Ok(());
    }
    step(context).await?;
    for mut stream in older {
        tracing::info!(
            stream = stream.name,
            from = found(&stream),
            to = format,
            "bringing the stream to the next format"
        );
        mark_as(&mut stream, format);
        context.update_stream(stream).await?;
    }
    Ok(())
}

/// The streams that say their format.
fn marked() -> impl Iterator<Item = &'static Declaration> {
    DECLARATIONS.iter().filter(|declared| declared.is_marked)
}

/// A stream's settings; `None` where there is no such stream.
async fn settings(
    context: &jetstream::Context,
    name: &'static str,
) -> Result<Option<Config>, StorageError> {
    match context.get_stream(name).await {
        Ok(stream) => Ok(Some(stream.cached_info().config.clone())),
        Err(error) => match StoreError::from(error) {
            StoreError::Missing(_) => Ok(None),
            source => Err(StorageError::AskStream { name, source }),
        },
    }
}
