//! Logs on standard error, and traces where there is somebody to send them to.

use std::{io, time::Duration};

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt,
    layer::SubscriberExt,
    registry::{LookupSpan, Registry},
    util::SubscriberInitExt,
};

use crate::{LogFormat, RuntimeConfig};

/// What is to be ended in order, so that the last spans are sent.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

/// How long the last spans may take.
const LAST_SPANS_WITHIN: Duration = Duration::from_secs(3);

/// The crates whose spans are sent: those of the client that sends them would never end.
const OURS: [&str; 9] = [
    "camera",
    "cctv_sim",
    "comparator",
    "event_bus",
    "framewatch",
    "notifier",
    "receivers",
    "sink",
    "upload",
];

impl Telemetry {
    /// From here on what happens is logged, and traced under this name of a service.
    pub(crate) fn start(config: &RuntimeConfig, service: &str) -> anyhow::Result<Self> {
        let endpoint = config.otlp_endpoint.as_deref();
        let traces = endpoint
            .map(|endpoint| {
                provider(endpoint, service)
                    .with_context(|| format!("cannot send traces to {endpoint:?}"))
            })
            .transpose()?;
        let spans = traces.as_ref().map(|traces| {
            tracing_opentelemetry::layer()
                .with_tracer(traces.tracer("framewatch"))
                .with_filter(filter_fn(is_ours))
        });
        tracing_subscriber::registry()
            .with(lines(config)?)
            .with(spans)
            .try_init()?;
        Ok(Telemetry(traces))
    }

    /// Sends what was not sent yet.
    pub(crate) async fn end(self) {
        let Some(traces) = self.0 else {
            return;
        };
        let ending =
            tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(LAST_SPANS_WITHIN));
        if let Ok(Err(error)) = ending.await {
            tracing::debug!(%error, "the last spans were not sent");
        }
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let krate = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && OURS.contains(&krate)
}

/// Log lines as the settings want them.
fn lines(config: &RuntimeConfig) -> anyhow::Result<Box<dyn Layer<Registry> + Send + Sync>> {
    let filter = EnvFilter::try_new(&config.log).with_context(|| {
        format!(
            "log filter {:?} is not a level or a list of module=level",
            config.log
        )
    })?;
    Ok(match config.log_format {
        LogFormat::Human => {
            let colour = io::IsTerminal::is_terminal(&io::stderr());
            let lines = fmt::layer().with_ansi(colour).with_writer(io::stderr);
            filtered(lines, filter)
        }
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true);
            filtered(lines.with_writer(io::stderr), filter)
        }
    })
}

fn filtered<S, L>(lines: L, filter: EnvFilter) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    L: Layer<S> + Send + Sync,
{
    Box::new(lines.with_filter(filter))
}

/// Sends spans in batches, by OTLP over HTTP; which of them is up to the standard variables `OTEL_TRACES_SAMPLER`,
/// `OTEL_TRACES_SAMPLER_ARG` and `OTEL_BSP_*`. The exporter's client blocks, in threads of its own.
fn provider(endpoint: &str, service: &str) -> anyhow::Result<SdkTracerProvider> {
    let is_http = endpoint.starts_with("http://") || endpoint.starts_with("https://");
    anyhow::ensure!(
        is_http,
        "it must be the http:// or https:// address of an OTLP receiver, as in http://127.0.0.1:4318"
    );
    // Another part of the process may have chosen the provider of TLS already: the same one.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()?;
    let resource = Resource::builder().with_service_name(service.to_owned());
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource.build())
        .build())
}
