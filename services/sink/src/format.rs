//! The format of what the sink keeps in Redis, so that no sink writes on where a later one has written otherwise.

use redis::{AsyncCommands, RedisError, RedisResult};

use crate::{Connection, redis_keys::FORMAT_KEY};

/// The format that this version writes; in 1, positions were numbers alone. Where Redis says none, it is empty or of a version
/// that wrote 1 and did not say so.
const FORMAT: u32 = 2;

/// A later version has written to this Redis.
#[derive(Debug, thiserror::Error)]
#[error(
    "Redis has the format {found} ({FORMAT_KEY}), and this sink knows formats up to {FORMAT}; start a version that knows it, or empty Redis: it is filled again"
)]
pub(crate) struct NewerFormat {
    found: String,
}

/// Why it is not known that Redis is for this version to use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormatError {
    #[error("Redis does not say its format ({FORMAT_KEY})")]
    Redis(#[from] RedisError),
    #[error(transparent)]
    Newer(#[from] NewerFormat),
}

/// Checks that Redis has our format, an older one, or none.
pub(crate) async fn check(redis: &mut Connection) -> Result<(), FormatError> {
    let found: Option<String> = redis.get(FORMAT_KEY).await?;
    match found {
        Some(text) if text.parse().is_ok_and(|format: u32| format <= FORMAT) => Ok(()),
        Some(text) => Err(NewerFormat {
            found: text.chars().take(16).collect(),
        }
        .into()),
        None => Ok(()),
    }
}

/// Says that it is of our format, once that was [checked](check). Said twice, or by two sinks, it is the same.
pub(crate) async fn mark(redis: &mut Connection) -> RedisResult<()> {
    redis.set(FORMAT_KEY, FORMAT).await
}
