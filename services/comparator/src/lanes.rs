//! The order of work: within a folder one thing after another, folders side by side.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use event_bus::{Delivery, Folder, FrameArrival};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    judge::Judge,
    overtaking::Overtaking,
    recheck_queue::{Cause, RecheckQueue},
};

/// What there is to do for a folder.
enum Job {
    Frame(Box<Delivery<FrameArrival>>),
    Recheck(Cause),
}

/// What a folder's lane does, and what waits meanwhile: at most the newest frame, and a request to judge the last frame
/// again.
struct Lane {
    runs: Kind,
    frame: Option<Box<Delivery<FrameArrival>>>,
    recheck: Option<Cause>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Frame,
    Recheck,
}

impl Job {
    fn kind(&self) -> Kind {
        match self {
            Job::Frame(_) => Kind::Frame,
            Job::Recheck(_) => Kind::Recheck,
        }
    }
}

impl Lane {
    fn running(kind: Kind) -> Self {
        Lane {
            runs: kind,
            frame: None,
            recheck: None,
        }
    }

    /// Whether something of this kind runs or waits in it.
    fn has(&self, kind: Kind) -> bool {
        let waits = match kind {
            Kind::Frame => self.frame.is_some(),
            Kind::Recheck => self.recheck.is_some(),
        };
        waits || self.runs == kind
    }

    /// The frame that is overtaken by a newer one: a frame that is delivered again may be older than the one that waits.
    fn push(&mut self, job: Job) -> Option<Box<Delivery<FrameArrival>>> {
        let frame = match job {
            Job::Frame(frame) => frame,
            Job::Recheck(cause) => {
                self.recheck = self.recheck.max(Some(cause));
                return None;
            }
        };
        match self.frame.take() {
            None => {
                self.frame = Some(frame);
                None
            }
            Some(waiting) => self.keep_newer(waiting, frame),
        }
    }

    fn keep_newer(
        &mut self,
        waiting: Box<Delivery<FrameArrival>>,
        frame: Box<Delivery<FrameArrival>>,
    ) -> Option<Box<Delivery<FrameArrival>>> {
        match waiting.stored.stored_at.cmp(&frame.stored.stored_at) {
            Ordering::Less => {
                self.frame = Some(frame);
                Some(waiting)
            }
            Ordering::Greater => {
                self.frame = Some(waiting);
                Some(frame)
            }
            // The same frame once more: the later delivery is the one that the server waits for.
            Ordering::Equal => {
                self.frame = Some(frame);
                None
            }
        }
    }

    fn pop(&mut self) -> Option<Job> {
        let recheck = self.recheck.take().map(Job::Recheck);
        let next = recheck.or_else(|| self.frame.take().map(Job::Frame))?;
        self.runs = next.kind();
        Some(next)
    }
}

/// One lane for each folder that has something to do: its jobs one after another, the lanes side by side.
///
/// A frame that waits is overtaken by the folder's next one, so a folder that sends faster than it can be judged holds
/// two frames at most and leaves the workers to the others.
///
/// Frames and folders that are to be judged again have room of their own, so that neither keeps the other waiting: a rule that
/// changes for ten thousand folders holds up no new frame.
pub(crate) struct Lanes {
    judge: Arc<Judge>,
    overtaking: Overtaking,
    /// In how many lanes there may be a frame before one must be finished.
    frames: usize,
    /// In how many lanes a folder may be judged again, the same way.
    rechecks: usize,
    lanes: HashMap<Folder, Lane>,
    running: JoinSet<Folder>,
    shutdown: CancellationToken,
}

/// While one frame is being compared and published, others are decoded.
const FRAMES_PER_WORKER: usize = 8;

/// Where new frames take all the time there is, judging again takes a fifth of it.
const RECHECKS_PER_WORKER: usize = 2;

impl Lanes {
    pub(crate) fn new(
        judge: Judge,
        overtaking: Overtaking,
        workers: usize,
        shutdown: CancellationToken,
    ) -> Self {
        Lanes {
            judge: Arc::new(judge),
            overtaking,
            frames: workers * FRAMES_PER_WORKER,
            rechecks: workers * RECHECKS_PER_WORKER,
            lanes: HashMap::new(),
            running: JoinSet::new(),
            shutdown,
        }
    }

    /// Works until shutdown, and finishes what has begun.
    pub(crate) async fn run(
        mut self,
        mut frames: mpsc::Receiver<Delivery<FrameArrival>>,
        rechecks: &RecheckQueue,
    ) {
        let shutdown = self.shutdown.clone();
        loop {
            let takes_rechecks = self.count(Kind::Recheck) < self.rechecks;
            let has_room = self.count(Kind::Frame) < self.frames;
            // Others may have them. A rule that changes wakes this by the recheck that it gives cause for.
            let takes_frames = has_room && self.judge.has_all_measures();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(done) = self.running.join_next() => self.finish(done.expect("a job does not panic")),
                (folder, cause) = rechecks.next(), if takes_rechecks => self.add(folder, Job::Recheck(cause)).await,
                Some(frame) = frames.recv(), if takes_frames => self.take(frame).await,
            }
        }
        while self.running.join_next().await.is_some() {}
    }

    async fn take(&mut self, frame: Delivery<FrameArrival>) {
        if self.overtaking.passes_over(&frame.stored) {
            return let_go(frame).await;
        }
        let folder = frame.stored.key.clone();
        self.add(folder, Job::Frame(Box::new(frame))).await;
    }

    async fn add(&mut self, folder: Folder, job: Job) {
        let Some(lane) = self.lanes.get_mut(&folder) else {
            let lane = Lane::running(job.kind());
            self.lanes.insert(folder.clone(), lane);
            return self.start(folder, job);
        };
        if let Some(overtaken) = lane.push(job) {
            let_go(*overtaken).await;
        }
    }

    /// In how many lanes there is something of a kind. There are few lanes.
    fn count(&self, kind: Kind) -> usize {
        self.lanes.values().filter(|lane| lane.has(kind)).count()
    }

    fn finish(&mut self, folder: Folder) {
        match self.lanes.get_mut(&folder).and_then(Lane::pop) {
            Some(next) => self.start(folder, next),
            None => {
                self.lanes.remove(&folder);
            }
        }
    }

    fn start(&mut self, folder: Folder, job: Job) {
        let (judge, shutdown) = (Arc::clone(&self.judge), self.shutdown.clone());
        self.running.spawn(async move {
            match job {
                Job::Frame(delivery) => judge.frame(*delivery).await,
                Job::Recheck(cause) => judge.recheck(&folder, cause, &shutdown).await,
            }
            folder
        });
    }
}

/// Of a frame that is overtaken.
async fn let_go(frame: Delivery<FrameArrival>) {
    metrics::counter!("framewatch_frames_overtaken_total").increment(1);
    frame.done().await;
}
