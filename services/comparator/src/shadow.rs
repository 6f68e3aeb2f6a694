//! A comparator in shadow: it compares the frames that others have compared, and tells how it would have differed. It takes no
//! frames from others, publishes nothing and stores nothing: another version, measure or threshold can be tried beside the
//! one that counts.
//!
//! - `tally`: what is counted of it, and said once a minute.

mod tally;

use std::sync::Arc;

use clap::Args;
use comparison::{Needs, is_too_dark};
use event_bus::{Bus, Folder, FrameArrival, Latest, StoreError, Stored, with_causes};
use log_limiter::LogLimiter;
use proto::{
    EffectiveRule, Measure, from_timestamp,
    v1::{Comparison, Verdict},
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    baselines::{BaselineError, Baselines},
    comparisons::{self, Circumstances},
    looking::{Looking, NotCompared, Unreadable},
    state::State,
};
use tally::Outcome;
pub(crate) use tally::Tally;

/// The settings of a comparator in shadow.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "In shadow")]
#[group(skip)]
pub struct ShadowConfig {
    /// Compare what other comparators have compared, and only tell by metrics and log how this one would have differed
    #[arg(long)]
    pub shadow: bool,

    /// The measure to try in place of each rule's [default: that of the rule]
    #[arg(long, requires = "shadow", value_name = "MEASURE", value_parser = Measure::WORDS)]
    pub shadow_measure: Option<String>,

    /// The threshold to try in place of each rule's [default: that of the rule]
    #[arg(long, requires = "shadow", value_name = "0..1", value_parser = parse_threshold)]
    pub shadow_threshold: Option<f64>,
}

fn parse_threshold(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(threshold) if (0.0..=1.0).contains(&threshold) => Ok(threshold),
        _ => Err("a threshold is a number from 0 to 1".to_owned()),
    }
}

/// How many published comparisons may wait to be made again. Further ones are counted and left out.
const MOST_WAITING: usize = 256;

/// Compares again what others have compared.
pub(crate) struct Shadow {
    pub(crate) bus: Bus,
    pub(crate) state: Arc<State>,
    pub(crate) looking: Looking,
    pub(crate) baselines: Baselines,
    pub(crate) config: ShadowConfig,
    pub(crate) tally: Tally,
    pub(crate) failures: LogLimiter<Folder>,
}

/// Why a frame was not compared again.
#[derive(Debug, thiserror::Error)]
enum ShadowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Picture(#[from] Unreadable),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error(transparent)]
    NotCompared(#[from] NotCompared),
}

impl Shadow {
    /// Goes on until shutdown, with so many frames at a time.
    pub(crate) async fn run(
        self,
        at_a_time: usize,
        tracker: &TaskTracker,
        shutdown: CancellationToken,
    ) {
        let shadow = Arc::new(self);
        let (queue, mut published) = mpsc::channel(MOST_WAITING);
        tracker.spawn({
            let (shadow, shutdown) = (Arc::clone(&shadow), shutdown.clone());
            async move { shadow.follow(queue, &shutdown).await }
        });
        tracker.spawn(shutdown.clone().run_until_cancelled_owned({
            let shadow = Arc::clone(&shadow);
            async move { shadow.tally.keep_saying().await }
        }));
        let mut running = JoinSet::new();
        loop {
            let has_room = running.len() < at_a_time;
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(done) = running.join_next() => done.expect("a comparison does not panic"),
                Some(comparison) = published.recv(), if has_room => {
                    let shadow = Arc::clone(&shadow);
                    running.spawn(async move { shadow.compare_again(comparison).await });
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Hands on what is published from now on.
    async fn follow(&self, queue: mpsc::Sender<Stored<Comparison>>, shutdown: &CancellationToken) {
        let mut is_live = false;
        self.bus
            .follow::<Comparison>(shutdown, |latest| match latest {
                Latest::Event(comparison) if is_live => {
                    let folder = comparison.key.clone();
                    if queue.try_send(comparison).is_err() {
                        self.tally.count(&folder, Outcome::LeftOut);
                    }
                }
                // What was said before has no frame any more, or others have tried it.
                Latest::Event(_) | Latest::Anew => {}
                Latest::CaughtUp => is_live = true,
            })
            .await;
    }

    async fn compare_again(&self, published: Stored<Comparison>) {
        let folder = published.key;
        let outcome = match self.outcome(&folder, published.event).await {
            Ok(outcome) => outcome,
            Err(error) => {
                if self.failures.is_due(&folder) {
                    tracing::warn!(%folder, error = with_causes(&error), "a frame cannot be compared in shadow; more of them are only counted for a minute");
                }
                Outcome::Failed
            }
        };
        self.tally.count(&folder, outcome);
    }

    async fn outcome(
        &self,
        folder: &Folder,
        published: Comparison,
    ) -> Result<Outcome, ShadowError> {
        let said = published.verdict();
        if let Verdict::Unreadable | Verdict::Unspecified = said {
            return Ok(Outcome::LeftOut);
        }
        let frame = published.frame.as_ref();
        let stored_at = frame.and_then(|frame| frame.stored_at);
        let at = stored_at.as_ref().and_then(from_timestamp);
        let with = published.reference.as_ref().map(|it| it.id.as_str());
        let reference = self.state.reference(folder);
        let reference = reference.filter(|reference| Some(reference.id()) == with);
        let (Some(reference), Some(at), Some(frame)) = (reference, at, frame) else {
            return Ok(Outcome::LeftOut);
        };
        let Some(arrival) = self.bus.stored_at::<FrameArrival>(folder, at).await? else {
            return Ok(Outcome::LeftOut);
        };
        let rule = self.rule(folder);
        let needs = Needs::of(&rule);
        let looked = self.looking.of(arrival.event.picture, needs.clone());
        let look = looked.await?.look;
        let baseline = self
            .baselines
            .of(folder, &reference, &needs, &self.looking)
            .await?;
        let circumstances = Circumstances {
            folder,
            frame,
            reference: &reference,
            rule: &rule,
        };
        let found = self.looking.compare(&baseline, &look, &rule).await?;
        let mut comparison = comparisons::of_found(&circumstances, &baseline, found);
        if is_too_dark(comparison.verdict(), &comparison.findings) {
            // For how long it has been dark, those say that have seen it.
            comparisons::count_darkness(&mut comparison, Some(published));
        }
        Ok(Outcome::of(said, comparison.verdict()))
    }

    fn rule(&self, folder: &Folder) -> EffectiveRule {
        let mut rule = self.state.rule(folder).rule;
        if let Some(measure) = &self.config.shadow_measure {
            rule.measure = Measure::of(measure);
        }
        if let Some(threshold) = self.config.shadow_threshold {
            rule.threshold = threshold;
        }
        rule
    }
}
