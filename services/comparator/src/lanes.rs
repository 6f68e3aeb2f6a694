use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use event_bus::{Delivery, Folder, FrameArrival};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::judge::Judge;

/// What there is to do for a folder.
enum Job {
    Frame(Box<Delivery<FrameArrival>>),
    Revisit,
}

/// One lane for each folder that has something to do: its jobs one after another, in order; the lanes side by side.
pub(crate) struct Lanes {
    judge: Arc<Judge>,
    /// How many frames are taken from the queue before one of them must be finished.
    capacity: usize,
    held: usize,
    waiting: HashMap<Folder, VecDeque<Job>>,
    running: JoinSet<Folder>,
}

/// While one frame is being compared and published, others are decoded.
const FRAMES_PER_WORKER: usize = 4;

impl Lanes {
    pub(crate) fn new(judge: Judge, workers: usize) -> Self {
        Lanes {
            judge: Arc::new(judge),
            capacity: workers * FRAMES_PER_WORKER,
            held: 0,
            waiting: HashMap::new(),
            running: JoinSet::new(),
        }
    }

    /// Works until shutdown, and finishes what has begun.
    pub(crate) async fn run(
        mut self,
        mut frames: mpsc::Receiver<Delivery<FrameArrival>>,
        mut revisits: mpsc::UnboundedReceiver<Folder>,
        shutdown: &CancellationToken,
    ) {
        loop {
            let has_room = self.held < self.capacity;
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(done) = self.running.join_next() => self.finish(done.expect("a job does not panic")),
                Some(folder) = revisits.recv(), if has_room => self.add(folder, Job::Revisit),
                Some(frame) = frames.recv(), if has_room => {
                    self.add(frame.stored.key.clone(), Job::Frame(Box::new(frame)));
                }
            }
        }
        while self.running.join_next().await.is_some() {}
    }

    fn add(&mut self, folder: Folder, job: Job) {
        self.held += 1;
        match self.waiting.get_mut(&folder) {
            Some(lane) => lane.push_back(job),
            None => {
                self.waiting.insert(folder.clone(), VecDeque::new());
                self.start(folder, job);
            }
        }
    }

    fn finish(&mut self, folder: Folder) {
        self.held -= 1;
        match self.waiting.get_mut(&folder).and_then(VecDeque::pop_front) {
            Some(next) => self.start(folder, next),
            None => {
                self.waiting.remove(&folder);
            }
        }
    }

    fn start(&mut self, folder: Folder, job: Job) {
        let judge = Arc::clone(&self.judge);
        self.running.spawn(async move {
            match job {
                Job::Frame(delivery) => judge.frame(*delivery).await,
                Job::Revisit => judge.revisit(&folder).await,
            }
            folder
        });
    }
}
