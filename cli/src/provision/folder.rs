//! The folder of secrets that a deployment is given.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use accounts::Secret;
use anyhow::{Context as _, anyhow};
use service_runtime::Failure;

/// The folder of all secrets, for its owner's eyes only.
pub(super) struct SecretsFolder(PathBuf);

/// A password, kept in a file of its own.
pub(super) struct Password {
    pub(super) secret: Secret,
    pub(super) origin: Origin,
}

/// Whether the password was made now or found. What was derived from a found one before can still hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Made,
    Found,
}

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

impl SecretsFolder {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = SecretsFolder(path.to_owned());
        folder.make(path)?;
        Ok(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What a file holds; `None` where there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, Failure> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable("read", &path, error)),
        }
    }

    /// Puts a file there, whole or not at all.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path(name);
        let parent = path.parent().expect("a name in the folder has a parent");
        self.make(parent)?;
        let write = || {
            let mut file = tempfile::Builder::new()
                .permissions(Permissions::from_mode(FILE_MODE))
                .tempfile_in(parent)?;
            file.write_all(text.as_bytes())?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|error| unusable("write", &path, error))
    }

    /// Writes only what differs: the file's time says when it changed.
    pub(super) fn update(&self, name: &str, text: &str) -> Result<(), Failure> {
        match self.read(name)? {
            Some(there) if there == text => Ok(()),
            _ => self.write(name, text),
        }
    }

    /// The password of this name, which is made where it is missing.
    pub(super) fn password(&self, name: &str) -> Result<Password, Failure> {
        let file = format!("passwords/{name}");
        let Some(text) = self.read(&file)? else {
            let secret = Secret::random();
            self.write(&file, &format!("{}\n", secret.reveal()))?;
            return Ok(Password {
                secret,
                origin: Origin::Made,
            });
        };
        let secret = Secret::presented(text.trim_end()).ok_or_else(|| {
            Failure::Usage(anyhow!(
                "{} does not hold 64 hexadecimal digits; remove it, and another password is made",
                self.path(&file).display()
            ))
        })?;
        Ok(Password {
            secret,
            origin: Origin::Found,
        })
    }

    /// Makes a folder where it is missing.
    pub(super) fn make(&self, folder: &Path) -> Result<(), Failure> {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder)
            .map_err(|error| unusable("make", folder, error))
    }
}

fn unusable(what: &str, path: &Path, error: io::Error) -> Failure {
    let context = format!("cannot {what} {}", path.display());
    Failure::Usage(Err::<(), _>(error).context(context).expect_err("it is one"))
}
