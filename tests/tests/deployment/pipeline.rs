//! All services at work, each with its own user's rights.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use redis::{AsyncCommands, aio::MultiplexedConnection};
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};
use test_support::{Certificates, NatsServer, RedisServer, eventually};
use tests::{Process, View, framewatch, picture};

use crate::site::Site;

struct Deployment {
    site: Site,
    nats: NatsServer,
    redis: RedisServer,
    processes: Vec<Process>,
    web: SocketAddr,
    http: Client,
    /// The token of an administrator.
    token: String,
    /// The settings by which all programs reach NATS, besides who they are.
    to_nats: Vec<String>,
}

fn free_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], local_servers::free_port().unwrap()))
}

impl Deployment {
    async fn start() -> Self {
        let site = Site::new();
        let nats = site.nats(&[]);
        let to_nats = vec!["--nats-url".to_owned(), nats.url()];
        Self::start_with(site, nats, to_nats).await
    }

    /// With the certificates that an operator drops in.
    async fn start_by_tls() -> Self {
        let site = Site::new();
        let certificates = Certificates::make();
        let (certificate, key) = certificates.server();
        for (name, file) in [
            ("ca.pem", certificates.authority()),
            ("nats.pem", certificate),
            ("nats-key.pem", key),
        ] {
            fs::copy(file, site.path(name)).unwrap();
        }
        let text = |name| site.path(name).display().to_string();
        let (certificate, key, authority) =
            (text("nats.pem"), text("nats-key.pem"), text("ca.pem"));
        let nats = site.nats(&["--tls", "--tlscert", &certificate, "--tlskey", &key]);
        let url = nats.url().replace("nats://", "tls://");
        let to_nats = ["--nats-url", &url, "--nats-ca-file", &authority].map(str::to_owned);
        Self::start_with(site, nats, to_nats.into()).await
    }

    async fn start_with(site: Site, nats: NatsServer, to_nats: Vec<String>) -> Self {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let redis = site.redis();
        let users = site.path("secrets/web/users.toml");
        let made = Command::new(framewatch())
            .args(["token", "add", "--role", "admin", "--users-file"])
            .arg(&users)
            .output();
        let token = succeeds(&made.unwrap()).trim_end().to_owned();
        let mut deployment = Deployment {
            site,
            nats,
            redis,
            processes: Vec::new(),
            web: free_address(),
            http: Client::builder().redirect(Policy::none()).build().unwrap(),
            token,
            to_nats,
        };
        let web = deployment.web.to_string();
        let users = users.display().to_string();
        deployment
            .add("upload", &["--listen", &web, "--users-file", &users])
            .await;
        deployment.add("comparator", &[]).await;
        let (url, password) = (
            deployment.redis.url(),
            deployment.path("secrets/passwords/redis-sink"),
        );
        let sink = [
            "--redis-url",
            &url,
            "--redis-user",
            "sink",
            "--redis-password-file",
            &password,
        ];
        deployment.add("sink", &sink).await;
        deployment
    }

    fn path(&self, name: &str) -> String {
        self.site.path(name).display().to_string()
    }

    fn nats_arguments(&self, user: &str) -> Vec<String> {
        let password = self.path(&format!("secrets/passwords/nats-{user}"));
        let login = ["--nats-user", user, "--nats-password-file", &password].map(str::to_owned);
        [&self.to_nats[..], &login].concat()
    }

    /// Starts a service as the user of its name, and waits until it is ready.
    async fn add(&mut self, service: &str, arguments: &[&str]) {
        let ops = free_address().to_string();
        let mut all = self.nats_arguments(service);
        all.extend(
            ["--ops-listen", &ops]
                .iter()
                .chain(arguments)
                .map(|&text| text.to_owned()),
        );
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let name = format!("{service}-{}", self.processes.len());
        let binary = format!("framewatch-{service}");
        self.processes.push(Process::start(
            &name,
            &binary,
            &all,
            self.site.path("").as_path(),
        ));
        eventually(&format!("{service} is ready"), async || {
            let answer = reqwest::get(format!("http://{ops}/readyz")).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// Runs the `framewatch` command as a user of NATS.
    fn framewatch(&self, user: &str, arguments: &[&str]) -> Output {
        Command::new(framewatch())
            .args(arguments)
            .args(self.nats_arguments(user))
            .output()
            .unwrap()
    }

    fn publish(&self, user: &str, folder: &str, bytes: &[u8]) -> Output {
        let file = self.site.path("frame");
        fs::write(&file, bytes).unwrap();
        self.framewatch(user, &["publish", folder, file.to_str().unwrap()])
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("http://{}{path}", self.web))
    }

    /// Asks the HTTP API as an administrator.
    async fn ask(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self
            .request(method, path)
            .bearer_auth(&self.token)
            .body(body);
        let response = request
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap();
        let status = response.status();
        assert!(
            status.is_success(),
            "{path}: {status} {}",
            response.text().await.unwrap()
        );
        response
    }

    /// Uploads a reference with the token that `deploy/init` made.
    async fn upload(&self, folder: &str, view: View) -> String {
        let path = format!("/api/v1/folders/{folder}/images?name=a.jpg");
        let token = self.site.password("web-token");
        let request = self.request(Method::POST, &path).bearer_auth(token);
        let request = request
            .header("content-type", "image/jpeg")
            .body(picture(view, 0));
        let response = request.send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{status} {answer}");
        answer["images"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Redis, as one who queries it.
    async fn reader(&self) -> MultiplexedConnection {
        let password = self.site.password("redis-reader");
        let url = self
            .redis
            .url()
            .replace("://", &format!("://reader:{password}@"));
        let client = redis::Client::open(url).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Waits until the folder's alert is in Redis; gives its id.
    async fn firing(&self, folder: &str) -> String {
        let mut redis = self.reader().await;
        let json: String = eventually("the alert in Redis", async || {
            redis.get(format!("alert_{folder}")).await.unwrap()
        })
        .await;
        let alert: Value = serde_json::from_str(&json).unwrap();
        alert["id"].as_str().unwrap().to_owned()
    }

    /// Waits for the pictures of an alert: where storing one takes more than a second the alert goes out before it.
    async fn has_pictures(&self, alert: &str) {
        for exhibit in ["frame", "reference"] {
            let path = format!("/api/v1/alerts/{alert}/evidence/{exhibit}");
            eventually("the picture is kept", async || {
                let request = self.request(Method::GET, &path).bearer_auth(&self.token);
                let answer = request.send().await.unwrap();
                answer.status().is_success().then_some(())
            })
            .await;
        }
    }

    async fn resolved(&self, folder: &str) {
        let mut redis = self.reader().await;
        eventually("no alert in Redis", async || {
            let there: bool = redis.exists(format!("alert_{folder}")).await.unwrap();
            (!there).then_some(())
        })
        .await;
    }

    /// Nobody was refused anything, and nobody told a secret.
    async fn check_logs(&self) {
        let log = self.nats.log();
        assert!(!log.contains("Violation"), "{}", with(&log, "Violation"));
        let password = self.site.password("redis-operator");
        let url = self
            .redis
            .url()
            .replace("://", &format!("://operator:{password}@"));
        let client = redis::Client::open(url).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let refused: Vec<redis::Value> = redis::cmd("ACL")
            .arg("LOG")
            .query_async(&mut redis)
            .await
            .unwrap();
        assert!(refused.is_empty(), "{refused:?}");

        for name in files(&self.site.path("secrets/passwords")) {
            let secret = fs::read_to_string(name).unwrap();
            for log in files(&self.site.path(""))
                .iter()
                .filter(|path| is_log(path))
            {
                let text = fs::read_to_string(log).unwrap();
                assert!(!text.contains(secret.trim_end()), "{}", log.display());
            }
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_file()).collect()
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "log")
}

fn with(text: &str, word: &str) -> String {
    let lines: Vec<_> = text.lines().filter(|line| line.contains(word)).collect();
    lines.join("\n")
}

fn succeeds(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_does_all_its_work_with_the_rights_it_has() {
    let mut deployment = Deployment::start().await;
    deployment
        .ask(Method::PUT, "/api/v1/folders/gate", "")
        .await;
    deployment.upload("gate", View::Yard).await;
    let reference = deployment.upload("gate", View::Dock).await;
    let rule = json!({ "threshold": 0.8, "keepFiringSeconds": 1 }).to_string();
    deployment
        .ask(Method::PUT, "/api/v1/folders/gate/rule", rule)
        .await;

    succeeds(&deployment.publish("camera-gate", "gate", &picture(View::Wall, 0)));
    let alert = deployment.firing("gate").await;
    deployment.has_pictures(&alert).await;
    let acknowledged = json!({ "name": "me" }).to_string();
    let path = format!("/api/v1/alerts/{alert}/acknowledgement");
    deployment.ask(Method::PUT, &path, acknowledged).await;
    deployment
        .ask(Method::GET, "/api/v1/folders/gate/frame", "")
        .await;
    deployment
        .ask(Method::GET, "/api/v1/folders/gate/history", "")
        .await;

    succeeds(&deployment.publish("camera-gate", "gate", b"no picture"));
    eventually("the dead letter", async || {
        let list = deployment.framewatch("operator", &["dead-letters", "list"]);
        succeeds(&list).contains("frames.gate").then_some(())
    })
    .await;

    deployment
        .ask(Method::DELETE, "/api/v1/folders/gate/rule", "")
        .await;
    succeeds(&deployment.publish("camera-gate", "gate", &picture(View::Dock, 1)));
    deployment.resolved("gate").await;
    let path = format!("/api/v1/folders/gate/images/{reference}");
    deployment.ask(Method::DELETE, &path, "").await;

    let password = deployment.site.password("web-admin");
    let form = format!("username=admin&password={password}&next=");
    let login = deployment
        .request(Method::POST, "/login")
        .header("origin", format!("http://{}", deployment.web))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let login = login.send().await.unwrap();
    assert!(
        login.headers().contains_key("set-cookie"),
        "{}",
        login.status()
    );

    deployment.nats.kill();
    deployment.nats.start_again();
    deployment.add("comparator", &[]).await;
    eventually("frames are taken again", async || {
        let published = deployment.publish("camera-yard", "yard-1", &picture(View::Wall, 2));
        published.status.success().then_some(())
    })
    .await;
    eventually("the folder that a camera sends to is known", async || {
        let path = "/api/v1/folders/yard-1";
        let known = deployment
            .request(Method::GET, path)
            .bearer_auth(&deployment.token);
        let known = known.send().await.ok()?;
        known.status().is_success().then_some(())
    })
    .await;
    deployment.upload("yard-1", View::Dock).await;
    deployment.firing("yard-1").await;

    deployment
        .ask(Method::DELETE, "/api/v1/folders/gate", "")
        .await;
    deployment.check_logs().await;

    let refused = deployment.publish("camera-gate", "yard-1", &picture(View::Wall, 0));
    assert_eq!(refused.status.code(), Some(69));
    assert!(
        deployment.nats.log().contains("Violation"),
        "the log would not have told"
    );
}

/// The folder, a reference, a frame that does not fit, and the alert of it.
async fn fire_gate(deployment: &Deployment) {
    deployment
        .ask(Method::PUT, "/api/v1/folders/gate", "")
        .await;
    deployment.upload("gate", View::Dock).await;
    succeeds(&deployment.publish("camera-gate", "gate", &picture(View::Wall, 0)));
    let alert = deployment.firing("gate").await;
    deployment.has_pictures(&alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_dropped_in_make_it_tls() {
    let deployment = Deployment::start_by_tls().await;
    fire_gate(&deployment).await;
    deployment.check_logs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_backs_one_deployment_up_and_restores_it_to_another() {
    let deployment = Deployment::start().await;
    fire_gate(&deployment).await;
    let file = deployment.path("backup");
    succeeds(&deployment.framewatch("operator", &["backup", &file]));
    deployment.check_logs().await;

    let other = Site::new();
    let nats = other.nats(&[]);
    let framewatch = |arguments: &[&str]| {
        let output = Command::new(framewatch())
            .args(arguments)
            .args(["--nats-url", &nats.url(), "--nats-user", "operator"])
            .arg("--nats-password-file")
            .arg(other.password_file("nats-operator"))
            .output();
        succeeds(&output.unwrap())
    };
    let restored = framewatch(&["restore", &file]);
    let again = other.path("backup").display().to_string();
    let backed_up = framewatch(&["backup", &again]);
    let what =
        "1 reference pictures, 0 normal pictures, 1 events of alerts, 2 pictures behind them";
    assert!(restored.contains(what), "{restored}");
    assert!(backed_up.contains(what), "{backed_up}");
    let log = nats.log();
    assert!(!log.contains("Violation"), "{}", with(&log, "Violation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upload_service_brings_what_an_earlier_version_left_to_its_format() {
    let mut deployment = Deployment::start().await;
    let password = deployment.site.password("nats-operator");
    let options = async_nats::ConnectOptions::with_user_and_password("operator".into(), password);
    let client = options.connect(deployment.nats.url()).await.unwrap();
    let broker = async_nats::jetstream::new(client);
    let alerts = async || {
        let stream = broker.get_stream("ALERTS").await.unwrap();
        stream.cached_info().config.clone()
    };
    let mut unmarked = alerts().await;
    assert!(unmarked.metadata.remove("framewatch-format").is_some());
    broker.update_stream(unmarked).await.unwrap();

    let (address, users) = (
        free_address().to_string(),
        deployment.path("secrets/web/users.toml"),
    );
    let another = ["--listen", &address, "--users-file", &users];
    deployment.add("upload", &another).await;
    assert_eq!(alerts().await.metadata["framewatch-format"], "2");
    deployment.check_logs().await;
}
