//! Taking connections, and ending in order.

use std::{
    convert::Infallible,
    io::{self, Write as _},
    net::IpAddr,
    time::Duration,
};

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::yield_now,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use crate::{
    Limits,
    answering::Marked,
    connections::{Admitted, Connections},
};

/// The other end of a connection: an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// How long a client may take to send the head of a request, and how long a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may leave unread what is sent to it.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest head of a request. A connection buffers as much, and once more what came with it.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// How long requests may take to finish once the server is to end. It is less than the process is given.
const GRACE: Duration = Duration::from_secs(8);

const ACCEPT_RETRY: Duration = Duration::from_millis(100);

const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 63\r\nRetry-After: 5\r\nConnection: close\r\n\r\n\
    All connections that there may be are in use. Try again later.\n";

/// Serves until shutdown; then takes no more connections and lets the requests that are being answered finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: &CancellationToken,
) {
    let connections = Connections::new(limits);
    let graceful = GracefulShutdown::new();
    while let Some((stream, peer)) = shutdown.run_until_cancelled(accept(&listener)).await {
        match connections.admit(peer) {
            Some(admitted) => spawn(stream, peer, admitted, router.clone(), &graceful),
            None => refuse(stream),
        }
    }
    drop(listener);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests that did not end within {GRACE:?} are cut off");
    }
}

fn spawn(
    stream: TcpStream,
    peer: IpAddr,
    admitted: Admitted,
    router: Router,
    graceful: &GracefulShutdown,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(UNREAD_TIMEOUT));
    let router = TowerToHyperService::new(router);
    let answering = admitted.answering();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let (is_too_long, answering) = (head_bytes(&request) > MAX_HEAD_BYTES, answering());
        let answer = (!is_too_long).then(|| router.call(request));
        async move {
            // A client that sends its requests all at once has the next one here as soon as this one is answered. Whoever
            // else waits for this thread comes first.
            yield_now().await;
            let answer: Response = match answer {
                Some(answer) => answer.await?,
                None => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response(),
            };
            let marked = answer.map(|body| Marked {
                body,
                _answering: answering,
            });
            Ok::<_, Infallible>(marked)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        let ended = admitted.ended().run_until_cancelled(connection).await;
        if let Some(Err(error)) = ended {
            tracing::debug!(%error, "a connection ended with an error");
        }
    });
}

/// About as many as the head of a request has: without its method and version.
fn head_bytes(request: &Request<Incoming>) -> usize {
    const COLON_AND_END_OF_LINE: usize = 4;
    let fields = request.headers().iter();
    let fields =
        fields.map(|(name, value)| name.as_str().len() + value.len() + COLON_AND_END_OF_LINE);
    let target = request.uri().path_and_query();
    fields.sum::<usize>() + target.map_or(0, |target| target.as_str().len())
}

/// Says so, as far as that takes no time.
fn refuse(stream: TcpStream) {
    metrics::counter!("framewatch_http_connections_refused_total").increment(1);
    let said = stream.into_std().and_then(|mut stream| stream.write(BUSY));
    if let Err(error) = said {
        tracing::debug!(%error, "a connection is refused without a word");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match accept_without_delay(listener).await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

async fn accept_without_delay(listener: &TcpListener) -> io::Result<(TcpStream, IpAddr)> {
    let (stream, peer) = listener.accept().await?;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection cannot be told not to delay");
    }
    Ok((stream, peer.ip()))
}
