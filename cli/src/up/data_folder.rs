use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use service_runtime::Failure;

/// The folder that holds all data of one `up`. While the value lives, no other `up` can have it.
pub(super) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Takes the folder, and makes it where it is missing.
    pub(super) fn take(path: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(path)
            .with_context(|| format!("cannot make the data folder {}", path.display()))
            .map_err(Failure::Usage)?;
        let path = fs::canonicalize(path)?;
        let mut lock = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(path.join("lock"))
            .with_context(|| format!("cannot write in the data folder {}", path.display()))
            .map_err(Failure::Usage)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(&path, &mut lock)),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        lock.set_len(0)?;
        lock.rewind()?;
        write!(lock, "{}", std::process::id())?;
        Ok(DataFolder { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn in_use(path: &Path, lock: &mut File) -> Failure {
    let mut holder = String::new();
    let holder = match lock.read_to_string(&mut holder) {
        Ok(_) if !holder.is_empty() => format!(" (process {holder})"),
        _ => String::new(),
    };
    Failure::Unavailable(anyhow!(
        "the data folder {} is in use by another `framewatch up`{holder}; end that one, or name another folder by --data",
        path.display()
    ))
}
