//! The sink against real servers.

mod process;
mod redis_keys;
