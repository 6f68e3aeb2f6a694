//! One camera's turn: taking it, saying that it is ours, leaving it to another copy.

use std::{sync::Arc, time::Duration};

use event_bus::{CameraAsk, CameraTurn, CameraTurnChange, CameraTurns, Folder};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use turn_taking::{Claim, Grip, Move, SAY_EVERY, Said, Watch};

use super::{KnownTurn, Sharing};

/// How often to look whether it is free.
const LOOK_AFTER: Duration = Duration::from_millis(500);

/// How long the server may take to say whose turn it is, or to store that it is nobody's any more.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// A camera's turn.
pub(crate) struct Turn {
    sharing: Arc<Sharing>,
    folder: Folder,
    watch: Watch,
    claim: Claim<CameraTurns>,
    beat: u64,
    /// Who asks for it.
    asked: Option<CameraAsk>,
}

/// Who had a camera before us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Nobody.
    New,
    /// This copy.
    Again,
    /// Another copy.
    Over,
}

/// Why a camera is ours no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Over {
    /// Another copy has it, or may have it.
    Lost,
    /// This copy is to have it.
    Asked(String),
}

impl Turn {
    pub(crate) fn new(sharing: &Arc<Sharing>, folder: &Folder) -> Self {
        Turn {
            claim: Claim::new(sharing.bus.camera_turns(), folder.clone()),
            sharing: Arc::clone(sharing),
            folder: folder.clone(),
            watch: Watch::default(),
            beat: 0,
            asked: None,
        }
    }

    /// For whoever connects to the camera.
    pub(crate) fn grip(&self) -> Grip {
        self.claim.grip()
    }

    /// Waits until it is ours.
    pub(crate) async fn take(&mut self) -> Taken {
        loop {
            if self.sharing.is_current() {
                let seen = self.sharing.seen(&self.folder);
                let is_free = seen.as_ref().is_none_or(KnownTurn::is_free);
                // What this copy has said itself holds nobody back: there is one task for a camera.
                let is_ours = seen.as_ref().is_some_and(|seen| self.is_ours(&seen.turn));
                let beat = seen.as_ref().map_or(0, |seen| seen.turn.beat);
                let running = self.sharing.began.elapsed();
                if self.watch.see(beat, is_free || is_ours, running) == Move::Take
                    && self.take_after(seen.as_ref()).await
                {
                    return match (is_ours, is_free) {
                        (true, _) => Taken::Again,
                        (false, true) => Taken::New,
                        (false, false) => Taken::Over,
                    };
                }
            }
            sleep(LOOK_AFTER).await;
        }
    }

    async fn take_after(&mut self, seen: Option<&KnownTurn>) -> bool {
        self.beat = seen.map_or(0, |seen| seen.turn.beat) + 1;
        let expected = seen.map_or(0, |seen| seen.revision);
        self.claim.say(&self.ours(), expected).await == Said::Stored
    }

    /// Goes on saying that it is ours; gives why it is no more.
    pub(crate) async fn keep(&mut self) -> Over {
        let mut saying = interval(SAY_EVERY);
        saying.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // It was said when it was taken.
        saying.tick().await;
        loop {
            saying.tick().await;
            if !self.say().await {
                self.claim.let_go();
                return Over::Lost;
            }
            let asked = self.asked.take();
            if let Some(ask) = asked.filter(|ask| self.sharing.gives(ask)) {
                return Over::Asked(ask.by);
            }
        }
    }

    /// Says that it is ours; whether it is.
    async fn say(&mut self) -> bool {
        // Once more where another copy has asked for it.
        for _ in 0..2 {
            self.beat += 1;
            match self.claim.say(&self.ours(), self.claim.revision()).await {
                Said::Stored => return true,
                Said::Unknown => return self.claim.is_sure(),
                Said::Overtaken => match self.look().await {
                    Some(true) => {}
                    Some(false) => return false,
                    None => return self.claim.is_sure(),
                },
            }
        }
        self.claim.is_sure()
    }

    /// Whether it is ours by the last change. It may be: another copy may only have asked for it, or our own answer was
    /// lost.
    async fn look(&mut self) -> Option<bool> {
        let last = self.sharing.bus.last::<CameraTurnChange>(&self.folder);
        let last = timeout(ANSWERS_WITHIN, last).await.ok()?.ok()?;
        let Some(stored) = last.event else {
            return Some(false);
        };
        let turn = stored.event.value.unwrap_or_default();
        let is_ours = self.is_ours(&turn);
        if is_ours {
            self.claim.is_ours_by(stored.sequence);
            self.asked = turn.asked;
        }
        Some(is_ours)
    }

    /// Leaves it to another copy; to any, where that is empty.
    pub(crate) async fn leave_to(&mut self, copy: &str) {
        self.beat += 1;
        let turn = CameraTurn {
            holder: copy.to_owned(),
            beat: self.beat,
            asked: None,
        };
        if self.claim.is_sure() {
            let said = self.claim.say(&turn, self.claim.revision());
            if timeout(ANSWERS_WITHIN, said).await != Ok(Said::Stored) {
                tracing::debug!(folder = %self.folder, "it is not said that a camera is free");
            }
        }
        self.claim.let_go();
    }

    /// There is no such camera any more.
    pub(crate) async fn forget(&mut self) {
        if self.claim.is_sure() {
            let turns = self.sharing.bus.camera_turns();
            timeout(ANSWERS_WITHIN, turns.unset(&self.folder))
                .await
                .ok();
        }
        self.claim.let_go();
    }

    fn is_ours(&self, turn: &CameraTurn) -> bool {
        turn.holder == self.sharing.copy
    }

    fn ours(&self) -> CameraTurn {
        CameraTurn {
            holder: self.sharing.copy.clone(),
            beat: self.beat,
            asked: None,
        }
    }
}
