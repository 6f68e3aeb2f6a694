//! Running a service until it is told to end.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::{interval, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{CpuPool, Failure, Readiness, RuntimeConfig, ops, telemetry::Telemetry};

/// How long a service may take to end in order.
pub const GRACE: Duration = Duration::from_secs(10);

/// 128 and the number of SIGINT, as shells have it.
const KILLED_BY_INTERRUPT: i32 = 130;

/// How long a decode or another blocking call may hold up the end of the process.
const BLOCKING_CALLS_END_WITHIN: Duration = Duration::from_millis(500);

/// Runs a future on a runtime of its own, and does not wait for blocking calls when it has ended.
pub fn block_on<F: Future<Output = Result<(), Failure>>>(future: F) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(future);
    runtime.shutdown_timeout(BLOCKING_CALLS_END_WITHIN);
    result
}

/// What a service is given to run with.
#[derive(Clone)]
pub struct Context {
    /// Cancelled when the service is to end.
    pub shutdown: CancellationToken,
    /// Where it says what it needs before it can work.
    pub readiness: Readiness,
    /// Where it does what keeps a processor busy. All services of a process have the same.
    pub cpu: CpuPool,
    /// Where health and metrics are served.
    pub ops_address: SocketAddr,
}

/// Seconds, from a tenth of a millisecond to 10 s.
const LATENCY_BUCKETS: [f64; 16] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// Sets up logs, traces, metrics, the health server and signals, and then runs `body` until it ends or SIGTERM or SIGINT comes;
/// after that `body` has [`GRACE`] to end.
pub async fn run<F, Fut>(
    service: &str,
    config: &RuntimeConfig,
    default_ops: SocketAddr,
    body: F,
) -> Result<(), Failure>
where
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = Result<(), Failure>>,
{
    let telemetry = Telemetry::start(config, service).map_err(Failure::Usage)?;
    let metrics = start_metrics()?;
    let listener = listen(config.ops_listen, default_ops, "health and metrics").await?;
    let shutdown = CancellationToken::new();
    let context = Context {
        shutdown: shutdown.clone(),
        readiness: Readiness::default(),
        cpu: CpuPool::default(),
        ops_address: listener.local_addr()?,
    };
    tracing::debug!(address = %context.ops_address, "serving health and metrics");
    tokio::spawn(ops::serve(
        listener,
        context.readiness.clone(),
        metrics.clone(),
        shutdown.clone(),
    ));
    tokio::spawn(upkeep(metrics, shutdown.clone()));
    tokio::spawn(cancel_on_signal(shutdown.clone())?);

    let overdue = async {
        shutdown.cancelled().await;
        sleep(GRACE).await;
    };
    let result = tokio::select! {
        result = body(context) => result,
        () = overdue => Err(anyhow::anyhow!("did not end within {GRACE:?} of being told to").into()),
    };
    shutdown.cancel();
    telemetry.end().await;
    result
}

fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    Ok(PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &LATENCY_BUCKETS)?
        .install_recorder()?)
}

/// Listens on the address that was asked for; otherwise on the usual one, or on a free port where that is taken.
pub async fn listen(
    asked: Option<SocketAddr>,
    usual: SocketAddr,
    purpose: &str,
) -> Result<TcpListener, Failure> {
    if let Some(address) = asked {
        return TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address} for {purpose}"))
            .map_err(Failure::Unavailable);
    }
    match TcpListener::bind(usual).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind((usual.ip(), 0)).await?),
    }
}

/// Keeps the histograms from growing while nobody asks for them.
async fn upkeep(metrics: PrometheusHandle, shutdown: CancellationToken) {
    let mut ticks = interval(Duration::from_secs(5));
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        metrics.run_upkeep();
    }
}

fn cancel_on_signal(shutdown: CancellationToken) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            () = shutdown.cancelled() => return,
        };
        tracing::info!(signal = name, "ending");
        shutdown.cancel();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("told a second time to end: ending at once");
        std::process::exit(KILLED_BY_INTERRUPT);
    })
}
