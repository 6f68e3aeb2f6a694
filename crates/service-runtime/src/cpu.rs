//! Work for the processor, off the threads that answer requests: one pool for a process, whichever services run in it, and one
//! budget of memory.
//!
//! Whoever brings the work decides what it is, how it is bounded and what counts as large.

mod memory;

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use clap::Args;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, spawn_blocking},
};

pub use memory::{NeedsMemory, NotDone};

use memory::Memory;

/// How much a process works on at the same time.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Running")]
#[group(skip)]
pub struct CpuConfig {
    /// Frames that are decoded at the same time; where one process runs all services, uploads and small pictures count among them [default: one for each core]
    #[arg(long, env = "FRAMEWATCH_WORKERS", value_name = "COUNT")]
    pub workers: Option<NonZero<u16>>,

    /// Memory for decoding pictures, in megabytes, of all services of the process together: a picture that does not fit waits, and
    /// one that never could is refused [default: 448, and 32 for each worker]
    #[arg(long, env = "FRAMEWATCH_DECODING_MAX_MB", value_name = "MEGABYTES",
          value_parser = clap::value_parser!(u32).range(64..=1_000_000))]
    pub decoding_max_mb: Option<u32>,
}

impl CpuConfig {
    /// A pool of this size. A process makes one.
    pub fn pool(&self) -> CpuPool {
        let places = self.workers.map_or_else(cores, NonZero::from);
        let memory = self.decoding_max_mb.map(|mb| u64::from(mb) * 1_000_000);
        CpuPool::with_memory(places, memory)
    }
}

/// Has a place for each piece of work that may run at the same time. Cheap to clone: the places are shared.
///
/// - First come, first served: a piece waits only for those that came before it.
/// - Whoever may bring many pieces at once brings them through a [`CpuQueue`]. No more of its pieces than there are places
///   stand before a piece of somebody else.
/// - Large pieces run one at a time and take no place, so nobody else waits for them. The processor is shared with them.
/// - Each place has some memory. A piece that needs more waits until all that need more leave it enough; or is told that
///   enough others wait ([`CpuPool::run_within_soon`]).
#[derive(Clone)]
pub struct CpuPool {
    size: usize,
    /// One permit for each piece that may run.
    places: Arc<Semaphore>,
    /// The permit for a large piece.
    large: Arc<Semaphore>,
    /// The permits for pieces that wait for memory and hold up others of their kind meanwhile.
    waiting: Arc<Semaphore>,
    memory: Memory,
}

/// How many pieces for each place may wait for memory where their kind must not be held up.
const WAITING_PER_PLACE: usize = 4;

impl Default for CpuPool {
    /// A place for each core.
    fn default() -> Self {
        CpuPool::new(cores())
    }
}

fn cores() -> NonZero<usize> {
    available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}

impl CpuPool {
    /// A pool with so many places, and the usual memory.
    pub fn new(size: NonZero<usize>) -> Self {
        CpuPool::with_memory(size, None)
    }

    /// A pool with so many places and so many bytes for all work together.
    fn with_memory(size: NonZero<usize>, bytes: Option<u64>) -> Self {
        CpuPool {
            memory: Memory::new(size.get(), bytes),
            size: size.get(),
            places: Arc::new(Semaphore::new(size.get())),
            large: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(size.get() * WAITING_PER_PLACE)),
        }
    }

    /// How many places it has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A queue for one kind of work, of which as many pieces as there are places stand before others.
    pub fn queue(&self) -> CpuQueue {
        self.queue_of(self.size)
    }

    /// A queue for one kind of work, of which so many pieces stand before others or are being done.
    pub fn queue_of(&self, pieces: usize) -> CpuQueue {
        CpuQueue {
            pool: self.clone(),
            door: Arc::new(Semaphore::new(pieces)),
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

    /// Does a piece of work that is told how many bytes it may take. Where it says that it needs more, it is done again once they
    /// are there.
    ///
    /// # Errors
    /// When it panicked, or so much memory never is there.
    pub async fn run_within<T: Send + 'static>(
        &self,
        work: impl Fn(u64) -> Result<T, NeedsMemory> + Send + Sync + 'static,
    ) -> Result<T, NotDone> {
        let done = self.run_waiting(None, work).await?;
        Ok(done.expect("it waits however many others do"))
    }

    /// The same for work that holds up others of its kind while it waits: of such work only a few pieces wait for memory.
    /// `None` where so many wait already.
    ///
    /// # Errors
    /// As [`Self::run_within`].
    pub async fn run_within_soon<T: Send + 'static>(
        &self,
        work: impl Fn(u64) -> Result<T, NeedsMemory> + Send + Sync + 'static,
    ) -> Result<Option<T>, NotDone> {
        self.run_waiting(Some(&self.waiting), work).await
    }

    async fn run_waiting<T: Send + 'static>(
        &self,
        waiting: Option<&Semaphore>,
        work: impl Fn(u64) -> Result<T, NeedsMemory> + Send + Sync + 'static,
    ) -> Result<Option<T>, NotDone> {
        let way = Way {
            usual: &[&self.places],
            before_memory: &[],
            waiting,
            // Before the place: who has one must not wait for memory.
            after_memory: &[&self.places],
        };
        way.run(&self.memory, Arc::new(work)).await
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

    /// Does a piece of work that is told how many bytes it may take. Where it says that it needs more, it is large, and is done
    /// again once they are there.
    ///
    /// # Errors
    /// When it panicked, or so much memory never is there.
    pub async fn run_within<T: Send + 'static>(
        &self,
        work: impl Fn(u64) -> Result<T, NeedsMemory> + Send + Sync + 'static,
    ) -> Result<T, NotDone> {
        let pool = &self.pool;
        let way = Way {
            usual: &[&self.door, &pool.places],
            // Behind the door: of a queue, one at a time asks for memory.
            before_memory: &[&self.door_of_large, &pool.large],
            waiting: None,
            after_memory: &[],
        };
        let done = way.run(&pool.memory, Arc::new(work)).await?;
        Ok(done.expect("it waits however many others do"))
    }
}

/// The permits that a piece of work takes, in this order.
struct Way<'a> {
    usual: &'a [&'a Arc<Semaphore>],
    before_memory: &'a [&'a Arc<Semaphore>],
    /// Taken while the work waits for memory; it does not wait where there is none.
    waiting: Option<&'a Semaphore>,
    after_memory: &'a [&'a Arc<Semaphore>],
}

impl Way<'_> {
    async fn run<T: Send + 'static>(
        &self,
        memory: &Memory,
        work: Arc<impl Fn(u64) -> Result<T, NeedsMemory> + Send + Sync + 'static>,
    ) -> Result<Option<T>, NotDone> {
        let mut allowed = memory.place_bytes();
        let taken = acquire(self.usual).await;
        let mut done = run_holding(taken, with(Arc::clone(&work), allowed)).await?;
        // It may find out in steps what it needs.
        while let Err(NeedsMemory(needed)) = done {
            if needed <= allowed {
                return Err(memory.too_much(needed));
            }
            let before = acquire(self.before_memory).await;
            let Some(bytes) = memory.take(needed, self.waiting).await? else {
                return Ok(None);
            };
            let after = acquire(self.after_memory).await;
            allowed = needed;
            done = run_holding((before, bytes, after), with(Arc::clone(&work), allowed)).await?;
        }
        done.map(Some)
            .map_err(|NeedsMemory(needed)| memory.too_much(needed))
    }
}

/// The work, told what it may take.
fn with<T>(
    work: Arc<impl Fn(u64) -> T + Send + Sync + 'static>,
    allowed: u64,
) -> impl FnOnce() -> T + Send + 'static {
    move || work(allowed)
}

/// Does the work with a permit of each, taken in this order.
async fn run_with<T: Send + 'static>(
    needed: &[&Arc<Semaphore>],
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    run_holding(acquire(needed).await, work).await
}

async fn acquire(needed: &[&Arc<Semaphore>]) -> Vec<OwnedSemaphorePermit> {
    let mut taken = Vec::with_capacity(needed.len());
    for &semaphore in needed {
        let permit = Arc::clone(semaphore).acquire_owned().await;
        taken.push(permit.expect("the semaphore is never closed"));
    }
    taken
}

/// Runs work and holds what it has taken until the work is done, even when nobody waits for it any more.
async fn run_holding<T: Send + 'static>(
    taken: impl Send + 'static,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let working = spawn_blocking(move || {
        let _taken = taken;
        work()
    });
    working.await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::future::join_all;
    use parking_lot::Mutex;
    use tokio::{
        sync::oneshot,
        task::{JoinSet, yield_now},
    };

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
            move || done.lock().push(what)
        };
        let thumbnails = join_all((0..100).map(|_| queue.run(note("thumbnail"))));
        let frame = pool.run(note("frame"));
        let release = async { end.send(()).unwrap() };
        let (thumbnails, frame, ()) = tokio::join!(biased; thumbnails, frame, release);
        assert!(thumbnails.into_iter().all(|made| made.is_ok()));
        frame.unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(done.lock()[..3], ["thumbnail", "frame", "thumbnail"]);
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

    /// Work that takes this much, and says what it was allowed in the end.
    fn taking(bytes: u64) -> impl Fn(u64) -> Result<u64, NeedsMemory> + Send + Sync {
        move |allowed| match allowed >= bytes {
            true => Ok(allowed),
            false => Err(NeedsMemory(bytes)),
        }
    }

    fn of_64_mb() -> CpuPool {
        CpuPool::with_memory(NonZero::<usize>::MIN, Some(64_000_000))
    }

    #[tokio::test]
    async fn what_fits_into_a_place_asks_for_nothing_and_what_does_not_gets_what_it_needs() {
        let pool = of_64_mb();
        for (bytes, allowed) in [(1, 16_000_000), (30_000_000, 30_000_000)] {
            assert_eq!(pool.run_within(taking(bytes)).await.unwrap(), allowed);
            let queue = pool.queue();
            assert_eq!(queue.run_within(taking(bytes)).await.unwrap(), allowed);
        }
        for refused in [
            pool.run_within(taking(50_000_000)).await,
            pool.queue().run_within(taking(50_000_000)).await,
            // It goes on wanting what it has been given.
            pool.run_within(|_| Err(NeedsMemory(1))).await,
        ] {
            assert!(matches!(refused, Err(NotDone::TooMuchMemory { .. })));
        }
    }

    #[tokio::test]
    async fn a_few_wait_for_memory_and_others_are_told() {
        let pool = of_64_mb();
        let queue = pool.queue();
        let (begin, begun) = oneshot::channel();
        let begin = Mutex::new(Some(begin));
        let (end, ended) = mpsc::channel::<()>();
        let ended = Mutex::new(ended);
        let held = tokio::spawn(async move {
            let work = move |allowed| {
                if allowed < 30_000_000 {
                    return Err(NeedsMemory(30_000_000));
                }
                if let Some(begin) = begin.lock().take() {
                    begin.send(()).unwrap();
                }
                ended.lock().recv().unwrap();
                Ok(())
            };
            queue.run_within(work).await
        });
        begun.await.unwrap();
        let mut waiting = JoinSet::new();
        for _ in 0..WAITING_PER_PLACE {
            let pool = pool.clone();
            waiting.spawn(async move { pool.run_within_soon(taking(30_000_000)).await });
        }
        while pool.waiting.available_permits() > 0 {
            yield_now().await;
        }
        let soon = async |bytes| pool.run_within_soon(taking(bytes)).await.unwrap();
        assert_eq!(soon(30_000_000).await, None);
        assert!(soon(1000).await.is_some());
        end.send(()).unwrap();
        held.await.unwrap().unwrap();
        while let Some(done) = waiting.join_next().await {
            assert!(done.unwrap().unwrap().is_some());
        }
        assert!(soon(30_000_000).await.is_some());
    }

    #[tokio::test]
    async fn frames_get_through_while_what_needs_much_waits() {
        let pool = of_64_mb();
        let (begin, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let (end, ended) = mpsc::channel::<()>();
        let ended = Mutex::new(ended);
        let first = move |allowed| match allowed {
            30_000_000 => {
                begin.send(()).unwrap();
                ended.lock().recv().unwrap();
                Ok(())
            }
            _ => Err(NeedsMemory(30_000_000)),
        };
        let queue = pool.queue();
        let first = tokio::spawn(async move { queue.run_within(first).await });
        begun.recv().await.unwrap();
        let second = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run_within(taking(30_000_000)).await }
        });
        // It would fit; of what is large in queues one is done at a time.
        let queue = pool.queue();
        let third = tokio::spawn(async move { queue.run_within(taking(17_000_000)).await });
        for _ in 0..100 {
            pool.run_within(taking(1000)).await.unwrap();
        }
        assert!(!second.is_finished() && !third.is_finished());
        end.send(()).unwrap();
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        third.await.unwrap().unwrap();
    }
}
