//! What it takes to look at pictures again: the network, a turn, and what was seen before.

use std::time::Duration;

use fingerprint::Limits;
use looks::ModelConfig;
use quick_cache::sync::Cache;
use service_runtime::CpuQueue;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{
    seen::{Key, Told},
    ways::Network,
};
use crate::{
    pictures::decoding::Decoding,
    problem::{Kind, Problem},
};

/// What it takes to look at the pictures behind alerts, and what was seen of some.
pub(crate) struct Measures {
    pub(super) decoding: Decoding,
    model: ModelConfig,
    /// The permit for whoever looks.
    turn: Semaphore,
    pub(super) remembered: Cache<Key, Told>,
}

/// How many alerts of each label are looked at, the latest first.
pub(super) const MOST_OF_EACH: usize = 25;

/// How long a request waits for its turn while another one looks.
const QUEUE_PATIENCE: Duration = Duration::from_secs(5);

/// What was seen is remembered of ten folders with as many alerts as are looked at: eight measures each, of some 200
/// bytes.
const REMEMBERED: usize = 10 * 2 * MOST_OF_EACH * 8;

impl Measures {
    /// Looks within these limits, and takes its turns on the processor in this queue.
    pub(crate) fn new(limits: Limits, queue: CpuQueue, model: ModelConfig) -> Self {
        Measures {
            decoding: Decoding::new(limits, queue),
            model,
            turn: Semaphore::new(1),
            remembered: Cache::new(REMEMBERED),
        }
    }

    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match timeout(QUEUE_PATIENCE, self.turn.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Kind::Busy.because(
                "Pictures are being looked at by other measures for somebody else. Try again in a moment.",
            )),
        }
    }

    /// The network, made anew for each request: it is needed seldom, and takes 40 MB.
    pub(super) async fn network(&self) -> Network {
        let model = self.model.clone();
        match self.decoding.run(move |_| Ok(model.load())).await {
            Ok(Ok(Ok(Some(model)))) => Network::There(model),
            Ok(Ok(Ok(None))) => Network::Missing,
            Ok(Ok(Err(error))) => Network::unusable(&error),
            Ok(Err(error)) => Network::unusable(&error),
            Err(error) => Network::unusable(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use service_runtime::CpuPool;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_looks_at_a_time_and_others_are_told_to_come_back() {
        let queue = CpuPool::default().queue();
        let measures = Measures::new(Limits::default(), queue, ModelConfig::none());
        let first = measures.turn().await.unwrap();
        assert_eq!(measures.turn().await.unwrap_err().kind, Kind::Busy);
        drop(first);
        assert!(measures.turn().await.is_ok());
    }
}
