//! Whose turn it is to send to a receiver, as the bucket `turns` says it.

use std::time::Duration;

use event_bus::{ReceiverName, Turn, Turns as Bucket};
use tokio::time::{interval, sleep, timeout};
use turn_taking::{Claim, Move, SAY_EVERY, Said, Watch};

use super::Shared;
use crate::{known::StoredTurn, outbox::Lane};

/// How often to look whether it is free.
const LOOK_AFTER: Duration = Duration::from_millis(500);

/// How long what was just said may take to come back.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(10);
const COMES_BACK_LOOK: Duration = Duration::from_millis(20);

/// It is another copy's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

pub(super) struct Turns {
    shared: Shared,
    receiver: ReceiverName,
    watch: Watch,
    claim: Claim<Bucket>,
}

impl Turns {
    pub(super) fn new(shared: &Shared, receiver: &ReceiverName) -> Self {
        Turns {
            shared: shared.clone(),
            receiver: receiver.clone(),
            watch: Watch::default(),
            claim: Claim::new(shared.bus.turns(), receiver.clone()),
        }
    }

    /// Waits until it is ours.
    pub(super) async fn take(&mut self) -> Lane {
        loop {
            let seen = self.seen();
            let revision = seen.as_ref().map_or(0, |seen| seen.revision);
            let holder = seen.as_ref().map_or("", |seen| &seen.turn.holder);
            // What this copy has said itself holds nobody back: there is one task for a receiver.
            let is_free = holder.is_empty() || *holder == *self.shared.copy;
            let running = self.shared.now().running;
            if self.watch.see(revision, is_free, running) == Move::Take
                && let Some(lane) = self.take_after(seen).await
            {
                return lane;
            }
            sleep(LOOK_AFTER).await;
        }
    }

    fn seen(&self) -> Option<StoredTurn> {
        self.shared
            .knowledge
            .read()
            .turns
            .get(&self.receiver)
            .cloned()
    }

    /// Takes it if nothing came after what was seen. How long that was ago the broker's clock says.
    async fn take_after(&mut self, seen: Option<StoredTurn>) -> Option<Lane> {
        let turn = Turn {
            holder: self.shared.copy.to_string(),
            ..seen
                .as_ref()
                .map(|seen| seen.turn.clone())
                .unwrap_or_default()
        };
        let expected = seen.as_ref().map_or(0, |seen| seen.revision);
        if !self.write(&turn, expected).await.ok()? {
            return None;
        }
        let taken = self.came_back().await?;
        let lasted = seen.map_or(Duration::ZERO, |seen| {
            Duration::try_from(taken - seen.stored_at).unwrap_or_default()
        });
        let sent_ago: Vec<Duration> = turn
            .sent_ms_ago
            .iter()
            .map(|ago| Duration::from_millis(*ago) + lasted)
            .collect();
        let rests = Duration::from_millis(turn.rests_ms).saturating_sub(lasted);
        let now = self.shared.now();
        let rate = self.shared.routes().receivers.get(&self.receiver)?.rate;
        Some(Lane::new(rate, &sent_ago, rests, now))
    }

    /// When the broker stored what we said last.
    async fn came_back(&self) -> Option<time::OffsetDateTime> {
        let said = self.claim.revision();
        let coming = async {
            loop {
                if let Some(seen) = self.seen().filter(|seen| seen.revision >= said) {
                    return (seen.revision == said).then_some(seen.stored_at);
                }
                sleep(COMES_BACK_LOOK).await;
            }
        };
        timeout(COMES_BACK_WITHIN, coming).await.unwrap_or_default()
    }

    /// Says that it is still ours, where `at_once` or the time for that has come.
    pub(super) async fn say(&mut self, lane: &Lane, at_once: bool) -> Result<(), Lost> {
        if at_once || self.claim.is_due() {
            self.write_of(lane, None).await.map(drop)?;
        }
        Ok(())
    }

    /// Says that a message is about to be sent; says whether that is stored.
    pub(super) async fn announce(&mut self, lane: &Lane) -> Result<bool, Lost> {
        self.write_of(lane, Some(Duration::ZERO)).await
    }

    /// Goes on saying it while something goes on.
    pub(super) async fn while_saying<T>(
        &mut self,
        lane: &Lane,
        work: impl Future<Output = T>,
    ) -> Result<T, Lost> {
        tokio::pin!(work);
        let mut saying = interval(SAY_EVERY);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                _ = saying.tick() => self.say(lane, false).await?,
            }
        }
    }

    /// The same, but lets it go on to its end where it is another one's turn: what was begun is begun.
    pub(super) async fn while_saying_at_all<T>(
        &mut self,
        lane: &Lane,
        work: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(work);
        let mut saying = interval(SAY_EVERY);
        saying.tick().await;
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = saying.tick() => {
                    if self.write_of(lane, Some(Duration::ZERO)).await.is_err() {
                        return work.await;
                    }
                }
            }
        }
    }

    /// Waits, and goes on saying it meanwhile.
    pub(super) async fn say_within(&mut self, lane: &Lane, wait: Duration) -> Result<(), Lost> {
        sleep(wait).await;
        self.say(lane, true).await
    }

    /// Leaves it to another one.
    pub(super) async fn release(&mut self) {
        let Some(seen) = self.seen() else { return };
        let turn = Turn {
            holder: String::new(),
            ..seen.turn
        };
        let revision = self.claim.revision();
        if seen.revision != revision || self.write(&turn, revision).await != Ok(true) {
            tracing::debug!(receiver = %self.receiver, "it is not said that it is free");
        }
    }

    async fn write_of(&mut self, lane: &Lane, sends: Option<Duration>) -> Result<bool, Lost> {
        let now = self.shared.now();
        let milliseconds =
            |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let mut sent_ms_ago: Vec<u64> = lane.sent_ago(now).into_iter().map(milliseconds).collect();
        sent_ms_ago.extend(sends.map(milliseconds));
        let (rests, why) = lane.rests(now);
        let counts = lane.counts();
        let turn = Turn {
            holder: self.shared.copy.to_string(),
            sent_ms_ago,
            rests_ms: milliseconds(rests),
            why: why.to_owned(),
            waiting: counts.waiting as u64,
            held_by_rate: counts.held_by_rate as u64,
            held: counts.held as u64,
        };
        let stored = self.write(&turn, self.claim.revision()).await;
        match stored {
            // As long as nobody else can have begun, it is ours.
            Ok(false) if self.claim.is_sure() => Ok(false),
            Ok(stored) if stored => Ok(true),
            Ok(_) | Err(Lost) => Err(Lost),
        }
    }

    /// Stores a turn and says whether it is stored. `Err` where somebody else has said something since.
    async fn write(&mut self, turn: &Turn, expected: u64) -> Result<bool, Lost> {
        match self.claim.say(turn, expected).await {
            Said::Stored => Ok(true),
            Said::Unknown => Ok(false),
            Said::Overtaken => {
                // It may be ours, whose answer was lost.
                let seen = self.seen();
                let is_ours = seen.filter(|seen| *seen.turn.holder == *self.shared.copy);
                match is_ours.filter(|seen| seen.revision > expected) {
                    Some(seen) => {
                        self.claim.is_ours_by(seen.revision);
                        Ok(false)
                    }
                    None => Err(Lost),
                }
            }
        }
    }
}
