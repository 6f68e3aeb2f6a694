//! Settings: how to reach Redis, and what to write there.

use clap::{Args, ValueEnum};

use crate::RedisLogin;

/// What is written of an alert that fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AlertForm {
    /// The `Alert` as JSON.
    Json,
    /// Its sentence for people.
    Sentence,
}

/// What to write of alerts.
#[derive(Debug, Clone, Copy, Args)]
#[group(skip)]
pub struct AlertsConfig {
    /// What `alert_<folder>` holds in Redis while an alert fires: all of it as JSON, or its sentence, as in the system that this
    /// replaces
    #[arg(
        long,
        env = "FRAMEWATCH_REDIS_ALERTS",
        default_value = "json",
        value_name = "FORM"
    )]
    pub redis_alerts: AlertForm,
}

/// How to reach Redis, and what to write there.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Redis")]
#[group(skip)]
pub struct Config {
    /// The server that people query; a cluster with redis+cluster://HOST:PORT, or several hosts separated by commas
    #[arg(
        long,
        env = "FRAMEWATCH_REDIS_URL",
        default_value = "redis://127.0.0.1:6379/",
        value_name = "URL"
    )]
    pub redis_url: String,

    /// What to write of alerts.
    #[command(flatten)]
    pub alerts: AlertsConfig,

    /// How to log in there.
    #[command(flatten)]
    pub login: RedisLogin,

    /// How long to go on trying to connect at start before giving up (exit code 69)
    #[arg(long, env = "FRAMEWATCH_REDIS_CONNECT_TIMEOUT_S", default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub redis_connect_timeout_s: u64,
}

impl Config {
    /// The settings for one server, all else by default.
    pub fn for_url(url: impl Into<String>) -> Self {
        Config {
            redis_url: url.into(),
            alerts: AlertsConfig {
                redis_alerts: AlertForm::Json,
            },
            login: RedisLogin::default(),
            redis_connect_timeout_s: 30,
        }
    }
}
