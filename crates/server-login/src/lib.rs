//! How to log in to a server, and whom to trust there: name and password, the authority that signed the server's
//! certificate, and a certificate of our own.
//!
//! This crate owns the settings, which are the same for every server but for its name, and reads what their files hold.
//! Handing that to a client, and ways to log in that one server alone knows, are left to `event-bus` and `sink`.

mod file;
mod settings;

use std::{marker::PhantomData, path::PathBuf};

pub use file::{UnusableFile, secret};
use settings::{CA_FILE, CERT_FILE, KEY_FILE, PASSWORD_FILE, flag};

/// A server that asks for a login.
pub trait Server: Default {
    /// Its name, with which flags begin (`nats` in `--nats-user`) and, in capitals, variables (`FRAMEWATCH_NATS_USER`).
    const NAME: &'static str;
}

/// How to log in to a server, and whom to trust there. Secrets come from files.
#[derive(Debug, Clone, Default)]
pub struct ServerLogin<S> {
    /// The name to log in with.
    pub user: Option<String>,
    /// The file with its password.
    pub password_file: Option<PathBuf>,
    /// The file with the certificates (PEM) of those who may have signed the server's. The system's without.
    pub ca_file: Option<PathBuf>,
    /// The file with our own certificate (PEM).
    pub cert_file: Option<PathBuf>,
    /// The file with its key (PEM).
    pub key_file: Option<PathBuf>,
    /// Whose login it is.
    pub server: PhantomData<S>,
}

/// A certificate of our own, in PEM.
pub struct Certificate {
    /// The certificate, or a chain that begins with it.
    pub chain: Vec<u8>,
    /// Its key.
    pub key: Vec<u8>,
}

impl<S: Server> ServerLogin<S> {
    /// Whether nothing of all this was given.
    pub fn is_empty(&self) -> bool {
        let files = [
            &self.password_file,
            &self.ca_file,
            &self.cert_file,
            &self.key_file,
        ];
        self.user.is_none() && files.into_iter().all(Option::is_none)
    }

    /// The password, if one was given.
    ///
    /// # Errors
    /// When its file can't be read.
    pub fn password(&self) -> Result<Option<String>, UnusableFile> {
        let path = self.password_file.as_ref();
        path.map(|path| secret(&flag::<S>(PASSWORD_FILE), path))
            .transpose()
    }

    /// The certificates of those to trust, in PEM, if they were given.
    ///
    /// # Errors
    /// When their file can't be read or doesn't begin with a certificate: a client would take it for an authority that
    /// signed nothing.
    pub fn authority(&self) -> Result<Option<Vec<u8>>, UnusableFile> {
        let path = self.ca_file.as_ref();
        path.map(|path| file::certificates(&flag::<S>(CA_FILE), path))
            .transpose()
    }

    /// Our own certificate, if one was given.
    ///
    /// # Errors
    /// When its file or that of its key can't be read.
    pub fn certificate(&self) -> Result<Option<Certificate>, UnusableFile> {
        let (Some(chain), Some(key)) = (&self.cert_file, &self.key_file) else {
            return Ok(None);
        };
        Ok(Some(Certificate {
            chain: file::read(&flag::<S>(CERT_FILE), chain)?,
            key: file::read(&flag::<S>(KEY_FILE), key)?,
        }))
    }
}
