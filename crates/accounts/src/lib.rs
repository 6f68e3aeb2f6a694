//! Who may use Framewatch: users with a role and a password, API tokens with a role and an end, and the file that holds
//! both.
//!
//! - [`UsersFile`] reads and changes the file; [`Accounts`] is what it holds.
//! - [`Verifier`] checks passwords, a few at a time and each as slowly as the others.
//! - [`KnownDevice`] tells a device on which somebody has logged in before from all others.
//! - [`Secret`] and [`Digest`]: what only its bearer has, and what is kept of it.
//!
//! What a role may do, sessions, and how often a password may be tried are left to the service that asks.

mod accounts;
mod contents;
mod device;
mod file;
mod name;
mod password;
mod role;
mod secret;
mod token;
mod verifier;

pub use accounts::{Accounts, ChangeError, TokenRefused, User};
pub use device::KnownDevice;
pub use file::{FileError, UsersFile};
pub use name::{InvalidUserName, UserName};
pub use password::{InvalidPassword, Password, PasswordHash};
pub use role::{InvalidRole, Role};
pub use secret::{Digest, Secret};
pub use token::{InvalidNote, Issued, Note, Token, TokenId};
pub use verifier::{Overloaded, Verifier};
