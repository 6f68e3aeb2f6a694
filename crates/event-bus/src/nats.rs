//! NATS itself: connecting, publishing, following, working, reading, and buckets of any kind.
//!
//! It knows none of our streams and buckets. What is in them is left to `contract`; making them, and keeping messages that
//! nobody can read, is left to `operations`, which a connection is given as its [`Upkeep`](bus::Upkeep).

mod answers;
mod attempts;
mod backlog;
pub(crate) mod bucket;
pub(crate) mod bus;
pub(crate) mod causes;
pub(crate) mod codec;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod event;
pub(crate) mod fold;
pub(crate) mod follow;
pub(crate) mod headers;
pub(crate) mod incarnation;
mod interruptions;
pub(crate) mod latest;
pub(crate) mod login;
pub(crate) mod objects;
pub(crate) mod origin;
pub(crate) mod past;
pub(crate) mod publish;
pub(crate) mod publish_error;
pub(crate) mod questions;
pub(crate) mod read;
pub(crate) mod readable;
mod since;
pub(crate) mod snapshot;
pub(crate) mod storage_error;
pub(crate) mod store_error;
pub(crate) mod subject;
mod unreadable;
pub(crate) mod work;
