//! The contract: what is in each stream and bucket, one file each, with its [`Declaration`], its events and the calls that
//! publish them. How NATS is used is left to `nats`; making what is declared is left to `operations`.

pub(crate) mod acknowledgements;
pub(crate) mod alerts;
mod allowed;
mod by_folder;
pub(crate) mod camera_settings;
pub(crate) mod camera_tests;
pub(crate) mod camera_turns;
pub(crate) mod cameras;
pub(crate) mod changes;
pub(crate) mod comparisons;
pub(crate) mod dead_letters;
pub(crate) mod declaration;
pub(crate) mod drift;
pub(crate) mod evidence;
pub(crate) mod features;
pub(crate) mod folders;
pub(crate) mod frames;
pub(crate) mod history;
pub(crate) mod holds;
pub(crate) mod latest;
pub(crate) mod learning;
pub(crate) mod normals;
pub(crate) mod notices;
pub(crate) mod notifier_questions;
pub(crate) mod pass;
pub(crate) mod proposals;
pub(crate) mod references;
pub(crate) mod rights;
pub(crate) mod routes;
pub(crate) mod rules;
pub(crate) mod sessions;
pub(crate) mod silences;
pub(crate) mod sources;
pub(crate) mod turns;
pub(crate) mod uploads;

use std::collections::BTreeSet;

use crate::nats::event::Event;
use declaration::Declaration;
use rights::Service;

/// All streams and buckets, in the order in which they are made.
pub static DECLARATIONS: [Declaration; 28] = [
    uploads::DECLARATION,
    frames::DECLARATION,
    comparisons::DECLARATION,
    history::DECLARATION,
    alerts::DECLARATION,
    cameras::DECLARATION,
    changes::DECLARATION,
    sources::DECLARATION,
    dead_letters::DECLARATION,
    folders::DECLARATION,
    rules::DECLARATION,
    camera_settings::DECLARATION,
    camera_turns::DECLARATION,
    holds::DECLARATION,
    learning::DECLARATION,
    acknowledgements::DECLARATION,
    silences::DECLARATION,
    routes::DECLARATION,
    notices::DECLARATION,
    turns::DECLARATION,
    sessions::DECLARATION,
    features::DECLARATION,
    drift::DECLARATION,
    latest::DECLARATION,
    references::DECLARATION,
    normals::DECLARATION,
    proposals::DECLARATION,
    evidence::DECLARATION,
];

impl Declaration {
    /// What is declared of the stream that holds these events.
    pub fn of<E: Event>() -> Option<&'static Declaration> {
        DECLARATIONS
            .iter()
            .find(|declared| declared.stream == E::STREAM)
    }
}

impl Service {
    /// The subjects on which this service must be allowed to publish, with `key` where a key stands.
    pub fn publishes(self, key: &str) -> BTreeSet<String> {
        DECLARATIONS
            .iter()
            .flat_map(|declared| declared.published_by(self, key))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{declaration::Kind, *};

    #[test]
    fn each_is_declared_once_and_holds_what_it_says() {
        let streams: BTreeSet<_> = DECLARATIONS.iter().map(|one| one.stream).collect();
        assert_eq!(streams.len(), DECLARATIONS.len());
        for declared in &DECLARATIONS {
            let prefix = match declared.kind {
                Kind::Events { .. } => "",
                Kind::KeyValue => "KV_",
                Kind::Objects => "OBJ_",
            };
            assert_eq!(declared.stream, format!("{prefix}{}", declared.name));
        }
    }
}
