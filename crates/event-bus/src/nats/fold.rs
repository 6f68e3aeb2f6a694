//! Folds: each a task that keeps a service's knowledge up to date with a stream.

use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    bus::Bus,
    event::{Event, Stored},
    follow::{From, Latest},
};

/// Starts what keeps a service's knowledge up to date: each fold over a stream is a task of its own, until shutdown.
pub struct Folds {
    bus: Bus,
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

/// Whether a fold has taken in all that was there at its beginning.
pub struct CaughtUp(watch::Receiver<bool>);

impl Bus {
    /// To start folds with, whose tasks `tracker` knows.
    pub fn folds(&self, tracker: &TaskTracker, shutdown: &CancellationToken) -> Folds {
        Folds {
            bus: self.clone(),
            tracker: tracker.clone(),
            shutdown: shutdown.clone(),
        }
    }
}

impl Folds {
    /// Hands events to `learn` as [`Bus::follow`] does.
    pub fn start<E: Event>(&self, learn: impl FnMut(Stored<E>) + Send + 'static) -> CaughtUp {
        self.start_from(From::LatestOfEachKey, learn)
    }

    /// Hands events to `learn` as [`Bus::follow_all`] does.
    pub fn start_at_the_first<E: Event>(
        &self,
        learn: impl FnMut(Stored<E>) + Send + 'static,
    ) -> CaughtUp {
        self.start_from(From::TheFirst, learn)
    }

    fn start_from<E: Event>(
        &self,
        from: From,
        mut learn: impl FnMut(Stored<E>) + Send + 'static,
    ) -> CaughtUp {
        let (sender, caught_up) = watch::channel(false);
        let (bus, shutdown) = (self.bus.clone(), self.shutdown.clone());
        self.tracker.spawn(async move {
            bus.follow_from(from, &shutdown, |latest| match latest {
                Latest::Event(stored) => learn(stored),
                Latest::CaughtUp => {
                    sender.send_replace(true);
                }
            })
            .await;
        });
        CaughtUp(caught_up)
    }
}

impl CaughtUp {
    /// Waits until it has.
    pub async fn wait(mut self) {
        if self.0.wait_for(|it_has| *it_has).await.is_err() {
            // The fold has ended, which it does only at shutdown: never go on.
            std::future::pending::<()>().await;
        }
    }
}
