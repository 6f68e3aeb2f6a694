//! All services with their servers, in one process.

use std::{net::SocketAddr, path::Path};

use bytes::Bytes;
use camera_settings::CameraKey;
use event_bus::{Bus, BusConfig, Folder, FrameHeaders, Role};
use local_servers::free_port;
use notifier::RoutesFile;
use proto::v1::{Alert, Phase, Upload};
use redis::{AsyncCommands, aio::MultiplexedConnection};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use service_runtime::{Context, CpuPool, Failure, Readiness};
use sink::AlertForm;
use test_support::{NatsServer, RedisServer, eventually};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::picture::{View, picture};

/// All services with their servers. Dropped, everything ends.
pub struct Stack {
    /// The broker.
    pub nats: NatsServer,
    /// What people query.
    pub redis: RedisServer,
    http: Client,
    web: SocketAddr,
    upload: Option<Running>,
    comparators: Vec<Running>,
    sink: Option<Running>,
    cameras: Option<Running>,
    notifier: Option<Running>,
}

struct Running {
    shutdown: CancellationToken,
    readiness: Readiness,
    task: JoinHandle<Result<(), Failure>>,
}

impl Running {
    fn start<F: Future<Output = Result<(), Failure>> + Send + 'static>(
        run: impl FnOnce(Context) -> F,
    ) -> Self {
        let (shutdown, readiness) = (CancellationToken::new(), Readiness::default());
        let context = Context {
            shutdown: shutdown.clone(),
            readiness: readiness.clone(),
            cpu: CpuPool::default(),
            ops_address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        Running {
            shutdown,
            readiness,
            task: tokio::spawn(run(context)),
        }
    }

    async fn ready(&self) {
        eventually("the service is ready", async || {
            self.readiness.missing().is_empty().then_some(())
        })
        .await;
    }

    async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(service_runtime::GRACE, self.task).await;
        ended
            .expect("a service ends within the grace time")
            .expect("a service does not panic")
            .expect("a service that is told to end ends well");
    }
}

impl Stack {
    /// Starts servers and services, and waits until they are ready.
    pub async fn start() -> Self {
        let mut stack = Self::without_comparator().await;
        stack.start_comparator().await;
        stack
    }

    /// The same, with a reference in a folder: its view is [`View::Dock`].
    pub async fn watching(folder: &str) -> Self {
        let stack = Self::start().await;
        stack.watch(folder).await;
        stack
    }

    /// The same, but frames are not compared yet.
    pub async fn without_comparator() -> Self {
        Self::without_comparator_on(NatsServer::start()).await
    }

    /// The same on a server that may have data.
    pub async fn without_comparator_on(nats: NatsServer) -> Self {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let mut stack = Stack {
            nats,
            redis: RedisServer::start(),
            http: Client::new(),
            web: SocketAddr::from(([127, 0, 0, 1], free_port().expect("a port is free"))),
            upload: None,
            comparators: Vec::new(),
            sink: None,
            cameras: None,
            notifier: None,
        };
        stack.start_upload().await;
        stack.start_sink().await;
        stack
    }

    /// A connection of its own.
    pub async fn bus(&self) -> Bus {
        let config = BusConfig::for_url(self.nats.url());
        Bus::connect(&config, "test", Role::Worker)
            .await
            .expect("the server runs")
    }

    /// A connection of its own.
    pub async fn redis(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.redis.url()).expect("our own URL");
        client
            .get_multiplexed_async_connection()
            .await
            .expect("the server runs")
    }

    /// Starts a comparator, besides those that run already.
    pub async fn start_comparator(&mut self) {
        self.start_comparator_with(comparator::Config::default())
            .await;
    }

    /// The same, with other settings.
    pub async fn start_comparator_with(&mut self, config: comparator::Config) {
        let bus = self.bus().await;
        let comparator = Running::start(|context| comparator::run(config, bus, context));
        comparator.ready().await;
        self.comparators.push(comparator);
    }

    /// Starts the upload service, again at the address that it had.
    pub async fn start_upload(&mut self) {
        self.start_upload_with(upload::Config::default()).await;
    }

    /// The same, with other settings.
    pub async fn start_upload_with(&mut self, config: upload::Config) {
        let bus_config = BusConfig::for_url(self.nats.url());
        let bus = Bus::connect(&bus_config, "test", Role::Keeper)
            .await
            .expect("the server runs");
        let listener = TcpListener::bind(self.web).await.expect("the port is free");
        self.web = listener.local_addr().expect("it listens");
        let upload = Running::start(|context| upload::run(listener, config, bus, context));
        upload.ready().await;
        self.upload = Some(upload);
    }

    /// Starts the camera service, and the upload service anew, so that cameras can be set by page and API, and be on
    /// loopback. The key for their passwords lies in this folder.
    pub async fn start_cameras(&mut self, folder: &Path) {
        let path = folder.join("camera.key");
        CameraKey::read_or_make(&path).expect("the folder can be written to");
        let by_api = camera_settings::Config {
            camera_key_file: Some(path),
            camera_addresses: vec!["127.0.0.0/8".parse().expect("it is a network")],
        };
        self.stop_upload().await;
        self.start_upload_with(upload::Config {
            cameras: by_api.clone(),
            ..upload::Config::default()
        })
        .await;
        let config = camera::Config {
            by_api,
            ..camera::Config::default()
        };
        let cameras = config.load();
        let cameras = cameras.unwrap_or_else(|failure| panic!("{:#}", failure.error()));
        let bus = self.bus().await;
        let running = Running::start(|context| camera::run(cameras, bus, context));
        running.ready().await;
        self.cameras = Some(running);
    }

    /// Starts a notifier by this file of routes.
    pub async fn start_notifier(&mut self, file: &Path) {
        let file = RoutesFile::new(file);
        let routes = file.read().unwrap_or_else(|error| panic!("{error}"));
        let bus = self.bus().await;
        let running = Running::start(|context| notifier::run(file, routes, bus, context));
        running.ready().await;
        self.notifier = Some(running);
        eventually("the notifier answers", async || {
            let answer = self.http.get(self.url("/api/v1/routes")).send().await;
            answer.ok()?.status().is_success().then_some(())
        })
        .await;
    }

    async fn start_sink(&mut self) {
        let bus = self.bus().await;
        let redis = sink::connect(&sink::Config::for_url(self.redis.url())).await;
        let redis = redis.unwrap_or_else(|failure| panic!("{:#}", failure.error()));
        let sink = Running::start(|context| sink::run(redis, AlertForm::Json, bus, context));
        sink.ready().await;
        self.sink = Some(sink);
    }

    /// Ends the upload service in order.
    pub async fn stop_upload(&mut self) {
        if let Some(upload) = self.upload.take() {
            upload.stop().await;
        }
    }

    /// Ends all comparators in order.
    pub async fn stop_comparators(&mut self) {
        for comparator in self.comparators.drain(..) {
            comparator.stop().await;
        }
    }

    /// Ends all services in order.
    pub async fn stop_services(&mut self) {
        self.stop_comparators().await;
        for running in [self.sink.take(), self.cameras.take(), self.notifier.take()]
            .into_iter()
            .flatten()
        {
            running.stop().await;
        }
        self.stop_upload().await;
    }

    /// Ends the services in order, kills the servers, and starts all of it again on the same data.
    pub async fn restart_everything(&mut self) {
        self.stop_services().await;
        self.nats.kill();
        self.redis.kill();
        self.nats.start_again();
        self.redis.start_again();
        self.start_upload().await;
        self.start_sink().await;
        self.start_comparator().await;
    }

    /// Where the upload service listens.
    pub fn web(&self) -> SocketAddr {
        self.web
    }

    /// The address of a path of the HTTP API.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.web)
    }

    /// Asks the HTTP API for JSON.
    pub async fn get(&self, path: &str) -> Value {
        let response = self
            .http
            .get(self.url(path))
            .send()
            .await
            .expect("the service answers");
        let text = response.text().await.expect("an answer has text");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path} did not answer JSON: {text}"))
    }

    /// Makes a folder.
    pub async fn make_folder(&self, folder: &str) {
        let path = format!("/api/v1/folders/{folder}");
        let response = self
            .http
            .put(self.url(&path))
            .send()
            .await
            .expect("the service answers");
        assert!(response.status().is_success(), "{}", response.status());
    }

    /// Says what a folder is, in JSON.
    pub async fn describe_folder(&self, folder: &str, details: &str) {
        let request = self
            .http
            .put(self.url(&format!("/api/v1/folders/{folder}")))
            .body(details.to_owned());
        let response = request.send().await.expect("the service answers");
        assert!(response.status().is_success(), "{}", response.status());
    }

    /// Removes a folder with its pictures.
    pub async fn remove_folder(&self, folder: &str) {
        let path = format!("/api/v1/folders/{folder}");
        let request = self.http.delete(self.url(&path)).send();
        let response = request.await.expect("the service answers");
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
    }

    /// Uploads a reference.
    pub async fn upload(&self, folder: &str, name: &str, picture: Vec<u8>) -> Upload {
        let request = self
            .http
            .post(self.url(&format!("/api/v1/folders/{folder}/images?name={name}")))
            .header("Content-Type", "image/jpeg")
            .body(picture);
        let response = request.send().await.expect("the service answers");
        let status = response.status();
        let text = response.text().await.expect("an answer has text");
        assert_eq!(status, StatusCode::CREATED, "{text}");
        let answer: Value = serde_json::from_str(&text).expect("an answer is JSON");
        serde_json::from_value(answer["images"][0].clone()).expect("an image is an Upload")
    }

    /// Gives a folder the reference `dock.jpg`: frames of [`View::Dock`] match from now on, others do not.
    pub async fn watch(&self, folder: &str) -> Upload {
        self.upload(folder, "dock.jpg", picture(View::Dock, 0))
            .await
    }

    /// Adds a normal picture.
    pub async fn add_normal(&self, folder: &str, picture: Vec<u8>) {
        let url = self.url(&format!("/api/v1/folders/{folder}/normals"));
        let request = self.http.post(url).body(picture);
        let response = request.send().await.expect("the service answers");
        assert_eq!(response.status(), StatusCode::CREATED);
    }

    /// Removes a reference.
    pub async fn remove(&self, folder: &str, id: &str) {
        let path = format!("/api/v1/folders/{folder}/images/{id}");
        let response = self
            .http
            .delete(self.url(&path))
            .send()
            .await
            .expect("the service answers");
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
    }

    /// Sets a folder's rule, as JSON.
    pub async fn set_rule(&self, folder: &str, rule: &str) {
        self.put_rule(&format!("/api/v1/folders/{folder}/rule"), rule)
            .await;
    }

    /// Sets the rule of all folders that have none, as JSON.
    pub async fn set_rule_of_all(&self, rule: &str) {
        self.put_rule("/api/v1/rules/_default", rule).await;
    }

    async fn put_rule(&self, path: &str, rule: &str) {
        let request = self
            .http
            .put(self.url(path))
            .header("Content-Type", "application/json")
            .body(rule.to_owned());
        let response = request.send().await.expect("the service answers");
        assert!(response.status().is_success(), "{}", response.status());
    }

    /// Takes an alert in hand.
    pub async fn acknowledge(&self, id: &str, name: &str) {
        let path = format!("/api/v1/alerts/{id}/acknowledgement");
        let said = serde_json::json!({ "name": name }).to_string();
        let request = self.http.put(self.url(&path)).body(said).send();
        let response = request.await.expect("the service answers");
        assert_eq!(response.status(), StatusCode::OK);
    }

    /// Publishes a frame as our own cameras do.
    pub async fn publish(&self, folder: &str, picture: Vec<u8>) {
        self.publish_to(&[folder], picture).await;
    }

    /// Publishes the same frame to several folders, one after another.
    pub async fn publish_to(&self, folders: &[&str], picture: Vec<u8>) {
        let bus = self.bus().await;
        let picture = Bytes::from(picture);
        for folder in folders {
            let folder: Folder = folder.parse().expect("a folder's name");
            let headers = FrameHeaders {
                camera: "cam-1".to_owned(),
                captured_at: std::time::SystemTime::now().into(),
            };
            bus.publish_frame(&folder, &headers, Some("image/jpeg"), picture.clone())
                .await
                .expect("the broker takes a frame");
        }
    }

    /// Waits until Redis has a similarity for which this holds.
    pub async fn similarity_where(&self, folder: &str, holds: impl Fn(f64) -> bool) -> f64 {
        let mut redis = self.redis().await;
        eventually("the similarity in Redis", async || {
            let text: Option<String> = redis.get(format!("similarity_{folder}")).await.ok()?;
            text?.parse().ok().filter(|similarity| holds(*similarity))
        })
        .await
    }

    /// Waits until the alert of the folder's view is firing in Redis.
    pub async fn firing(&self, folder: &str) -> Alert {
        self.alert_at(format!("alert_{folder}")).await
    }

    /// Waits until the alert of the folder's camera is firing in Redis.
    pub async fn camera_firing(&self, folder: &str) -> Alert {
        self.alert_at(format!("camera_alert_{folder}")).await
    }

    /// Waits until Redis has no alert of the folder's view.
    pub async fn quiet(&self, folder: &str) {
        self.no_alert_at(format!("alert_{folder}")).await;
    }

    /// Waits until Redis has no alert of the folder's camera.
    pub async fn camera_quiet(&self, folder: &str) {
        self.no_alert_at(format!("camera_alert_{folder}")).await;
    }

    async fn alert_at(&self, key: String) -> Alert {
        let mut redis = self.redis().await;
        let json: String = eventually("the alert is firing in Redis", async || {
            redis.get::<_, Option<String>>(&key).await.ok()?
        })
        .await;
        serde_json::from_str(&json).expect("an alert in Redis is JSON")
    }

    async fn no_alert_at(&self, key: String) {
        let mut redis = self.redis().await;
        eventually("no alert in Redis", async || {
            let there: bool = redis.exists(&key).await.ok()?;
            (!there).then_some(())
        })
        .await;
    }

    /// The phases in Redis' stream of alerts, oldest first.
    pub async fn phases(&self) -> Vec<Phase> {
        let mut redis = self.redis().await;
        let entries: Vec<(String, Vec<(String, String)>)> = redis
            .xrange_all(sink::ALERTS)
            .await
            .expect("the stream can be read");
        let phase = |fields: &[(String, String)]| {
            let (_, word) = fields
                .iter()
                .find(|(name, _)| name == "phase")
                .expect("every entry has a phase");
            if word == "firing" {
                Phase::Firing
            } else {
                Phase::Resolved
            }
        };
        entries.iter().map(|(_, fields)| phase(fields)).collect()
    }
}
