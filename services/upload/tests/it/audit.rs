//! What the log says of changes, in the binary as an operator runs it.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use test_support::{NatsServer, terminate, wait};

use accounts::Role;

use crate::{
    access::{PASSWORD, Site},
    pictures::jpeg,
    service::client,
};

/// The service as a process, and its log.
pub(crate) struct Process {
    child: Child,
    log: Receiver<Value>,
    pub(crate) url: String,
    pub(crate) client: Client,
}

impl Process {
    pub(crate) fn start(nats: &NatsServer, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_framewatch-upload"))
            .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(["--nats-url", &nats.url(), "--log-format", "json"])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, log) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // The test has ended.
                drop(sender.send(serde_json::from_str(&line).unwrap()));
            }
        });
        let mut process = Process {
            child,
            log,
            url: String::new(),
            client: client(),
        };
        let serving = process.line(|line| line["message"] == "serving HTTP");
        process.url = format!("http://{}", serving["address"].as_str().unwrap());
        process
    }

    /// The next line that is looked for.
    pub(crate) fn line(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.log.recv_timeout(Duration::from_secs(20));
            let line = line.expect("the line comes");
            if is_it(&line) {
                return line;
            }
        }
    }

    /// The next line of the audit, without what differs from run to run.
    pub(crate) fn audit(&self) -> Value {
        let mut line = self.line(|line| line["target"] == "audit");
        let fields = line.as_object_mut().unwrap();
        for name in ["timestamp", "target", "level"] {
            fields.remove(name);
        }
        line
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        terminate(&self.child);
        wait(&mut self.child);
    }
}

#[tokio::test]
async fn every_change_is_a_line_with_who_made_it_and_from_where() {
    let nats = NatsServer::start();
    let site = Site::new();
    let file = site.file().path().display().to_string();
    let trusted = ["--users-file", &file, "--trusted-proxies", "127.0.0.1"];
    let process = Process::start(&nats, &trusted);
    let images = "/api/v1/folders/folder1/images";

    let unknown = process.request(Method::POST, images).body(jpeg(1));
    assert_eq!(unknown.send().await.unwrap().status(), 401);
    let viewer = site.viewer.token.id.to_string();
    let refused = process
        .request(Method::POST, images)
        .bearer_auth(site.viewer.reveal())
        .header("x-forwarded-for", "198.51.100.1, 192.0.2.7")
        .body(jpeg(1));
    assert_eq!(refused.send().await.unwrap().status(), 403);
    assert_eq!(
        process.audit(),
        json!({
            "who": viewer, "role": "viewer", "how": "token", "what": "upload pictures", "method": "POST",
            "path": images, "folder": "folder1", "outcome": "refused", "client": "192.0.2.7"
        }),
        "nothing is said of those whom nobody knows"
    );

    let path = "/api/v1/folders/new%0a1%22/rule";
    let nonsense = process
        .request(Method::DELETE, path)
        .bearer_auth(site.admin.reveal());
    assert_eq!(nonsense.send().await.unwrap().status(), 400);
    let line = process.audit();
    assert_eq!(
        (&line["folder"], &line["path"]),
        (&json!("new\n1\""), &json!(path))
    );

    let made = process
        .request(Method::PUT, "/api/v1/folders/new")
        .bearer_auth(site.admin.reveal());
    assert_eq!(made.send().await.unwrap().status(), 201);
    assert_eq!(
        process.audit(),
        json!({
            "who": site.admin.token.id.to_string(), "role": "admin", "how": "token", "what": "make or describe a folder",
            "method": "PUT", "path": "/api/v1/folders/new", "folder": "new", "outcome": "done", "client": "127.0.0.1"
        })
    );
}

#[tokio::test]
async fn where_all_are_on_this_machine_only_who_asks_for_details_sees_them() {
    let nats = NatsServer::start();
    let process = Process::start(&nats, &["--log", "info,audit=debug"]);
    let made = process.request(Method::PUT, "/api/v1/folders/new");
    assert_eq!(made.send().await.unwrap().status(), 201);
    let line = process.line(|line| line["target"] == "audit");
    assert_eq!(
        (&line["level"], &line["how"]),
        (&json!("DEBUG"), &json!("open"))
    );
}

#[tokio::test]
async fn whoever_logs_in_or_out_or_fails_to_is_a_line() {
    let nats = NatsServer::start();
    let site = Site::new();
    site.add_user("jo", Role::Operator);
    let file = site.file().path().display().to_string();
    let process = Process::start(&nats, &["--users-file", &file]);
    let log_in = async |name: &str, password: &str| {
        let form = [("username", name), ("password", password)];
        let request = process.request(Method::POST, "/login");
        let request = request.body(serde_urlencoded::to_string(form).unwrap());
        request.send().await.unwrap()
    };
    let line = |who: &str, outcome: &str| {
        json!({
            "who": who, "role": "-", "how": "password", "what": "log in", "method": "POST", "path": "/login",
            "outcome": outcome, "client": "127.0.0.1"
        })
    };
    log_in("jo\n\"", PASSWORD).await;
    assert_eq!(process.audit(), line("jo\n\"", "refused"));
    log_in(&"x".repeat(10_000), PASSWORD).await;
    assert_eq!(process.audit(), line(&"x".repeat(64), "refused"));
    log_in("jo", "wrong horse battery").await;
    assert_eq!(process.audit(), line("jo", "refused"));
    let let_in = log_in("jo", PASSWORD).await;
    assert_eq!(process.audit(), line("jo", "done"));

    let cookie = let_in.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let post = async |path: &str| {
        let request = process.request(Method::POST, path);
        let request = request.header("cookie", &cookie);
        request
            .header("sec-fetch-site", "same-origin")
            .send()
            .await
            .unwrap()
    };
    post("/folder/folder1/rule").await;
    let refused = process.audit();
    assert_eq!(
        (&refused["who"], &refused["how"]),
        (&json!("jo"), &json!("session"))
    );
    assert_eq!(
        (&refused["outcome"], &refused["role"]),
        (&json!("refused"), &json!("operator"))
    );
    post("/logout").await;
    assert_eq!(process.audit()["what"], "log out");
}

#[tokio::test]
async fn damage_to_the_users_file_is_said_and_changes_nothing() {
    let nats = NatsServer::start();
    let site = Site::new();
    let path = site.file().path().to_owned();
    let process = Process::start(&nats, &["--users-file", &path.display().to_string()]);
    let status = async |token: &accounts::Issued| {
        let request = process.request(Method::GET, "/api/v1/folders");
        let response = request.bearer_auth(token.reveal()).send().await.unwrap();
        response.status().as_u16()
    };
    let good = fs::read_to_string(&path).unwrap();
    for (damage, why) in [
        (Some("[[user]]\nname = 3\n"), "line 2 (name)"),
        (Some(""), "it is empty"),
        (None, "there is no users file"),
    ] {
        match damage {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        process.line(|line| line.to_string().contains(why));
        assert_eq!(status(&site.viewer).await, 200, "what held before goes on");
        fs::write(&path, &good).unwrap();
        process.line(|line| line["message"] == "the users file has changed");
    }
    fs::write(&path, "# nobody\n").unwrap();
    process.line(|line| line.to_string().contains("nobody can come in"));
    assert_eq!(status(&site.viewer).await, 401);
}
