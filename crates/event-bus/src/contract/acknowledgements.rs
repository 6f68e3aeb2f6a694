//! The bucket `acknowledgements`: who acknowledged which alert, kept as long as the alerts.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use proto::v1::Acknowledgement;

use super::{
    alerts,
    declaration::Declaration,
    rights::{Right, Service},
};
use crate::nats::{
    bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names},
    bus::Bus,
    codec::{from_json, to_json},
    event::Undecodable,
    store_error::StoreError,
};

pub(super) const DECLARATION: Declaration = Declaration {
    max_age: Some(alerts::MAX_AGE),
    rights: &[
        (Service::Upload, &[Right::Write, Right::Follow]),
        (Service::Notifier, &[Right::Follow]),
    ],
    ..Declaration::key_value(Acknowledgements::NAMES, "Who acknowledged which alert")
};

/// Who acknowledged which alert: the bucket `acknowledgements`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledgements;

/// An alert was acknowledged, or that was taken back (`None`).
pub type AcknowledgementChange = Change<Acknowledgements>;

/// The id of an alert as a key of a bucket: one token, `[A-Za-z0-9_-]{1,160}`. Those that comparators make are such; an
/// alert that somebody else publishes may have any.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlertKey(String);

/// An id that cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be acknowledged: an id for that has 1 to 160 letters, digits, `_` and `-`")]
pub struct InvalidAlertKey(String);

const MAX_LENGTH: usize = 160;

impl FromStr for AlertKey {
    type Err = InvalidAlertKey;

    fn from_str(id: &str) -> Result<Self, InvalidAlertKey> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(is_plain) {
            Ok(AlertKey(id.to_owned()))
        } else {
            Err(InvalidAlertKey(id.chars().take(MAX_LENGTH + 1).collect()))
        }
    }
}

impl fmt::Display for AlertKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyValueBucket for Acknowledgements {
    const NAMES: BucketNames = key_value_names!("acknowledgements");
    type Key = AlertKey;
    type Value = Acknowledgement;

    fn encode(acknowledgement: &Acknowledgement) -> Result<Bytes, StoreError> {
        to_json(acknowledgement)
    }

    fn decode(alert: &AlertKey, payload: &Bytes) -> Result<Acknowledgement, Undecodable> {
        let acknowledgement: Acknowledgement = from_json(payload)?;
        acknowledgement
            .check()
            .map_err(|error| Undecodable(error.to_string()))?;
        if acknowledgement.alert_id != alert.0 {
            return Err(Undecodable(format!(
                "the acknowledgement of {:?} names the alert {:?}",
                alert.0, acknowledgement.alert_id
            )));
        }
        Ok(acknowledgement)
    }
}

impl Bus {
    /// Who acknowledged which alert.
    pub fn acknowledgements(&self) -> KeyValue<Acknowledgements> {
        self.key_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_plain_token_is_a_key() {
        for good in ["folder1-1795516800123-0a1b2c3d", "a", &"x".repeat(160)] {
            assert_eq!(good.parse::<AlertKey>().unwrap().to_string(), good);
        }
        let long = "x".repeat(161);
        for bad in [
            "", ">", "*", "..", "a.b", "a/b", "a b", "a\0", "a=b", "ä", &long,
        ] {
            assert!(bad.parse::<AlertKey>().is_err(), "{bad:?} must be refused");
        }
    }
}
