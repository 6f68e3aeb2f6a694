//! A server that speaks Slack's calls as their documents have them. It checks what those demand:
//!
//! - of each call, the token in `Authorization: Bearer`;
//! - `chat.postMessage`: JSON with its charset; `channel`, a name or an id that it knows; `text`, which is there; `thread_ts`,
//!   which is that of a message which is no reply; that `reply_broadcast` comes with it alone;
//! - `chat.update`: the channel's id, not its name; a `ts` of a message of its own;
//! - `files.getUploadURLExternal`: a form, not JSON; `filename`, and `length` as a number;
//! - the upload: the bytes, as many as were announced, without the token;
//! - `files.completeUploadExternal`: `files` with an `id` whose bytes have come, once; the channel's id; `thread_ts` as above.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "xoxb-s3cret-s3cret";
pub(crate) const CHANNEL: &str = "C0123456789";

/// What has come, and what is to be answered.
#[derive(Default)]
pub(crate) struct Log {
    /// The calls that were accepted, in order.
    pub(crate) calls: Vec<(String, Value)>,
    /// By their `ts`: the text, and the message that it replies to.
    pub(crate) messages: BTreeMap<String, (String, Option<String>)>,
    /// The length announced, and the bytes that came.
    files: BTreeMap<String, (usize, Option<usize>)>,
    /// What comes instead of an answer, by the method.
    trouble: BTreeMap<String, VecDeque<Response>>,
}

#[derive(Clone)]
pub(crate) struct SlackServer {
    address: SocketAddr,
    log: Arc<Mutex<Log>>,
}

impl SlackServer {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::<Mutex<Log>>::default();
        let server = SlackServer { address, log };
        let app = Router::new()
            .route("/api/{method}", post(call))
            .route("/upload/{file}", post(upload))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        server
    }

    pub(crate) fn api(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// What it answers to the next call of a method.
    pub(crate) fn trouble(&self, method: &str, answer: impl IntoResponse) {
        let mut log = self.log();
        let answers = log.trouble.entry(method.to_owned()).or_default();
        answers.push_back(answer.into_response());
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock()
    }

    /// The methods of the calls that were accepted.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.log()
            .calls
            .iter()
            .map(|(method, _)| method.clone())
            .collect()
    }

    pub(crate) fn last_call(&self) -> Value {
        self.log().calls.last().unwrap().1.clone()
    }
}

async fn call(
    State(server): State<SlackServer>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut log = server.log();
    if let Some(trouble) = log.trouble.get_mut(&method).and_then(VecDeque::pop_front) {
        return trouble;
    }
    let header = |name| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    };
    if header("authorization") != format!("Bearer {TOKEN}") {
        return Json(json!({ "ok": false, "error": "invalid_auth" })).into_response();
    }
    let arguments = match header("content-type") {
        "application/json; charset=utf-8" if method != "files.getUploadURLExternal" => {
            serde_json::from_slice(&body).unwrap()
        }
        "application/x-www-form-urlencoded" if method == "files.getUploadURLExternal" => {
            let pairs = reqwest::Url::parse(&format!(
                "http://form/?{}",
                std::str::from_utf8(&body).unwrap()
            ));
            pairs
                .unwrap()
                .query_pairs()
                .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
                .collect()
        }
        _ => return Json(json!({ "ok": false, "error": "invalid_post_type" })).into_response(),
    };
    let answer = match method.as_str() {
        "chat.postMessage" => log.post(&arguments),
        "chat.update" => log.update(&arguments),
        "files.getUploadURLExternal" => log.begin(&arguments, server.address),
        "files.completeUploadExternal" => log.complete(&arguments),
        _ => Err("unknown_method"),
    };
    match answer {
        Ok(mut answer) => {
            log.calls.push((method, arguments));
            answer["ok"] = true.into();
            Json(answer).into_response()
        }
        Err(error) => Json(json!({ "ok": false, "error": error })).into_response(),
    }
}

async fn upload(
    State(server): State<SlackServer>,
    Path(file): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut log = server.log();
    match log.files.get_mut(&file) {
        Some((announced, came))
            if *announced == body.len() && !headers.contains_key("authorization") =>
        {
            *came = Some(body.len());
            StatusCode::OK
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

impl Log {
    fn post(&mut self, call: &Value) -> Result<Value, &'static str> {
        if !["#cctv", CHANNEL].contains(&text(call, "channel")) {
            return Err("channel_not_found");
        }
        if text(call, "text").is_empty() {
            return Err("no_text");
        }
        let thread = call
            .get("thread_ts")
            .map(|_| text(call, "thread_ts").to_owned());
        if thread.is_none() && call.get("reply_broadcast").is_some() {
            return Err("invalid_arguments");
        }
        self.check_thread(thread.as_deref())?;
        let ts = format!("1700000000.{:06}", self.messages.len() + 1);
        let message = (text(call, "text").to_owned(), thread);
        self.messages.insert(ts.clone(), message);
        Ok(json!({ "channel": CHANNEL, "ts": ts }))
    }

    fn update(&mut self, call: &Value) -> Result<Value, &'static str> {
        if text(call, "channel") != CHANNEL {
            return Err("channel_not_found");
        }
        let message = self
            .messages
            .get_mut(text(call, "ts"))
            .ok_or("message_not_found")?;
        message.0 = text(call, "text").to_owned();
        Ok(json!({ "channel": CHANNEL, "ts": text(call, "ts") }))
    }

    fn begin(&mut self, call: &Value, address: SocketAddr) -> Result<Value, &'static str> {
        let length = text(call, "length")
            .parse()
            .map_err(|_| "invalid_arguments")?;
        if text(call, "filename").is_empty() {
            return Err("missing_argument");
        }
        let id = format!("F{:010}", self.files.len());
        let url = format!("http://{address}/upload/{id}");
        self.files.insert(id.clone(), (length, None));
        Ok(json!({ "upload_url": url, "file_id": id }))
    }

    fn complete(&mut self, call: &Value) -> Result<Value, &'static str> {
        let id = text(&call["files"][0], "id").to_owned();
        if text(call, "channel_id") != CHANNEL {
            return Err("channel_not_found");
        }
        self.check_thread(Some(text(call, "thread_ts")))?;
        match self.files.remove(&id) {
            Some((_, Some(_))) => Ok(json!({ "files": [{ "id": id }] })),
            _ => Err("file_not_found"),
        }
    }

    /// A thread is named by the message that began it.
    fn check_thread(&self, ts: Option<&str>) -> Result<(), &'static str> {
        match ts.map(|ts| self.messages.get(ts)) {
            None | Some(Some((_, None))) => Ok(()),
            Some(Some((_, Some(_)))) => Err("cannot_reply_to_message"),
            Some(None) => Err("thread_not_found"),
        }
    }
}

fn text<'a>(call: &'a Value, field: &str) -> &'a str {
    call[field].as_str().unwrap_or_default()
}
