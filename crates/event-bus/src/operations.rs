//! What is done with all streams and buckets: making them as the contract declares them, bringing them to a format,
//! restoring them, keeping dead letters. Which there are is left to `contract`.

mod connect;
pub(crate) mod dead_letters;
mod ensure;
mod formats;
mod lease;
mod put_back;
pub(crate) mod restore;
pub(crate) mod role;
pub(crate) mod storage;
