use std::{fmt, str::FromStr};

use async_nats::jetstream::kv::Store;
use proto::v1::Acknowledgement;
use time::OffsetDateTime;

use crate::{
    Bus, Event, StoreError, Undecodable,
    event::Message,
    pictures::json,
    registry::{is_put, key},
    topology::ACKNOWLEDGEMENTS_BUCKET,
};

/// Who acknowledged which alert: the key-value bucket `acknowledgements`, kept as long as the alerts. Of several for one
/// alert the last holds.
#[derive(Clone)]
pub struct Acknowledgements(Store);

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

impl Bus {
    /// Who acknowledged which alert.
    pub async fn acknowledgements(&self) -> Result<Acknowledgements, StoreError> {
        let store = self
            .jetstream
            .get_key_value(ACKNOWLEDGEMENTS_BUCKET)
            .await?;
        Ok(Acknowledgements(store))
    }
}

impl Acknowledgements {
    /// Stores an acknowledgement, in place of an earlier one; gives its number among all changes of the bucket.
    pub async fn set(
        &self,
        alert: &AlertKey,
        acknowledgement: &Acknowledgement,
    ) -> Result<u64, StoreError> {
        let value = serde_json::to_vec(acknowledgement)?;
        Ok(self.0.put(&alert.0, value.into()).await?)
    }

    /// Takes it back. Where there is none, nothing changes.
    pub async fn unset(&self, alert: &AlertKey) -> Result<(), StoreError> {
        Ok(self.0.delete(&alert.0).await?)
    }
}

/// An alert was acknowledged, or that was taken back (`None`).
#[derive(Debug, Clone, PartialEq)]
pub struct AcknowledgementChange(pub Option<Acknowledgement>);

impl Event for AcknowledgementChange {
    type Key = AlertKey;
    const STREAM: &'static str = "KV_acknowledgements";
    const SUBJECTS: &'static str = "$KV.acknowledgements.*";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(AlertKey, Self), Undecodable> {
        let alert: AlertKey = key(message).parse().map_err(|error| {
            Undecodable(format!(
                "key of the bucket {ACKNOWLEDGEMENTS_BUCKET}: {error}"
            ))
        })?;
        if !is_put(message) {
            return Ok((alert, AcknowledgementChange(None)));
        }
        let acknowledgement: Acknowledgement = json(message.payload)?;
        acknowledgement
            .check()
            .map_err(|error| Undecodable(error.to_string()))?;
        if acknowledgement.alert_id != alert.0 {
            return Err(Undecodable(format!(
                "key {:?} of the bucket {ACKNOWLEDGEMENTS_BUCKET}: the alert that it names is {:?}",
                alert.0, acknowledgement.alert_id
            )));
        }
        Ok((alert, AcknowledgementChange(Some(acknowledgement))))
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
