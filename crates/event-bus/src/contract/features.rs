//! The bucket `features`: looks of references and normal pictures, as comparators have computed them. All of it can be computed
//! again from the pictures; what is in an entry, and whether it can be trusted, is left to who compares.

use std::{fmt, str::FromStr, time::Duration};

use bytes::Bytes;

use super::{
    declaration::{Backup, DAY, Declaration},
    rights::{Right, Service},
};
use crate::nats::{
    bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names},
    bus::Bus,
    event::Undecodable,
    store_error::StoreError,
};

/// How long a look is kept if nobody writes it again. Comparators write the looks that they use again each day, so
/// those that go are of pictures that were removed, or of versions that nobody runs. There is no limit in bytes: an
/// entry takes less than its picture does, and a limit would set aside room that nobody else could have.
const MAX_AGE: Duration = Duration::from_secs(30 * DAY.as_secs());

pub(super) const DECLARATION: Declaration = Declaration {
    max_age: Some(MAX_AGE),
    // It is made of the pictures, which a backup holds.
    backup: Backup::No,
    rights: &[(Service::Comparator, &[Right::Write, Right::Ask])],
    ..Declaration::key_value(
        Features::NAMES,
        "What references and normal pictures look like to the detectors",
    )
};

/// The looks of references and normal pictures: the bucket `features`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features;

/// A look was stored; `None` where somebody has deleted it.
pub type FeaturesChange = Change<Features>;

/// A picture, and the version of what looked at it, as a key of a bucket: one token, `[A-Za-z0-9_-]{1,160}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FeaturesKey(String);

/// What cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key of a look: such a key has 1 to 160 letters, digits, `_` and `-`")]
pub struct InvalidFeaturesKey(String);

const MAX_LENGTH: usize = 160;

impl FeaturesKey {
    /// The key of the look that detectors of this version have of the picture with this id.
    ///
    /// # Errors
    /// Where the id has characters that upload services do not use in ids.
    pub fn new(picture: &str, version: &str) -> Result<Self, InvalidFeaturesKey> {
        format!("{picture}_{version}").parse()
    }
}

impl FromStr for FeaturesKey {
    type Err = InvalidFeaturesKey;

    fn from_str(key: &str) -> Result<Self, InvalidFeaturesKey> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=MAX_LENGTH).contains(&key.len()) && key.bytes().all(is_plain) {
            Ok(FeaturesKey(key.to_owned()))
        } else {
            Err(InvalidFeaturesKey(
                key.chars().take(MAX_LENGTH + 1).collect(),
            ))
        }
    }
}

impl fmt::Display for FeaturesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyValueBucket for Features {
    const NAMES: BucketNames = key_value_names!("features");
    type Key = FeaturesKey;
    type Value = Bytes;

    fn encode(look: &Bytes) -> Result<Bytes, StoreError> {
        Ok(look.clone())
    }

    fn decode(_: &FeaturesKey, payload: &Bytes) -> Result<Bytes, Undecodable> {
        Ok(payload.clone())
    }
}

impl Bus {
    /// The looks of references and normal pictures.
    pub fn features(&self) -> KeyValue<Features> {
        self.key_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_token_whatever_an_event_calls_its_picture() {
        let key = FeaturesKey::new("0191d2a4-7c1e-7d5a-8f3b-2a1c4e6f8a90", "view-1_phash-3");
        let text = key.unwrap().to_string();
        assert_eq!(text, "0191d2a4-7c1e-7d5a-8f3b-2a1c4e6f8a90_view-1_phash-3");
        for bad in ["a.b", ">", "a b", "ä", &"x".repeat(161)] {
            assert!(FeaturesKey::new(bad, "view-1").is_err(), "{bad:?}");
        }
    }
}
