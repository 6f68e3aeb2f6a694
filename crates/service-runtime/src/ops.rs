//! `/healthz`, `/readyz` and `/metrics`.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use http_server::Limits;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Readiness;

/// For Prometheus, whoever else scrapes, and the health checks of containers. Few enough for a process that may have 64 files
/// open.
const MAX_CONNECTIONS: usize = 8;

#[derive(Clone)]
struct Ops {
    readiness: Readiness,
    metrics: PrometheusHandle,
}

pub(crate) async fn serve(
    listener: TcpListener,
    readiness: Readiness,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route(
            "/metrics",
            get(|State(ops): State<Ops>| async move { ops.metrics.render() }),
        )
        .with_state(Ops { readiness, metrics });
    let limits = Limits {
        connections: MAX_CONNECTIONS,
        per_address: MAX_CONNECTIONS,
        proxies: Vec::new(),
    };
    http_server::serve(listener, router, limits, &shutdown).await;
}

async fn readyz(State(ops): State<Ops>) -> (StatusCode, String) {
    let missing = ops.readiness.missing();
    if missing.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {}\n", missing.join(", ")),
        )
    }
}

const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks a running service whether it is ready; `Err` says why not. For containers that have no curl.
pub fn healthcheck(mut address: SocketAddr) -> Result<(), String> {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            [0, 0, 0, 0, 0, 0, 0, 1].into()
        });
    }
    let answer = ask(address).map_err(|error| format!("nobody answers at {address}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(body.trim().to_owned()),
    }
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}
