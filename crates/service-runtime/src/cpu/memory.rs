//! The memory that all pieces of work take together. Work that needs more than is free waits.

use std::{fmt, sync::Arc};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinError,
};

/// The answer of a piece of work that needs this many bytes and was allowed fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeedsMemory(pub u64);

/// Why a piece of work was not done.
#[derive(Debug)]
pub enum NotDone {
    /// It panicked.
    Panicked(JoinError),
    /// It needs more memory than there is for all.
    TooMuchMemory {
        /// What it needs, in bytes.
        needed_bytes: u64,
        /// What one may have, in bytes.
        most_bytes: u64,
    },
}

/// How much each place may take, and what there is for work that needs more.
#[derive(Clone)]
pub(super) struct Memory {
    place_bytes: u64,
    pot_bytes: u64,
    /// One permit a [`UNIT`].
    pot: Arc<Semaphore>,
}

/// What work has taken from the pot, until this is dropped.
pub(super) struct Taken {
    units: usize,
    _permit: OwnedSemaphorePermit,
}

/// The pot is handed out in such units.
const UNIT: u64 = 64 << 10;

/// The sizes if nothing was set: of the pot, and of each place. A place has room for a picture of 4K in colour, the pot
/// for one of 100 megapixels with transparency.
const POT: u64 = 448_000_000;
const PLACE: u64 = 32_000_000;

impl Memory {
    /// Divides `total` bytes. All places together get a quarter at most, and the pot gets the rest.
    pub(super) fn new(places: usize, total: Option<u64>) -> Self {
        let places = places as u64;
        let total = total.unwrap_or(POT + places * PLACE);
        let place_bytes = (total / 4 / places).min(PLACE);
        let units = (total - places * place_bytes) / UNIT;
        Memory {
            place_bytes,
            pot_bytes: units * UNIT,
            pot: Arc::new(Semaphore::new(units as usize)),
        }
    }

    /// How much work may take without asking.
    pub(super) fn place_bytes(&self) -> u64 {
        self.place_bytes
    }

    /// The error of work that needs more than there ever is.
    pub(super) fn too_much(&self, needed_bytes: u64) -> NotDone {
        metrics::counter!("framewatch_decoding_refused_total").increment(1);
        NotDone::TooMuchMemory {
            needed_bytes,
            most_bytes: self.pot_bytes,
        }
    }

    /// Waits until so much is free; first come, first served. While it waits it has a permit of `waiting`; `None` where there is
    /// none left.
    pub(super) async fn take(
        &self,
        needed_bytes: u64,
        waiting: Option<&Semaphore>,
    ) -> Result<Option<Taken>, NotDone> {
        if needed_bytes > self.pot_bytes {
            return Err(self.too_much(needed_bytes));
        }
        let units = needed_bytes.div_ceil(UNIT);
        let count = u32::try_from(units).map_err(|_| self.too_much(needed_bytes))?;
        let permit = match Arc::clone(&self.pot).try_acquire_many_owned(count) {
            Ok(permit) => permit,
            Err(_) => {
                let Ok(_waits) = waiting.map(Semaphore::try_acquire).transpose() else {
                    return Ok(None);
                };
                let permit = Arc::clone(&self.pot).acquire_many_owned(count).await;
                permit.expect("the semaphore is never closed")
            }
        };
        let units = units as usize;
        gauge().increment((units as u64 * UNIT) as f64);
        Ok(Some(Taken {
            units,
            _permit: permit,
        }))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        gauge().decrement((self.units as u64 * UNIT) as f64);
    }
}

fn gauge() -> metrics::Gauge {
    metrics::gauge!("framewatch_decoding_bytes")
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotDone::Panicked(_) => f.write_str("the decoder gave up on it in an unforeseen way"),
            NotDone::TooMuchMemory {
                needed_bytes,
                most_bytes,
            } => write!(
                f,
                "decoding it takes {} MB of memory, and {} MB are there for one picture; send a smaller one, or raise \
                 --decoding-max-mb (FRAMEWATCH_DECODING_MAX_MB) and the memory of the process with it",
                needed_bytes.div_ceil(1_000_000),
                most_bytes / 1_000_000,
            ),
        }
    }
}

impl From<JoinError> for NotDone {
    fn from(error: JoinError) -> Self {
        NotDone::Panicked(error)
    }
}

impl std::error::Error for NotDone {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            NotDone::Panicked(error) => Some(error),
            NotDone::TooMuchMemory { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_pot_are_the_whole_and_no_more() {
        let usual = Memory::new(2, None);
        assert_eq!(usual.place_bytes, PLACE);
        assert!((POT - UNIT..=POT).contains(&usual.pot_bytes));
        for (places, total) in [(1, 64), (2, 512), (64, 512), (3, 128)] {
            let total = total * 1_000_000;
            let memory = Memory::new(places, Some(total));
            let all = memory.pot_bytes + places as u64 * memory.place_bytes;
            assert!(
                all <= total && all > total - 2 * UNIT - places as u64,
                "{all} of {total}"
            );
            assert!(
                memory.pot_bytes >= total / 4 * 3 - UNIT,
                "{places} of {total}"
            );
        }
    }

    #[tokio::test]
    async fn what_never_fits_is_refused_and_says_what_to_do() {
        let memory = Memory::new(1, Some(64_000_000));
        let refused = memory
            .take(60_000_000, None)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(
            refused.contains("takes 60 MB") && refused.contains("--decoding-max-mb"),
            "{refused}"
        );
        assert!(memory.take(40_000_000, None).await.is_ok());
    }
}
