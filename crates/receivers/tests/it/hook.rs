//! An HTTP server that keeps what it is sent, and answers as it is told.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc};

use parking_lot::Mutex;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Log {
    requests: Vec<Request>,
    answers: VecDeque<Response>,
}

#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Log>>,
}

impl Hook {
    /// Answers 200 to everything, but for what [`answer`](Self::answer) has it say first.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::<Mutex<Log>>::default();
        let app = Router::new().fallback(take).with_state(log.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Hook { address, log }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it answers next; several wait in line.
    pub(crate) fn answer(&self, answer: impl IntoResponse) {
        self.log.lock().answers.push_back(answer.into_response());
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log.lock().requests.clone()
    }

    pub(crate) fn last(&self) -> Request {
        self.requests().pop().unwrap()
    }
}

async fn take(
    State(log): State<Arc<Mutex<Log>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut log = log.lock();
    log.requests.push(Request {
        path: uri.path().to_owned(),
        headers,
        body,
    });
    let answer = log.answers.pop_front();
    answer.unwrap_or_else(|| StatusCode::OK.into_response())
}
