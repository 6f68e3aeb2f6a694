//! What the files of a configuration hold: secrets, and certificates. They are read again for each message, so a secret that
//! is changed holds from then on.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use strict_file::read_bounded;

use crate::SpecError;

/// Longer ones are no secrets.
const MAX_BYTES: u64 = 16 * 1024;
const MAX_AUTHORITY_BYTES: u64 = 1024 * 1024;

/// A file with one secret in one line. What shows it shows the path alone.
#[derive(Clone)]
pub(crate) struct SecretFile {
    setting: &'static str,
    path: PathBuf,
}

impl SecretFile {
    /// The file at a path, which is sought from the folder `beside`, if it holds a secret now.
    pub(crate) fn of(setting: &'static str, path: &Path, beside: &Path) -> Result<Self, SpecError> {
        let path = beside.join(path);
        let file = SecretFile { setting, path };
        match secret(&file.path) {
            Ok(_) => Ok(file),
            Err(why) => Err(SpecError { setting, why }),
        }
    }

    /// The secret, at start, where the thread may wait for a disk.
    pub(crate) fn read_now(&self) -> Result<String, String> {
        secret(&self.path)
    }

    /// The secret.
    pub(crate) async fn read(&self) -> Result<String, String> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || secret(&path)).await;
        let read = read.unwrap_or_else(|error| Err(error.to_string()));
        read.map_err(|why| format!("{}: {why}", self.setting))
    }
}

impl fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the secret in {}", self.path.display())
    }
}

fn secret(path: &Path) -> Result<String, String> {
    let text = bounded(path, MAX_BYTES)?;
    let line = text.trim_end_matches(['\r', '\n']);
    if line.trim().is_empty() || line.contains(['\r', '\n', '\0']) {
        return Err(format!(
            "{} must hold the secret in one line, and nothing else",
            path.display()
        ));
    }
    Ok(line.to_owned())
}

/// The certificates (PEM) in the file that `ca-file` names.
pub(crate) fn authority(path: &Path, beside: &Path) -> Result<Vec<u8>, SpecError> {
    let path = beside.join(path);
    let pem = bounded(&path, MAX_AUTHORITY_BYTES).and_then(|pem| {
        let mut found = CertificateDer::pem_slice_iter(pem.as_bytes()).peekable();
        let holds = found.peek().is_some() && found.all(|one| one.is_ok());
        match holds {
            true => Ok(pem.into_bytes()),
            false => Err(format!(
                "{} holds no certificate (PEM) that can be used",
                path.display()
            )),
        }
    });
    pem.map_err(|why| SpecError {
        setting: "ca-file",
        why,
    })
}

fn bounded(path: &Path, max_bytes: u64) -> Result<String, String> {
    read_bounded(path, max_bytes)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}
