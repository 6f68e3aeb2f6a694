//! What lets whoever was told of an alert act on it by the link of the message, without logging in.

use std::fmt;

use data_encoding::HEXLOWER;
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom as _, SystemRandom},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// How long a message's link goes on to let people act, counted from the last message.
const LASTS: Duration = Duration::days(7);

/// Bytes of a secret: 128 bits, which nobody guesses.
const SECRET: usize = 16;

/// A secret in a message's link, kept in the notice of the alert and the receiver that it is for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pass {
    /// In hexadecimal.
    secret: String,
    /// From then on it lets nobody act.
    #[serde(with = "time::serde::rfc3339")]
    ends_at: OffsetDateTime,
}

/// Whether a link's secret lets people act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassSays {
    /// Whoever has it may act.
    Valid,
    /// It was right, and is too old.
    Expired,
    /// It is another one.
    Wrong,
}

impl Pass {
    /// One for a message that is sent now. `before` is that of the same alert's message before, whose link goes on to work.
    pub fn renewed(before: Option<Pass>, now: OffsetDateTime) -> Self {
        Pass {
            secret: before.map_or_else(secret, |before| before.secret),
            ends_at: now + LASTS,
        }
    }

    /// As it stands in a link.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Whether this secret lets people act.
    pub fn says(&self, secret: &str, now: OffsetDateTime) -> PassSays {
        // How long it takes to compare digests tells nothing of what they are of.
        let digest = |text: &str| digest(&SHA256, text.as_bytes());
        if digest(&self.secret).as_ref() != digest(secret).as_ref() {
            return PassSays::Wrong;
        }
        match now < self.ends_at {
            true => PassSays::Valid,
            false => PassSays::Expired,
        }
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass")
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}

fn secret() -> String {
    let mut bytes = [0; SECRET];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system has random numbers");
    HEXLOWER.encode(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_lets_act_for_a_week_after_the_last_message() {
        let first = OffsetDateTime::UNIX_EPOCH;
        let pass = Pass::renewed(None, first);
        let secret = pass.secret().to_owned();
        assert_eq!(
            pass.says(&secret, first + Duration::days(6)),
            PassSays::Valid
        );
        assert_eq!(pass.says(&secret, first + LASTS), PassSays::Expired);

        let pass = Pass::renewed(Some(pass), first + Duration::days(5));
        assert_eq!(
            pass.says(&secret, first + Duration::days(11)),
            PassSays::Valid
        );
    }

    #[test]
    fn no_other_secret_is_right_and_none_is_shown() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let (pass, other) = (Pass::renewed(None, now), Pass::renewed(None, now));
        assert_eq!(pass.secret().len(), 2 * SECRET);
        for wrong in ["", &pass.secret()[1..], other.secret()] {
            assert_eq!(pass.says(wrong, now), PassSays::Wrong, "{wrong}");
        }
        assert!(!format!("{pass:?}").contains(pass.secret()));
    }
}
