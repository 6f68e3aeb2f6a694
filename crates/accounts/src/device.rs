//! Devices on which somebody has logged in before.

use std::fmt;

use ring::hmac;

use crate::{Digest, PasswordHash, Secret};

/// What a device shows on which a user has logged in before. Only whoever has the hash of the user's password can make
/// one. So we keep none, and all become worthless when the password changes. It lets nobody in.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownDevice {
    id: Digest,
    proof: Digest,
}

impl KnownDevice {
    /// One that somebody presents; `None` if it has not the form of one.
    pub fn presented(text: &str) -> Option<Self> {
        let (id, proof) = text.split_once('.')?;
        Some(KnownDevice {
            id: id.to_owned().try_into().ok()?,
            proof: proof.to_owned().try_into().ok()?,
        })
    }

    /// Tells it from all others, and proves nothing.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// As it is given to its bearer.
    pub fn reveal(&self) -> String {
        format!("{}.{}", self.id.as_str(), self.proof.as_str())
    }
}

impl fmt::Debug for KnownDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownDevice(…)")
    }
}

impl PasswordHash {
    /// A device on which this password was given.
    pub fn new_device(&self) -> KnownDevice {
        let id = Secret::random().digest();
        KnownDevice {
            proof: self.proof_of(&id),
            id,
        }
    }

    /// Whether this password was given on it before.
    pub fn knows(&self, device: &KnownDevice) -> bool {
        self.proof_of(&device.id) == device.proof
    }

    fn proof_of(&self, id: &Digest) -> Digest {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.bytes());
        Digest::of(hmac::sign(&key, id.as_str().as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Password;

    fn hash(password: &str) -> PasswordHash {
        Password::new(password.to_owned()).unwrap().hash()
    }

    #[test]
    fn a_device_is_known_by_the_password_that_was_given_on_it() {
        let ours = hash("a horse that counts");
        let device = ours.new_device();
        let shown = KnownDevice::presented(&device.reveal()).unwrap();
        assert!(ours.knows(&shown));
        assert_ne!(device, ours.new_device());

        let changed = hash("a horse that counts");
        assert!(!changed.knows(&shown), "the same words with another salt");
        let other = KnownDevice {
            id: ours.new_device().id,
            ..shown
        };
        assert!(!ours.knows(&other));
    }

    #[test]
    fn what_has_not_its_form_is_none() {
        let digits = "0".repeat(64);
        assert!(KnownDevice::presented(&format!("{digits}.{digits}")).is_some());
        for other in [
            "",
            ".",
            &digits,
            &format!("{digits}.{digits}0"),
            &format!("{digits}."),
        ] {
            assert!(KnownDevice::presented(other).is_none(), "{other}");
        }
    }
}
