//! Files of settings that people write, as those of cameras and of routes: read as a whole and with a bound, and what is wrong
//! is said with its line, all of it at once.
//!
//! What may stand in a file, and when it is read again, is left to whose file it is.

mod fault;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use fault::{Fault, Faults};

/// A file of settings.
#[derive(Debug, Clone)]
pub struct StrictFile {
    path: PathBuf,
    holds: &'static str,
    max_bytes: u64,
}

/// Why it can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be read.
    #[error("cannot read the {holds} in {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What it holds: `cameras`.
        holds: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It isn't as it must be.
    #[error("{}: {faults}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// All that is wrong.
        faults: Faults,
    },
}

impl StrictFile {
    /// The file at this path. It holds, in a word of people, `cameras`; and no more than `max_bytes`.
    pub fn new(path: impl Into<PathBuf>, holds: &'static str, max_bytes: u64) -> Self {
        StrictFile {
            path: path.into(),
            holds,
            max_bytes,
        }
    }

    /// What stands in it.
    ///
    /// # Errors
    /// Where it can't be read, or is too long.
    pub fn text(&self) -> Result<String, FileError> {
        read_bounded(&self.path, self.max_bytes).map_err(|source| FileError::Read {
            path: self.path.clone(),
            holds: self.holds,
            source,
        })
    }

    /// What its text says by `parse`, which is also given the folder from which files are sought that it names.
    ///
    /// # Errors
    /// Where something in it can't be.
    pub fn parsed<T>(
        &self,
        text: &str,
        parse: impl FnOnce(&str, &Path) -> Result<T, Faults>,
    ) -> Result<T, FileError> {
        let beside = self.path.parent().unwrap_or(Path::new(""));
        parse(text, beside).map_err(|faults| FileError::Wrong {
            path: self.path.clone(),
            faults,
        })
    }
}

/// A file of text that has no more than `max_bytes`.
///
/// # Errors
/// Where it can't be read, or is too long.
pub fn read_bounded(path: &Path, max_bytes: u64) -> io::Result<String> {
    if fs::metadata(path)?.len() > max_bytes {
        let message = format!("it has more than {max_bytes} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    fs::read_to_string(path)
}
