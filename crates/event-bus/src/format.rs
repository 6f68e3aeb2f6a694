//! The format of what NATS holds for us, so that no service takes data for what they are not.
//!
//! Each of the streams that last says its format in its metadata. That is there from the moment a stream is, it goes
//! where the stream goes, and whoever may ask for a stream's settings may read it, as all services may, the sink too.
//! A stream that was deleted and made anew says of itself what it holds. The buckets, whose client knows no metadata,
//! have the format of the streams; frames have none, being bare pictures.

use async_nats::jetstream::{self, stream::Config};

use crate::{
    StorageError,
    lease::Lease,
    topology::{ALERTS, COMPARISONS, DEAD_LETTERS, UPLOADS},
};

/// The format that this version reads and writes. 0 is what was written before formats were marked.
pub(crate) const FORMAT: u32 = 1;

/// The streams that say what it is.
pub(crate) const MARKED: [&str; 4] = [UPLOADS, COMPARISONS, ALERTS, DEAD_LETTERS];

/// Those that a sink may ask for.
pub(crate) const OF_SINKS: [&str; 2] = [COMPARISONS, ALERTS];

const MARK: &str = "framewatch-format";

/// Marks a stream as one of this version's format.
pub(crate) fn mark(stream: &mut Config) {
    stream.metadata.insert(MARK.into(), FORMAT.to_string());
}

/// What a stream is marked with; one that is not, is of the format 0.
fn found(stream: &Config) -> &str {
    stream.metadata.get(MARK).map_or("0", String::as_str)
}

/// Whether a stream is of an older format than ours.
pub(crate) fn is_older(stream: &Config) -> bool {
    found(stream)
        .parse()
        .is_ok_and(|format: u32| format < FORMAT)
}

/// That this stream is of our format, or of an older one.
pub(crate) fn check_not_newer(name: &'static str, stream: &Config) -> Result<(), StorageError> {
    match found(stream).parse::<u32>() {
        Ok(format) if format <= FORMAT => Ok(()),
        _ => Err(StorageError::Newer {
            name,
            found: found(stream).chars().take(16).collect(),
            known: FORMAT,
        }),
    }
}

/// That this stream is of our format.
pub(crate) fn check(name: &'static str, stream: &Config) -> Result<(), StorageError> {
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

/// Brings all streams to our format. Of several who want to, one does it, while the others wait; broken off anywhere, it is
/// done by whoever comes next.
pub(crate) async fn migrate(context: &jetstream::Context) -> Result<(), StorageError> {
    let failed = |source| StorageError::Migration { source };
    let lease = Lease::take(context).await.map_err(failed)?;
    for name in MARKED {
        let migrated = migrate_stream(context, name).await;
        migrated.map_err(failed)?;
    }
    lease.release().await.map_err(failed)
}

async fn migrate_stream(
    context: &jetstream::Context,
    name: &'static str,
) -> Result<(), crate::StoreError> {
    let stream = context.get_stream(name).await?;
    let mut config = stream.cached_info().config.clone();
    if !is_older(&config) {
        return Ok(());
    }
    tracing::info!(
        stream = name,
        from = found(&config),
        to = FORMAT,
        "bringing the stream to the format of this version"
    );
    // From 0 to 1 nothing is different but that it is said.
    mark(&mut config);
    context.update_stream(config).await?;
    Ok(())
}
