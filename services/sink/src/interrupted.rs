//! Why writing stopped, and what an operator does about it.

use event_bus::ReadError;
use redis::RedisError;

use crate::{format::FormatError, position::Unknown};

/// Why writing stopped; it begins again at the position that Redis holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interrupted {
    #[error("{}; events wait in NATS meanwhile", why(.0))]
    Redis(#[from] RedisError),
    #[error(transparent)]
    Position(#[from] Unknown),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("Redis holds less than it did: it was emptied, or lost its last writes")]
    Behind,
    /// Nothing is wrong that is not said already.
    #[error("all keys are to be written anew")]
    Anew,
}

/// What an operator does about it.
fn why(error: &RedisError) -> &'static str {
    match error.code() {
        Some("READONLY") => {
            "Redis is a replica, which takes no writes: give --redis-url the primary"
        }
        Some("OOM") => "Redis is full: raise its maxmemory, or take away what is not the sink's",
        Some("MISCONF") => {
            "Redis takes no writes since it cannot save to its disk: make room there, and see its log"
        }
        Some("LOADING") => "Redis is still loading its data",
        Some("NOREPLICAS") => "Redis takes no writes without its replicas: see that they run",
        Some("NOAUTH" | "WRONGPASS") => "Redis refuses the login",
        Some("NOPERM") => {
            "the sink's user may not use Redis: give it those rights of deploy/redis/users.acl"
        }
        // Of other keys that does not come as far as here.
        Some("WRONGTYPE") => {
            "something that is not the sink's is in a key framewatch:position:*: delete it, and all is written anew"
        }
        _ => "Redis does not take writes",
    }
}
