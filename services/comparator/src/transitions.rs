use std::sync::Arc;

use episode::{Decision, Standing};
use event_bus::{Bus, Expected, Folder, Hold, Origin, PublishError, Stored};
use proto::v1::{Alert, Comparison, Phase};
use time::OffsetDateTime;

use crate::{
    exhibits::{ExhibitError, Exhibits, Pictures},
    state::State,
};

/// Carries out what is decided of a folder, among other comparators that decide as well: each step is published only if
/// what it was decided upon still holds; else it is decided anew upon what came first.
pub(crate) struct Transitions {
    bus: Bus,
    state: Arc<State>,
    exhibits: Exhibits,
}

/// What became of the folder's alert state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    AsItWas,
    Changed,
}

/// Why a decision could not be carried out now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransitionError {
    #[error(transparent)]
    Bus(#[from] PublishError),
    #[error(transparent)]
    Exhibit(#[from] ExhibitError),
}

/// How often a decision is tried against other comparators that are faster each time.
const ATTEMPTS: usize = 8;

/// What a decision is made upon, and what the broker must still hold when it is carried out.
struct Known {
    alert: Option<Stored<Alert>>,
    hold: Option<Stored<Hold>>,
    expected_alert: Expected,
    expected_hold: Expected,
}

impl Transitions {
    pub(crate) fn new(bus: Bus, state: Arc<State>, exhibits: Exhibits) -> Self {
        Transitions {
            bus,
            state,
            exhibits,
        }
    }

    /// Does what follows from a comparison. The frame and the reference behind an alert are stored before it is
    /// published.
    pub(crate) async fn after_comparison(
        &self,
        folder: &Folder,
        comparison: &Comparison,
        pictures: Pictures<'_>,
    ) -> Result<Settled, TransitionError> {
        self.settle(folder, Some((comparison, pictures)), |known| {
            let hold = known.hold.as_ref().and_then(|hold| hold.event.0.as_ref());
            let standing = Standing {
                folder: folder.as_str(),
                rule: &self.state.rule(folder),
                last: known.last(),
                expected: known.expected_alert.0,
                hold,
            };
            episode::after_comparison(&standing, comparison)
        })
        .await
    }

    /// Resolves what is firing in a folder that has no reference any more.
    pub(crate) async fn after_removal(&self, folder: &Folder) -> Result<Settled, TransitionError> {
        let now = OffsetDateTime::now_utc();
        self.settle(folder, None, |known| {
            episode::after_removal(known.last(), now)
        })
        .await
    }

    /// Resolves what is firing in a folder whose alerts are switched off.
    pub(crate) async fn after_switching_off(
        &self,
        folder: &Folder,
    ) -> Result<Settled, TransitionError> {
        let now = OffsetDateTime::now_utc();
        self.settle(folder, None, |known| {
            episode::after_switching_off(known.last(), now)
        })
        .await
    }

    async fn settle(
        &self,
        folder: &Folder,
        seen: Option<(&Comparison, Pictures<'_>)>,
        decide: impl Fn(&Known) -> Decision,
    ) -> Result<Settled, TransitionError> {
        let mut known = self.known(folder);
        for _ in 0..ATTEMPTS {
            let done = match (decide(&known), seen) {
                (Decision::Nothing, _) | (Decision::Remember, None) => return Ok(Settled::AsItWas),
                (Decision::Remember, Some((comparison, _))) => self
                    .remember(folder, comparison, known.expected_hold)
                    .await
                    .map(|()| Settled::AsItWas),
                (Decision::Publish(alert), _) => {
                    if let (Phase::Firing, Some((_, pictures))) = (alert.phase(), seen) {
                        self.exhibits.store(folder, &alert, pictures).await?;
                    }
                    self.publish(folder, *alert, known.expected_alert)
                        .await
                        .map(|()| Settled::Changed)
                }
            };
            match done {
                Err(PublishError::Conflict) => known = self.ask(folder).await?,
                other => return Ok(other?),
            }
        }
        Err(PublishError::Conflict.into())
    }

    /// As the folds have it: now and then a little late.
    fn known(&self, folder: &Folder) -> Known {
        let (alert, hold) = (self.state.alert(folder), self.state.hold(folder));
        Known {
            expected_alert: Expected::after(alert.as_ref()),
            expected_hold: Expected::after(hold.as_ref()),
            alert,
            hold,
        }
    }

    /// As the broker has it. What was known may be newer than that: an alert ends by age, or with its stream. One that
    /// cannot be read is followed, and the last one that could be remains the state.
    async fn ask(&self, folder: &Folder) -> Result<Known, PublishError> {
        let alert = self.bus.last::<Alert>(folder).await?;
        if alert.event.is_some() || alert.expected == Expected(0) {
            self.state.set_alert(folder, alert.event);
        }
        let hold = self.bus.last::<Hold>(folder).await?;
        self.state.set_hold(folder, hold.event);
        Ok(Known {
            expected_alert: alert.expected,
            expected_hold: hold.expected,
            ..self.known(folder)
        })
    }

    async fn remember(
        &self,
        folder: &Folder,
        comparison: &Comparison,
        expected: Expected,
    ) -> Result<(), PublishError> {
        let sequence = self.bus.publish_hold(folder, comparison, expected).await?;
        self.state
            .learn_hold(stored(folder, Hold(Some(comparison.clone())), sequence));
        Ok(())
    }

    async fn publish(
        &self,
        folder: &Folder,
        alert: Alert,
        expected: Expected,
    ) -> Result<(), PublishError> {
        let sequence = self.bus.publish_alert(folder, &alert, expected).await?;
        let (phase, id, message) = (alert.phase(), &alert.id, &alert.message);
        metrics::counter!("framewatch_alerts_total", "phase" => phase.word()).increment(1);
        match phase {
            Phase::Firing => tracing::warn!(target: "comparator::alerts", %folder, id, "{message}"),
            _ => tracing::info!(target: "comparator::alerts", %folder, id, "{message}"),
        }
        self.state.learn_alert(stored(folder, alert, sequence));
        Ok(())
    }
}

impl Known {
    fn last(&self) -> Option<&Alert> {
        self.alert.as_ref().map(|stored| &stored.event)
    }
}

fn stored<E: event_bus::Event<Key = Folder>>(
    folder: &Folder,
    event: E,
    sequence: u64,
) -> Stored<E> {
    Stored {
        key: folder.clone(),
        event,
        stored_at: OffsetDateTime::now_utc(),
        sequence,
        origin: Origin::default(),
    }
}
