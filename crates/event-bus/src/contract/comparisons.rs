//! `COMPARISONS`: each frame compared with its folder's reference.

use async_nats::jetstream::message::PublishMessage;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::v1::Comparison;
use ring::digest::{Context, SHA256};

use super::{
    by_folder,
    declaration::{Backup, DAY, Declaration, GIGABYTE, Room},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{bus::Bus, event::Event, publish_error::PublishError},
};

const SUBJECTS: &str = "comparisons.*";

pub(super) const DECLARATION: Declaration = Declaration {
    is_state: true,
    max_age: Some(DAY),
    room: Room::Bytes(GIGABYTE),
    backup: Backup::LatestOfEachKey,
    rights: &[
        (
            Service::Comparator,
            &[
                Right::Write,
                Right::Ask,
                Right::Continue,
                Right::AskForMany,
                Right::Follow,
            ],
        ),
        (Service::Upload, &[Right::Follow]),
        (Service::Sink, &[Right::Follow]),
    ],
    ..Declaration::stream(
        "COMPARISONS",
        SUBJECTS,
        "Each frame compared with its reference",
    )
};

const COMPARISON: &str = "framewatch.v1.Comparison";
const VERDICT: &str = "Verdict";

by_folder::event!(Comparison, DECLARATION.stream, SUBJECTS);

impl Bus {
    /// Publishes a comparison. One of the same identity, published again, counts once, unless its frame has been compared in
    /// another way since.
    pub async fn publish_comparison(
        &self,
        folder: &Folder,
        comparison: &Comparison,
    ) -> Result<u64, PublishError> {
        let first = message(folder, comparison).message_id(message_id(folder, comparison));
        let subject = <Comparison as Event>::subject(folder);
        let acknowledged = self.publish_once(subject, first).await?;
        match acknowledged.duplicate {
            false => Ok(acknowledged.sequence),
            true => {
                self.say_again(folder, comparison, acknowledged.sequence)
                    .await
            }
        }
    }

    /// If another rule was in force in between, the frame's last comparison is by that rule, and no longer true.
    async fn say_again(
        &self,
        folder: &Folder,
        comparison: &Comparison,
        said: u64,
    ) -> Result<u64, PublishError> {
        let last = self.last::<Comparison>(folder).await?;
        let is_overtaken = last.event.is_some_and(|last| {
            let grounds = |comparison| identity(folder, comparison).finish();
            last.event.frame == comparison.frame
                // A reference does not come back: with another one this comparison is late, not true again.
                && last.event.baseline_digest == comparison.baseline_digest
                // A verdict that was carried on before the frame was judged itself is true as well.
                && grounds(&last.event).as_ref() != grounds(comparison).as_ref()
        });
        if !is_overtaken {
            return Ok(said);
        }
        let again = message(folder, comparison).expected_last_subject_sequence(last.expected.0);
        match self.publish::<Comparison>(folder, again).await {
            // Another comparator was faster, or there is a newer frame.
            Err(PublishError::Conflict) => Ok(said),
            other => other,
        }
    }
}

/// The message without an id: published again, it counts again.
pub(crate) fn message(folder: &Folder, comparison: &Comparison) -> PublishMessage {
    let message = by_folder::message(COMPARISON, folder, comparison)
        .header(VERDICT, comparison.verdict().word());
    by_folder::with_similarity(message, comparison.similarity)
}

/// A comparison's identity, and whether its verdict was carried on, since such a frame may be judged itself after all. Short,
/// since the broker keeps every id in memory for as long as it counts once.
fn message_id(folder: &Folder, comparison: &Comparison) -> String {
    let mut identity = identity(folder, comparison);
    if comparison.carried_from.is_some() {
        identity.update(b"carried");
    }
    URL_SAFE_NO_PAD.encode(identity.finish())
}

/// A comparison's identity: the frame, and what it was held against, by what rule and by which detectors.
fn identity(folder: &Folder, comparison: &Comparison) -> Context {
    let frame = comparison.frame.as_ref();
    let stored_at = frame.and_then(|frame| frame.stored_at).unwrap_or_default();
    let mut identity = Context::new(&SHA256);
    for part in [
        folder.as_str().as_bytes(),
        &stored_at.seconds.to_be_bytes(),
        &stored_at.nanos.to_be_bytes(),
        &comparison.baseline_digest,
        &comparison.rule_digest,
        comparison.detector_version.as_bytes(),
    ] {
        identity.update(&(part.len() as u64).to_be_bytes());
        identity.update(part);
    }
    identity
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pbjson_types::Timestamp;
    use proto::v1::Frame;

    use super::*;

    #[test]
    fn whatever_a_comparison_rests_on_makes_another_of_it() {
        let comparison = |seconds, baseline, rule, detectors: &str| Comparison {
            frame: Some(Frame {
                stored_at: Some(Timestamp { seconds, nanos: 0 }),
                ..Frame::default()
            }),
            baseline_digest: Bytes::from_static(baseline),
            rule_digest: Bytes::from_static(rule),
            detector_version: detectors.to_owned(),
            ..Comparison::default()
        };
        let id = |folder: &str, comparison| message_id(&folder.parse().unwrap(), &comparison);
        let first = id("dock", comparison(1, b"a", b"b", "phash-2"));
        assert_eq!(first, id("dock", comparison(1, b"a", b"b", "phash-2")));
        for other in [
            id("gate", comparison(1, b"a", b"b", "phash-2")),
            id("dock", comparison(2, b"a", b"b", "phash-2")),
            id("dock", comparison(1, b"c", b"b", "phash-2")),
            id("dock", comparison(1, b"a", b"c", "phash-2")),
            id("dock", comparison(1, b"a", b"b", "phash-3")),
            id("dock", comparison(1, b"ab", b"", "phash-2")),
        ] {
            assert_ne!(first, other);
        }
        let carried = Comparison {
            carried_from: Some(Timestamp::default()),
            ..comparison(1, b"a", b"b", "phash-2")
        };
        assert_ne!(first, id("dock", carried));
    }
}
