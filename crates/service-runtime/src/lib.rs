//! What every daemon needs once: settings from flags and environment, logs, metrics, health, signals, exit codes, the pool for
//! work on the processor.
//!
//! A service's `main.rs` is one call of [`main`]; `framewatch up`, which runs all services in one process, calls
//! [`run`]. What a service does is left to the service.

mod cli;
mod config;
mod cpu;
mod exit;
mod ops;
mod readiness;
mod run;
mod settings;
mod telemetry;
mod variables;

pub use cli::{Service, main};
pub use config::{LogFormat, RuntimeConfig};
pub use cpu::{CpuConfig, CpuPool, CpuQueue, NeedsMemory, NotDone};
pub use exit::{Failure, explain_usage};
pub use ops::healthcheck;
pub use readiness::Readiness;
pub use run::{Context, GRACE, block_on, listen, run};
pub use settings::settings_table;
pub use variables::parse;
