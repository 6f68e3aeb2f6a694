//! Alerts: whether one fires or resolves, and how that is carried out among others that decide as well.
//!
//! - [`episode`]: the decision, a pure function of what is known of a folder and of what was just seen.
//! - [`rehearse`]: that decision applied to comparisons that were made already.
//! - [`choices`]: which change of a rule people's own words on its alerts speak for.
//! - [`Transitions`]: carries a decision out by compare-and-set, so that each episode fires once and resolves once.
//! - [`EvidenceWriter`]: the pictures behind an alert.
//! - [`sentences`]: what people are told, made of findings in this one place.
//!
//! Each folder has two subjects, its view and its camera, with episodes of their own. Comparing is left to `comparison`;
//! who looks at which frame when, to the comparator.

mod age;
mod choice;
mod clock;
pub mod episode;
mod evidence;
mod past;
mod rehearsal;
pub mod sentences;
mod states;
mod transitions;

pub use choice::{Choice, Labelled, RuleChoice, SeenAgain, Shown, choices, fires_despite};
pub use clock::Clock;
pub use evidence::{EvidenceLimits, EvidenceWriter, Pictures};
pub use past::EpisodePast;
pub use rehearsal::{PastFrame, rehearse};
pub use states::AlertStates;
pub use transitions::{FolderRule, Settled, TransitionError, Transitions};
