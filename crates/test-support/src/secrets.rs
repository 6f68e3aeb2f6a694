//! Files with secrets.

use std::{io::Write, path::PathBuf};

use tempfile::{NamedTempFile, TempDir};

/// Files with a secret each; gone when dropped.
pub struct Secrets(TempDir);

impl Secrets {
    /// None yet.
    pub fn make() -> Self {
        Secrets(TempDir::new().expect("the system's temporary folder can be written"))
    }

    /// A file that holds just this.
    pub fn file(&self, text: &str) -> PathBuf {
        let file = NamedTempFile::new_in(&self.0).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            Ok(file.keep()?)
        });
        let (_, path) = file.expect("a file in our own folder can be written");
        path
    }
}
