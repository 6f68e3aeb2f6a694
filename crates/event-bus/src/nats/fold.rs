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

    /// Hands on all that [`Bus::follow`] does: for knowledge that has to know when its stream is another one.
    pub fn start_with<E: Event>(&self, apply: impl FnMut(Latest<E>) + Send + 'static) -> CaughtUp {
        self.start_applying(From::LatestOfEachKey, apply)
    }

    /// Hands on all that [`Bus::follow_all`] does.
    pub fn start_with_the_first<E: Event>(
        &self,
        apply: impl FnMut(Latest<E>) + Send + 'static,
    ) -> CaughtUp {
        self.start_applying(From::TheFirst, apply)
    }

    fn start_from<E: Event>(
        &self,
        from: From,
        mut learn: impl FnMut(Stored<E>) + Send + 'static,
    ) -> CaughtUp {
        self.start_applying(from, move |latest| {
            if let Latest::Event(stored) = latest {
                learn(stored);
            }
        })
    }

    fn start_applying<E: Event>(
        &self,
        from: From,
        mut apply: impl FnMut(Latest<E>) + Send + 'static,
    ) -> CaughtUp {
        let (sender, caught_up) = watch::channel(false);
        let (bus, shutdown) = (self.bus.clone(), self.shutdown.clone());
        self.tracker.spawn(async move {
            bus.follow_from(from, &shutdown, |latest| {
                let is_caught_up = matches!(latest, Latest::CaughtUp);
                apply(latest);
                if is_caught_up {
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
