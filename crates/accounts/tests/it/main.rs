//! Users and tokens, as the command line and the service use them.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod file;
mod tokens;
mod verifier;

use accounts::{Password, PasswordHash, Role, User};

fn user(name: &str, role: Role) -> User {
    User {
        name: name.parse().unwrap(),
        role,
        password: hash("correct horse battery"),
    }
}

fn hash(password: &str) -> PasswordHash {
    Password::new(password.to_owned()).unwrap().hash()
}
