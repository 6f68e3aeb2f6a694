//! The settings that all services share.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

/// The settings that all services share.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Running")]
pub struct RuntimeConfig {
    /// Address and port of /healthz, /readyz and /metrics [default: a port of the service's own, on loopback]
    #[arg(
        long,
        env = "FRAMEWATCH_OPS_LISTEN",
        value_name = "ADDR:PORT",
        global = true
    )]
    pub ops_listen: Option<SocketAddr>,

    /// How log lines look
    #[arg(long, env = "FRAMEWATCH_LOG_FORMAT", value_enum, default_value_t = LogFormat::Human, global = true)]
    pub log_format: LogFormat,

    /// What is logged: a level (error, warn, info, debug, trace), or `module=level` parts separated by commas
    #[arg(
        long,
        env = "FRAMEWATCH_LOG",
        default_value = "info",
        value_name = "FILTER",
        global = true
    )]
    pub log: String,

    /// Where traces are sent, by OTLP over HTTP, as in http://127.0.0.1:4318; nowhere if not given
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL",
        global = true
    )]
    pub otlp_endpoint: Option<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For a terminal.
    Human,
    /// One JSON object a line.
    Json,
}
