//! Clients that take connections and do nothing with them, against a server that listens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::get,
};
use futures::{StreamExt as _, stream};
use http_server::{Limits, serve};
use test_support::eventually;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A server on a free port, until it is dropped.
struct Server {
    address: SocketAddr,
    /// What `/slow` waits for.
    slow: watch::Sender<bool>,
    /// Cancelled when an answer of `/endless` is given up.
    endless_ended: CancellationToken,
    _shutdown: DropGuard,
}

impl Server {
    async fn start(connections: usize) -> Self {
        let (slow, waits) = watch::channel(false);
        let waiting = async move || {
            let waited = waits.clone().wait_for(|go_on| *go_on).await.is_ok();
            waited.to_string()
        };
        let endless_ended = CancellationToken::new();
        let endless = endless_ended.clone();
        let endless = async move || {
            let until_dropped = endless.clone().drop_guard();
            let chunks = stream::repeat(Bytes::from_static(&[b'x'; 65_536]));
            Body::from_stream(chunks.map(move |chunk| {
                let _ = &until_dropped;
                Ok::<_, Infallible>(chunk)
            }))
        };
        let count = Arc::new(AtomicUsize::new(0));
        let counted = async move || (count.fetch_add(1, Relaxed) + 1).to_string();
        let router = Router::new()
            .route("/", get(|| async { "x".repeat(20_000) }))
            .route("/slow", get(waiting))
            .route("/endless", get(endless))
            .route("/counted", get(counted));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limits = Limits {
            connections,
            per_address: connections,
            proxies: Vec::new(),
        };
        let shutdown = CancellationToken::new();
        let stops = shutdown.clone();
        tokio::spawn(async move { serve(listener, router, limits, &stops).await });
        Server {
            address,
            slow,
            endless_ended,
            _shutdown: shutdown.drop_guard(),
        }
    }

    /// A connection by which this was sent.
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// What comes in answer to it, until the connection ends.
    async fn ask(&self, text: &str) -> String {
        answer(&mut self.send(text).await).await
    }
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // An end without a goodbye is one, too.
    let reading = timeout(Duration::from_secs(60), stream.read_to_end(&mut answer));
    let _ended = reading.await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn heads_that_are_never_finished_shut_nobody_out() {
    let server = Server::start(8).await;
    let mut half = Vec::new();
    for _ in 0..40 {
        half.push(server.send("GET / HTTP/1.1\r\nHost: local").await);
        assert!(server.ask(GET).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn answers_that_nobody_reads_shut_nobody_out() {
    let server = Server::start(8).await;
    let many = GET.replace("close", "keep-alive").repeat(100);
    let mut unread = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // As much as it takes without our reading an answer.
        let sending = async { while stream.write_all(many.as_bytes()).await.is_ok() {} };
        let _stuck = timeout(Duration::from_millis(50), sending).await;
        unread.push(stream);
    }
    // On a busy machine the last ones may still be answered.
    eventually("others are answered", async || {
        let answer = server.ask(GET).await;
        answer.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
}

/// By one thread, so that nothing is answered beside what takes it.
#[tokio::test(flavor = "current_thread")]
async fn whoever_sends_many_requests_at_once_has_them_answered_in_turn_with_others() {
    const CLIENTS: usize = 20;
    let server = Server::start(CLIENTS + 1).await;
    let counted = GET.replace("GET /", "GET /counted");
    let many = counted.replace("close", "keep-alive").repeat(200);
    let mut greedy = Vec::new();
    for _ in 0..CLIENTS {
        greedy.push(server.send(&many).await);
    }
    let told = server.ask(&counted).await;
    let before: usize = told.rsplit("\r\n").next().unwrap().parse().unwrap();
    assert!(
        before < CLIENTS * 50,
        "{before} requests were answered first"
    );
}

#[tokio::test]
async fn whoever_comes_while_all_are_answered_is_told_so() {
    let server = Server::start(2).await;
    let slow = "GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut busy = [server.send(slow).await, server.send(slow).await];
    let refused = eventually("somebody is refused", async || {
        Some(server.ask("").await).filter(|told| !told.is_empty())
    })
    .await;
    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
    server.slow.send_replace(true);
    for stream in &mut busy {
        assert!(answer(stream).await.ends_with("true"));
    }
    assert!(server.ask(GET).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = Server::start(8).await;
    for (length, status) in [(30_000, "200"), (33_000, "431"), (200_000, "431")] {
        let cookie = "x".repeat(length);
        let head = GET.replace("\r\n\r\n", &format!("\r\nCookie: {cookie}\r\n\r\n"));
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // It may be cut off before it has sent all.
        let _sent = stream.write_all(head.as_bytes()).await;
        let told = answer(&mut stream).await;
        assert!(
            told.starts_with(&format!("HTTP/1.1 {status}")),
            "{length}: {told}"
        );
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut_off() {
    let server = Server::start(8).await;
    let endless = "GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let _unread = server.send(endless).await;
    let ended = timeout(Duration::from_secs(120), server.endless_ended.cancelled());
    ended.await.expect("the answer is given up");
}
