//! The name and the password that a camera asks for.

use std::fmt;

/// A name and a password. Nothing shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub username: String,
    password: String,
}

impl Login {
    /// A login with this name and password.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Login {
            username: username.into(),
            password: password.into(),
        }
    }

    /// The password, for who logs in.
    pub fn reveal(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and a password", self.username)
    }
}
