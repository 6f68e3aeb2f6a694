//! Checking passwords, a bounded number at a time.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::PasswordHash;

/// Checks passwords, so many at a time: each takes a core and 19 MiB for some ten milliseconds.
#[derive(Debug, Clone)]
pub struct Verifier {
    slots: Arc<Semaphore>,
    nobody: PasswordHash,
}

/// Too many passwords wait to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people are logging in at this moment")]
pub struct Overloaded;

const PATIENCE: Duration = Duration::from_secs(5);

impl Verifier {
    /// One that checks so many at a time. Computes a hash: not for an asynchronous thread.
    pub fn new(at_a_time: usize) -> Self {
        Verifier {
            slots: Arc::new(Semaphore::new(at_a_time)),
            nobody: PasswordHash::of_nobody(),
        }
    }

    /// Another one, with so many places of its own: whoever uses one up leaves the other free.
    pub fn beside(&self, at_a_time: usize) -> Self {
        Verifier {
            slots: Arc::new(Semaphore::new(at_a_time)),
            nobody: self.nobody.clone(),
        }
    }

    /// Whether the password is the one behind the hash. If there is no hash, as for a name that nobody has, the answer
    /// is no and takes as long.
    pub async fn verify(
        &self,
        hash: Option<&PasswordHash>,
        password: String,
    ) -> Result<bool, Overloaded> {
        let slot = timeout(PATIENCE, Arc::clone(&self.slots).acquire_owned());
        let Ok(Ok(slot)) = slot.await else {
            return Err(Overloaded);
        };
        let hash = hash.unwrap_or(&self.nobody).clone();
        let checking = spawn_blocking(move || {
            let fits = hash.fits(&password);
            drop(slot);
            fits
        });
        // It fails only where the process ends.
        checking.await.map_err(|_| Overloaded)
    }
}
