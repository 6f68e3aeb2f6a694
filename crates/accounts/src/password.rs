//! Passwords, and the hashes that are kept of them.

use std::fmt;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use serde::{Deserialize, Serialize};

use crate::{Digest, Secret};

/// A password that is good enough to be set.
pub struct Password(String);

/// One that is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Too easily guessed.
    #[error("a password has at least {MIN_CHARS} characters; several words make a good one")]
    TooShort,
    /// More than is ever checked.
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
}

/// The argon2id hash of a password, in the PHC string format.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasswordHash(String);

#[derive(Debug, thiserror::Error)]
#[error("a password is kept as its argon2id hash, as `framewatch user password` writes it")]
pub struct InvalidHash;

const MIN_CHARS: usize = 12;
const MAX_BYTES: usize = 1024;

/// The most memory that checking a password may take, in KiB: more than any hash of ours, which take 19 MiB.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;

impl Password {
    /// Checks it.
    pub fn new(text: String) -> Result<Self, InvalidPassword> {
        if text.chars().count() < MIN_CHARS {
            Err(InvalidPassword::TooShort)
        } else if text.len() > MAX_BYTES {
            Err(InvalidPassword::TooLong)
        } else {
            Ok(Password(text))
        }
    }

    /// Its hash, with a salt of its own. Takes some ten milliseconds and 19 MiB, on purpose.
    pub fn hash(&self) -> PasswordHash {
        hash(&self.0)
    }
}

impl PasswordHash {
    /// One that no password fits.
    pub(crate) fn of_nobody() -> Self {
        hash(Secret::random().reveal())
    }

    /// Whether it is the hash of this password. Takes as long as hashing it.
    pub(crate) fn fits(&self, password: &str) -> bool {
        let Ok(hash) = phc::PasswordHash::new(&self.0) else {
            return false;
        };
        password.len() <= MAX_BYTES
            && Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
    }

    /// The text in the users file, which nobody else may see.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Tells this password of a user from all others that the user ever had, and says nothing else about it.
    pub fn mark(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

/// With the parameters that OWASP recommends for argon2id, which are the default ones: 19 MiB, two passes, one lane.
fn hash(password: &str) -> PasswordHash {
    let hash = Argon2::default().hash_password(password.as_bytes());
    let hash =
        hash.expect("the length was checked, and every system that we run on has random numbers");
    PasswordHash(hash.to_string())
}

impl TryFrom<String> for PasswordHash {
    type Error = InvalidHash;

    fn try_from(text: String) -> Result<Self, InvalidHash> {
        let is_possible = phc::PasswordHash::new(&text).is_ok_and(|hash| {
            let number = |name| hash.params.get_decimal(name);
            hash.algorithm == argon2::ARGON2ID_IDENT
                && hash.hash.is_some()
                && number("m").is_some_and(|memory| memory <= MAX_MEMORY_KIB)
                && number("t").is_some_and(|passes| passes <= MAX_PASSES)
        });
        match is_possible {
            true => Ok(PasswordHash(text)),
            false => Err(InvalidHash),
        }
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
