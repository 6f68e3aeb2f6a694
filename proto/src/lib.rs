//! The event contract: the messages of `framewatch/v1/*.proto` as Rust types.
//!
//! In NATS they are protobuf; in REST, server-sent events and Redis the same messages are proto3 JSON (through `serde`).
//! What this crate leaves to others: subjects and headers (`event-bus`), what the values mean (`comparison`,
//! `alerting`).

mod acknowledgement;
mod alert;
mod conversions;
mod folder;
mod history;
mod known;
mod line;
mod rule;
#[cfg(feature = "openapi")]
mod schemas;
mod silence;
mod source;
mod upload;

pub use acknowledgement::InvalidAcknowledgement;
pub use conversions::{from_timestamp, rfc3339, timestamp};
pub use folder::InvalidFolderDetails;
pub use known::Known;
pub use line::InvalidLine;
pub use rule::{
    BuiltIn, EffectiveRule, FieldKind, FieldValue, InvalidArea, InvalidRule, Learn, Measure,
    RuleField, Silence,
};
pub use silence::{InvalidMatcher, InvalidSilence};

/// Messages of the package `framewatch.v1`.
#[expect(
    missing_docs,
    clippy::all,
    reason = "generated; the documentation is in the .proto files"
)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/framewatch.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/framewatch.v1.serde.rs"));
    include!(concat!(env!("OUT_DIR"), "/framewatch.v1.known.rs"));
}
