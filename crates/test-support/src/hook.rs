//! A receiver of webhooks: keeps what it is sent, and answers as it is told.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use crate::eventually;

/// For how long who gets no answer may wait for it.
const VERY_LONG: Duration = Duration::from_secs(600);

/// What a [`Hook`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// This status of HTTP.
    Status(u16),
    /// 200, after so long.
    Late(Duration),
    /// 429, and to be left alone for so many seconds.
    Patience(u64),
    /// Nothing, for a long time.
    Silence,
    /// Nothing: it has the message, and the connection ends.
    Cut,
}

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Came {
    /// Its `Idempotency-Key`.
    pub key: String,
    /// What it says.
    pub body: Value,
    /// When it was there.
    pub at: Instant,
    /// What was to be answered.
    pub answer: Answer,
}

/// An HTTP server that takes notifiers' messages as JSON. Clones are the same one; it serves as long as the test runs.
#[derive(Clone)]
pub struct Hook {
    address: SocketAddr,
    state: Arc<Mutex<Log>>,
}

/// Decides what is answered to a message of this key.
type Mood = Box<dyn FnMut(&str) -> Answer + Send>;

#[derive(Default)]
struct Log {
    came: Vec<Came>,
    answers: VecDeque<Answer>,
    mood: Option<Mood>,
}

impl Answer {
    /// Whether the receiver then has the message, even if the sender does not know it.
    pub fn is_heard(self) -> bool {
        match self {
            Answer::Status(status) => (200..300).contains(&status),
            Answer::Late(_) | Answer::Cut => true,
            Answer::Patience(_) | Answer::Silence => false,
        }
    }
}

impl Came {
    /// Why it was sent: `firing`, `reminder`, `escalation`, `resolved`, `test`.
    #[expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]
    pub fn occasion(&self) -> &str {
        let occasion = self.body["occasion"].as_str();
        occasion.expect("a message says why it is sent")
    }

    /// The ids of the alerts in it.
    #[expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]
    pub fn alerts(&self) -> Vec<String> {
        let alerts = self.body["alerts"].as_array();
        let alerts = alerts.expect("a message has alerts").iter();
        let ids = alerts.map(|alert| alert["alert"]["id"].as_str());
        ids.map(|id| id.expect("an alert has an id").to_owned())
            .collect()
    }
}

impl Hook {
    /// Takes everything, but for what [`answer`](Self::answer) and [`answer_by`](Self::answer_by) have it say.
    #[expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback has a free port");
        let hook = Hook {
            address: listener.local_addr().expect("it listens"),
            state: Arc::default(),
        };
        let router = Router::new()
            .route("/", post(take))
            .with_state(hook.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hook
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where messages go.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers so to the next ones, whatever else it would.
    pub fn answer(&self, answers: &[Answer]) {
        self.log().answers.extend(answers);
    }

    /// From now on answers what this decides for each message, by its key.
    pub fn answer_by(&self, mood: impl FnMut(&str) -> Answer + Send + 'static) {
        self.log().mood = Some(Box::new(mood));
    }

    /// All that came, whatever was answered.
    pub fn came(&self) -> Vec<Came> {
        self.log().came.clone()
    }

    /// The first so many, once they are there.
    pub async fn first(&self, count: usize) -> Vec<Came> {
        eventually("the messages come", async || {
            let came = self.came();
            (came.len() >= count).then_some(came)
        })
        .await
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.state.lock()
    }
}

impl Log {
    fn next_answer(&mut self, key: &str) -> Answer {
        let mood = self.mood.as_mut();
        self.answers
            .pop_front()
            .or_else(|| mood.map(|decide| decide(key)))
            .unwrap_or(Answer::Status(200))
    }
}

async fn take(State(hook): State<Hook>, headers: HeaderMap, body: String) -> Response {
    let key = headers["idempotency-key"].to_str();
    let key = key.expect("a key is text").to_owned();
    let body = serde_json::from_str(&body).expect("a message is JSON");
    let answer = {
        let mut log = hook.log();
        let answer = log.next_answer(&key);
        log.came.push(Came {
            key,
            body,
            at: Instant::now(),
            answer,
        });
        answer
    };
    match answer {
        Answer::Status(status) => {
            let status = StatusCode::from_u16(status);
            status.expect("a status of HTTP").into_response()
        }
        Answer::Late(after) => {
            sleep(after).await;
            StatusCode::OK.into_response()
        }
        Answer::Patience(seconds) => {
            let headers = [("retry-after", seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, headers).into_response()
        }
        Answer::Silence => {
            sleep(VERY_LONG).await;
            StatusCode::OK.into_response()
        }
        // It ends the task that serves the connection, and that alone, without a word.
        Answer::Cut => std::panic::resume_unwind(Box::new("the connection is cut")),
    }
}
