//! The folder with all data of one `up`, which no other can have at the same time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use service_runtime::Failure;
use tokio::time::sleep;

/// The folder that holds all data of one `up`. While the value lives, or a server that was given the
/// [`lock`](DataFolder::lock), no other `up` can have it.
pub(super) struct DataFolder {
    path: PathBuf,
    lock: File,
}

/// How long the servers of an `up` that was killed may take to end.
const PATIENCE: Duration = Duration::from_secs(3);

impl DataFolder {
    /// Takes the folder, and makes it where it is missing.
    pub(super) async fn take(path: &Path) -> Result<Self, Failure> {
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
        let began = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if began.elapsed() > PATIENCE => {
                    return Err(in_use(&path, &mut lock));
                }
                Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(100)).await,
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        lock.set_len(0)?;
        lock.rewind()?;
        write!(lock, "{}", std::process::id())?;
        Ok(DataFolder { path, lock })
    }

    /// The lock, for a server that is to hold it as long as it runs.
    pub(super) fn lock(&self) -> io::Result<File> {
        self.lock.try_clone()
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
