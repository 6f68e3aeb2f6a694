//! Work for the processor, off the threads that answer requests: one pool for a process, whichever services run in it.
//!
//! What the work is, how it is bounded and what counts as large is left to those who bring it.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use clap::Args;
use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

/// How much a process works on at the same time.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Running")]
#[group(skip)]
pub struct CpuConfig {
    /// Frames that are decoded at the same time; where one process runs all services, uploads and small pictures count among them [default: one for each core]
    #[arg(long, env = "FRAMEWATCH_WORKERS", value_name = "COUNT")]
    pub workers: Option<NonZero<u16>>,
}

impl CpuConfig {
    /// A pool of this size. A process makes one.
    pub fn pool(&self) -> CpuPool {
        self.workers
            .map_or_else(CpuPool::default, |workers| CpuPool::new(workers.into()))
    }
}

/// Has a place for each piece of work that may run at the same time. Cheap to clone: the places are shared.
///
/// - First come, first served: a piece waits only for those that came before it.
/// - Whoever may bring many pieces at once brings them through a [`CpuQueue`]. No more of its pieces than there are places
///   stand before a piece of somebody else.
/// - Large pieces run one at a time and take no place, so nobody else waits for them. The processor is shared with them.
#[derive(Clone)]
pub struct CpuPool {
    size: usize,
    /// One permit for each piece that may run.
    places: Arc<Semaphore>,
    /// The permit for a large piece.
    large: Arc<Semaphore>,
}

impl Default for CpuPool {
    /// A place for each core.
    fn default() -> Self {
        CpuPool::new(available_parallelism().unwrap_or(NonZero::<usize>::MIN))
    }
}

impl CpuPool {
    /// A pool with so many places.
    pub fn new(size: NonZero<usize>) -> Self {
        CpuPool {
            size: size.get(),
            places: Arc::new(Semaphore::new(size.get())),
            large: Arc::new(Semaphore::new(1)),
        }
    }

    /// How many places it has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A queue for one kind of work.
    pub fn queue(&self) -> CpuQueue {
        CpuQueue {
            pool: self.clone(),
            door: Arc::new(Semaphore::new(self.size)),
            door_of_large: Arc::new(Semaphore::new(1)),
        }
    }

    /// Does a piece of work of a kind of which only a few wait at a time. `Err` where it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        run_with(&[&self.places], work).await
    }
}

/// One kind of work before the pool: however much of it waits here, the other kinds have their turn. Cheap to clone.
#[derive(Clone)]
pub struct CpuQueue {
    pool: CpuPool,
    /// One permit for each piece that runs or is the next to.
    door: Arc<Semaphore>,
    /// The same for large pieces.
    door_of_large: Arc<Semaphore>,
}

impl CpuQueue {
    /// Does a piece of work. `Err` where it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        run_with(&[&self.door, &self.pool.places], work).await
    }

    /// Does a piece of work that takes much memory or time: of all queues one at a time, beside the others. `Err` where it
    /// panicked.
    pub async fn run_large<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        run_with(&[&self.door_of_large, &self.pool.large], work).await
    }
}

/// Does the work with a permit of each, taken in this order. They stay taken until it is done, even when nobody waits for
/// it any more.
async fn run_with<T: Send + 'static>(
    needed: &[&Arc<Semaphore>],
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let mut taken = Vec::with_capacity(needed.len());
    for &semaphore in needed {
        let permit = Arc::clone(semaphore).acquire_owned().await;
        taken.push(permit.expect("the semaphore is never closed"));
    }
    let working = spawn_blocking(move || {
        let _taken = taken;
        work()
    });
    working.await
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use futures::future::join_all;
    use tokio::sync::oneshot;

    use super::*;

    fn one_place() -> CpuPool {
        CpuPool::new(NonZero::<usize>::MIN)
    }

    /// Work that says when it has begun, and ends when it is told to.
    fn held() -> (
        impl FnOnce() + Send,
        oneshot::Receiver<()>,
        mpsc::Sender<()>,
    ) {
        let (begin, begun) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let work = move || {
            begin.send(()).unwrap();
            ended.recv().unwrap();
        };
        (work, begun, end)
    }

    #[tokio::test]
    async fn frames_get_through_while_large_pictures_are_decoded() {
        let pool = one_place();
        let queue = pool.queue();
        let (decode, begun, end) = held();
        let large = tokio::spawn({
            let queue = queue.clone();
            async move { queue.run_large(decode).await }
        });
        begun.await.unwrap();
        let next = tokio::spawn(async move { queue.run_large(|| ()).await });
        for _ in 0..100 {
            pool.run(|| ()).await.unwrap();
        }
        assert!(!large.is_finished());
        assert!(!next.is_finished(), "one large picture at a time");
        end.send(()).unwrap();
        large.await.unwrap().unwrap();
        next.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_frame_waits_for_no_more_of_a_queue_than_there_are_places() {
        let pool = one_place();
        let queue = pool.queue();
        let (first, begun, end) = held();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(first).await }
        });
        begun.await.unwrap();

        let done = Arc::new(Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let done = Arc::clone(&done);
            move || done.lock().unwrap().push(what)
        };
        let thumbnails = join_all((0..100).map(|_| queue.run(note("thumbnail"))));
        let frame = pool.run(note("frame"));
        let release = async { end.send(()).unwrap() };
        let (thumbnails, frame, ()) = tokio::join!(biased; thumbnails, frame, release);
        assert!(thumbnails.into_iter().all(|made| made.is_ok()));
        frame.unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(
            done.lock().unwrap()[..3],
            ["thumbnail", "frame", "thumbnail"]
        );
    }

    #[tokio::test]
    async fn a_place_stays_taken_until_the_work_is_done_whoever_waits_for_it() {
        let pool = one_place();
        let (work, begun, end) = held();
        let asked = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(work).await }
        });
        begun.await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(pool.places.available_permits(), 0);
        end.send(()).unwrap();
        pool.run(|| ()).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_place_back() {
        let pool = one_place();
        let error = pool.run(|| panic!("on purpose")).await.unwrap_err();
        assert!(error.is_panic());
        pool.run(|| ()).await.unwrap();
    }
}
