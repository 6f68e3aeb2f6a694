//! A task for each receiver: it waits for its turn among the copies of the service, and carries out what the receiver's lane
//! says. No receiver waits for another.

mod storing;
mod turn;

use std::{sync::Arc, time::Duration};

use parking_lot::RwLock;

use event_bus::{Bus, ReceiverName};
use log_limiter::LogLimiter;
use receivers::{Handle, Message, Outcome, Receiver};
use time::OffsetDateTime;
use tokio::time::{Instant, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use turn_taking::{ABANDONED_AFTER, SAY_EVERY};

use crate::{
    cases::cases,
    known::Knowledge,
    messages::Messages,
    outbox::{Answer, Case, Counts, Dispatch, Effect, Lane, Now, Stored},
    routes::Routes,
};
use storing::Storing;
use turn::{Lost, Turns};

/// How often it is looked for what is due while nothing happens.
const LOOK_AFTER: Duration = Duration::from_secs(1);

/// After how long what NATS did not take is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long sending may take as a whole, whatever the receiver's own limit is.
const SENDS_WITHIN: Duration = Duration::from_secs(180);

/// How long a receiver may take to answer when the service is to end.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// What all tasks share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) bus: Bus,
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) routes: Arc<RwLock<Arc<Routes>>>,
    /// Why the file as it is now does not hold; empty where it does.
    pub(crate) refused: Arc<RwLock<String>>,
    pub(crate) messages: Messages,
    /// The name of this copy.
    pub(crate) copy: Arc<str>,
    /// Since when it runs.
    pub(crate) began: Instant,
    pub(crate) complaints: Arc<LogLimiter<(ReceiverName, &'static str)>>,
}

impl Shared {
    pub(crate) fn now(&self) -> Now {
        Now {
            wall: OffsetDateTime::now_utc(),
            running: self.began.elapsed(),
        }
    }

    pub(crate) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.read())
    }
}

/// Tells one receiver, until `stop`.
pub(crate) struct Delivery {
    pub(crate) shared: Shared,
    pub(crate) name: ReceiverName,
}

impl Delivery {
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut turns = Turns::new(&self.shared, &self.name);
        // A counter that begins with 1 has not risen, for who asks Prometheus by how much it did.
        self.count_dead(0);
        loop {
            let Some(lane) = stop.run_until_cancelled(turns.take()).await else {
                return;
            };
            // What was begun is brought to its end: whoever stops it in between has to wait for it to begin again.
            let lost = self.deliver(lane, &mut turns, &stop).await;
            match lost {
                Ok(()) => {
                    turns.release().await;
                    return;
                }
                Err(Lost) => tracing::info!(receiver = %self.name, "another copy sends to it now"),
            }
        }
    }

    /// Carries out what the lane says, as long as it is our turn.
    async fn deliver(
        &self,
        mut lane: Lane,
        turns: &mut Turns,
        stop: &CancellationToken,
    ) -> Result<(), Lost> {
        let mut changes = self.shared.knowledge.changes();
        let mut saying = interval(SAY_EVERY);
        let mut prepared: Option<(String, Message)> = None;
        let mut announced_at = Instant::now();
        loop {
            // What is begun and not sent, the next copy sends.
            if stop.is_cancelled() && !lane.is_settling() {
                return Ok(());
            }
            changes.mark_unchanged();
            let now = self.shared.now();
            let routes = self.shared.routes();
            let Some(addressee) = routes.receivers.get(&self.name) else {
                return Ok(());
            };
            lane.set_rate(addressee.rate);
            let effect = lane.next(&self.cases(&routes, now), now);
            self.show(lane.counts());
            match effect {
                Effect::Wait(until) => {
                    let until = until.map_or(LOOK_AFTER, |until| {
                        until.saturating_sub(now.running).min(LOOK_AFTER)
                    });
                    tokio::select! {
                        () = sleep_until(Instant::now() + until) => {}
                        _ = changes.changed() => {}
                        _ = saying.tick() => turns.say(&lane, false).await?,
                        () = stop.cancelled() => {}
                    }
                }
                Effect::Store(members) => {
                    let results = Storing(&self.shared).store(&members).await;
                    lane.stored(&results);
                    if results.contains(&Stored::Unknown) {
                        self.complain("NATS does not store what is told");
                        turns.say_within(&lane, RETRY).await?;
                    }
                }
                Effect::Announce(dispatch) => {
                    let message = self
                        .shared
                        .messages
                        .of(&routes, &addressee.receiver, &dispatch);
                    let message = turns.while_saying(&lane, message).await?;
                    prepared = Some((dispatch.key.clone(), message));
                    announced_at = Instant::now();
                    match turns.announce(&lane).await? {
                        true => lane.announced(self.shared.now()),
                        false => {
                            lane.not_announced();
                            turns.say_within(&lane, RETRY).await?;
                        }
                    }
                }
                Effect::Send(dispatch) => {
                    let message = prepared.take().filter(|(key, _)| *key == dispatch.key);
                    let Some((_, message)) = message else {
                        return Err(Lost);
                    };
                    if announced_at.elapsed() > ABANDONED_AFTER {
                        // It stood still for too long: another copy may have begun.
                        return Err(Lost);
                    }
                    let sent = self.send(&addressee.receiver, &dispatch, &message);
                    let overdue = async {
                        stop.cancelled().await;
                        sleep(ENDS_WITHIN).await;
                    };
                    tokio::select! {
                        answer = turns.while_saying_at_all(&lane, sent) => {
                            lane.answered(&answer, self.shared.now());
                        }
                        // The next copy sends it again, with the same key.
                        () = overdue => return Ok(()),
                    }
                }
            }
        }
    }

    fn cases(&self, routes: &Routes, now: Now) -> Vec<Case> {
        let known = self.shared.knowledge.read();
        match known.is_current() {
            true => cases(&known, routes, &self.name, now),
            false => Vec::new(),
        }
    }

    async fn send(&self, receiver: &Receiver, dispatch: &Dispatch, message: &Message) -> Answer {
        let began = Instant::now();
        let thread = thread(dispatch);
        let sent = tokio::time::timeout(SENDS_WITHIN, receiver.send(message, thread.as_ref()));
        let outcome = sent.await.unwrap_or_else(|_| Outcome::TryAgain {
            after: None,
            why: format!("it did not answer within {SENDS_WITHIN:?}"),
        });
        let name = self.name.to_string();
        metrics::histogram!("framewatch_notice_send_seconds", "receiver" => name.clone())
            .record(began.elapsed().as_secs_f64());
        let result = match &outcome {
            Outcome::Delivered(_) => "delivered",
            Outcome::TryAgain { .. } => "again",
            Outcome::Refused { .. } => "refused",
        };
        metrics::counter!("framewatch_messages_sent_total", "receiver" => name.clone(), "result" => result)
            .increment(1);
        match outcome {
            Outcome::Delivered(handle) => {
                let told = dispatch.members.len();
                tracing::info!(
                    receiver = name,
                    telling = dispatch.telling.word(),
                    alerts = told,
                    key = dispatch.key,
                    "told"
                );
                Answer::Taken {
                    thread: handle.map(|handle| handle.0),
                }
            }
            Outcome::TryAgain { after, why } => {
                let given_up = dispatch.given_up_after_this();
                if given_up > 0 {
                    self.count_dead(given_up);
                    tracing::error!(
                        receiver = name,
                        key = dispatch.key,
                        alerts = given_up,
                        why,
                        "not told for days, and given up"
                    );
                } else if self.is_due("again") {
                    tracing::warn!(
                        receiver = name,
                        key = dispatch.key,
                        why,
                        "not told; it is tried again"
                    );
                }
                Answer::TryAgain { after, why }
            }
            Outcome::Refused { why } => {
                self.count_dead(dispatch.members.len());
                if self.is_due("refused") {
                    tracing::error!(
                        receiver = name,
                        key = dispatch.key,
                        alerts = dispatch.members.len(),
                        why,
                        "not told, and never will be: `framewatch notify list --failed` shows all of them"
                    );
                }
                Answer::Refused { why }
            }
        }
    }

    fn count_dead(&self, alerts: usize) {
        let name = self.name.to_string();
        metrics::counter!("framewatch_notices_dead_total", "receiver" => name)
            .increment(alerts as u64);
    }

    fn show(&self, counts: Counts) {
        let name = self.name.to_string();
        metrics::gauge!("framewatch_notices_waiting", "receiver" => name.clone())
            .set(counts.waiting as f64);
        metrics::gauge!("framewatch_notices_held", "receiver" => name).set(counts.held as f64);
    }

    fn complain(&self, what: &'static str) {
        if self.is_due(what) {
            tracing::warn!(receiver = %self.name, "{what}");
        }
    }

    fn is_due(&self, what: &'static str) -> bool {
        self.shared.complaints.is_due(&(self.name.clone(), what))
    }
}

/// By what the receiver finds what these were told before, where that is the same of all.
fn thread(dispatch: &Dispatch) -> Option<Handle> {
    let mut threads = dispatch.members.iter().map(|it| &it.notice.thread);
    let first = threads.next()?.as_ref()?;
    threads
        .all(|thread| thread.as_ref() == Some(first))
        .then(|| Handle(first.clone()))
}
