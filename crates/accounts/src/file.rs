//! The file of users and tokens: read and replaced as a whole.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use crate::{Accounts, contents};

/// The file that holds users and tokens.
///
/// It is replaced as a whole, so that whoever reads it sees it before a change or after, never between. Changes take turns
/// by a lock on a file beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersFile(PathBuf);

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error(
        "there is no users file {path}; `framewatch user add NAME --role admin --users-file {path}` makes it",
        path = .0.display()
    )]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("cannot read the users file {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is there, but is not as it must be.
    #[error("the users file {} is damaged in line {line}{}: {message}", path.display(), named(field.as_deref()))]
    Damaged {
        /// Which.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the line sets, if it sets something.
        field: Option<String>,
        /// What is wrong.
        message: String,
    },
    /// It cannot be written.
    #[error("cannot write the users file {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Enough for thousands of users.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Nobody but the owner.
const MODE: u32 = 0o600;

impl UsersFile {
    /// The file at this path, whether it is there or not.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        UsersFile(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Its bytes, by which one tells whether it has changed.
    pub fn bytes(&self) -> Result<Vec<u8>, FileError> {
        self.read_bytes().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => FileError::Missing(self.0.clone()),
            _ => FileError::Read {
                path: self.0.clone(),
                source,
            },
        })
    }

    /// What it holds.
    pub fn read(&self) -> Result<Accounts, FileError> {
        self.parse(&self.bytes()?)
    }

    /// The accounts in its [`bytes`](UsersFile::bytes). An empty file is damaged, since somebody else may be about to
    /// write it.
    pub fn parse(&self, bytes: &[u8]) -> Result<Accounts, FileError> {
        let damaged = |fault: contents::Fault| FileError::Damaged {
            path: self.0.clone(),
            line: fault.line,
            field: fault.field,
            message: fault.message,
        };
        if bytes.is_empty() {
            return Err(damaged(contents::Fault {
                line: 1,
                field: None,
                message: "it is empty".to_owned(),
            }));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            damaged(contents::Fault {
                line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
                field: None,
                message: "it is not UTF-8".to_owned(),
            })
        })?;
        contents::read(text).map_err(damaged)
    }

    /// Whether anybody but the owner and the group may read or write it.
    pub fn is_open_to_others(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|metadata| metadata.mode() & 0o006 != 0)
    }

    /// Changes what it holds; where it is missing, it is made, and where it is empty, filled. What `change` refuses leaves it as it was.
    pub fn change<T, E: From<FileError>>(
        &self,
        change: impl FnOnce(&mut Accounts) -> Result<T, E>,
    ) -> Result<T, E> {
        let write_error = |source| FileError::Write {
            path: self.0.clone(),
            source,
        };
        let _lock = self.lock().map_err(write_error)?;
        let mut accounts = match self.bytes() {
            Err(FileError::Missing(_)) => Accounts::default(),
            Ok(bytes) if bytes.is_empty() => Accounts::default(),
            bytes => self.parse(&bytes?)?,
        };
        let result = change(&mut accounts)?;
        self.replace(&contents::write(&accounts))
            .map_err(write_error)?;
        Ok(result)
    }

    fn read_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = File::open(&self.0)?
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)?;
        if read as u64 > MAX_BYTES {
            let why = format!("it has more than {MAX_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
        }
        Ok(bytes)
    }

    /// Held until it is dropped. The file itself cannot carry the lock, since it is replaced.
    fn lock(&self) -> io::Result<File> {
        let mut path = self.0.clone().into_os_string();
        path.push(".lock");
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(MODE)
            .open(path)?;
        lock.lock()?;
        Ok(lock)
    }

    /// Puts a new file in place of the old one, with its owner and permissions: a service that could read the old one can
    /// read the new one, whoever makes the change.
    fn replace(&self, text: &str) -> io::Result<()> {
        // A link stays one.
        let path = match fs::canonicalize(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.0.clone(),
            other => other?,
        };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut new = tempfile::Builder::new()
            .permissions(Permissions::from_mode(MODE))
            .tempfile_in(folder)?;
        new.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(&path) {
            keep_owner(new.as_file(), &old)?;
        }
        new.as_file().sync_all()?;
        new.persist(&path)?;
        File::open(folder)?.sync_all()
    }
}

fn keep_owner(new: &File, old: &fs::Metadata) -> io::Result<()> {
    let now = new.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        fchown(new, Some(old.uid()), Some(old.gid()))?;
    }
    new.set_permissions(Permissions::from_mode(old.mode() & 0o660))
}

fn named(field: Option<&str>) -> String {
    field.map_or(String::new(), |field| format!(" ({field})"))
}
