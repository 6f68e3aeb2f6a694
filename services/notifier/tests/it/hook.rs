//! A receiver: takes what it is sent, and answers as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::Value;
use test_support::eventually;
use tokio::{net::TcpListener, time::Instant};

/// What it answers.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Status(u16),
    /// 429, and to be left alone for so many seconds.
    Patience(u64),
    /// Nothing, for a long time.
    Silence,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) key: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

#[derive(Clone, Default)]
pub(crate) struct Hook {
    came: Arc<Mutex<Vec<Came>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    address: Arc<Mutex<Option<SocketAddr>>>,
}

impl Hook {
    pub(crate) async fn start() -> Self {
        let hook = Hook::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        *hook.address.lock().unwrap() = Some(listener.local_addr().unwrap());
        let router = Router::new()
            .route("/", post(take))
            .with_state(hook.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hook
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address.lock().unwrap().unwrap())
    }

    /// Answers so to the next ones, and takes those after them.
    pub(crate) fn answer(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// All that came, whatever was answered.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// The first so many, once they are there.
    pub(crate) async fn first(&self, count: usize) -> Vec<Came> {
        eventually("the messages come", async || {
            let came = self.came();
            (came.len() >= count).then_some(came)
        })
        .await
    }
}

impl Came {
    pub(crate) fn occasion(&self) -> &str {
        self.body["occasion"].as_str().unwrap()
    }

    /// The ids of the alerts in it.
    pub(crate) fn alerts(&self) -> Vec<String> {
        let alerts = self.body["alerts"].as_array().unwrap().iter();
        let ids = alerts.map(|alert| alert["alert"]["id"].as_str().unwrap().to_owned());
        ids.collect()
    }
}

async fn take(State(hook): State<Hook>, headers: HeaderMap, body: String) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    hook.came.lock().unwrap().push(Came {
        key,
        body: serde_json::from_str(&body).unwrap(),
        at: Instant::now(),
    });
    let answer = hook.answers.lock().unwrap().pop_front();
    match answer.unwrap_or(Answer::Status(200)) {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Patience(seconds) => {
            let headers = [("retry-after", seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, headers).into_response()
        }
        Answer::Silence => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            StatusCode::OK.into_response()
        }
    }
}
