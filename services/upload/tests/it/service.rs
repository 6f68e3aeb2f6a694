//! The service on a free port, for the tests beside.

use event_bus::{Bus, BusConfig, Folder, ReferenceChange, Role};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    multipart::{Form, Part},
};
use serde_json::Value;
use service_runtime::{Context, CpuPool, Failure, Readiness};
use test_support::{NatsServer, eventually, soon};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use upload::Config;

/// The service on a free port, with a client and a bus of the test's own.
pub(crate) struct Service {
    pub(crate) host: String,
    pub(crate) bus: Bus,
    pub(crate) client: Client,
    shutdown: CancellationToken,
    running: JoinHandle<Result<(), Failure>>,
}

impl Service {
    pub(crate) async fn start(nats: &NatsServer) -> Self {
        Self::start_with(nats, Config::default()).await
    }

    pub(crate) async fn start_with(nats: &NatsServer, config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let settings = BusConfig::for_url(nats.url());
        let bus = Bus::connect(&settings, "upload", Role::Worker)
            .await
            .unwrap();
        let context = Context {
            shutdown: CancellationToken::new(),
            readiness: Readiness::default(),
            cpu: CpuPool::default(),
            ops_address: listener.local_addr().unwrap(),
        };
        let (shutdown, readiness) = (context.shutdown.clone(), context.readiness.clone());
        let running = tokio::spawn(upload::run(listener, config, bus, context));
        eventually("the service is ready", async || {
            readiness.missing().is_empty().then_some(())
        })
        .await;
        Service {
            host,
            bus: Bus::connect(&settings, "test", Role::Worker).await.unwrap(),
            client: client(),
            shutdown,
            running,
        }
    }

    /// Begins the orderly end.
    pub(crate) fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Ends it in order and waits for that.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        soon("the service ends", self.running)
            .await
            .unwrap()
            .expect("the service ends in order");
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.host))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        self.request(Method::DELETE, path).send().await.unwrap()
    }

    pub(crate) async fn put(&self, path: &str, body: &'static str) -> Response {
        let request = self.request(Method::PUT, path).body(body);
        request.send().await.unwrap()
    }

    /// The JSON of an answer that must be 200.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    /// Sends a bare picture.
    pub(crate) async fn send_bare(&self, path: &str, body: Vec<u8>) -> Response {
        let request = self.request(Method::POST, path).body(body);
        request.send().await.unwrap()
    }

    /// Sends files as a form.
    pub(crate) async fn send_form(&self, path: &str, files: Vec<(&str, Vec<u8>)>) -> Response {
        let form = files.into_iter().fold(Form::new(), |form, (name, bytes)| {
            form.part("file", Part::bytes(bytes).file_name(name.to_owned()))
        });
        let request = self.request(Method::POST, path).multipart(form);
        request.send().await.unwrap()
    }

    /// The last change of a folder's reference.
    pub(crate) async fn latest_change(&self, name: &str) -> Option<ReferenceChange> {
        let latest = self.bus.latest::<ReferenceChange>(&folder(name)).await;
        latest.unwrap().map(|latest| latest.event)
    }

    /// Uploads a picture into a folder; gives its id.
    pub(crate) async fn upload(&self, folder: &str, name: &str, bytes: Vec<u8>) -> String {
        let path = format!("/api/v1/folders/{folder}/images?name={name}");
        let response = self.send_bare(&path, bytes).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let answer: Value = response.json().await.unwrap();
        answer["images"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Sends bytes just as they are, and reads until the service closes the connection.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

pub(crate) fn client() -> Client {
    // Every test asks for it; the first one is heard.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(30))
        .build()
        .unwrap()
}

pub(crate) fn folder(name: &str) -> Folder {
    name.parse().unwrap()
}

/// Requires that an answer is a problem of this status and type; gives its detail.
pub(crate) async fn problem(response: Response, status: u16, slug: &str) -> String {
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(response.status(), status);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["type"], format!("/problems/{slug}"), "{problem}");
    assert_eq!(problem["status"], status);
    problem["detail"].as_str().unwrap().to_owned()
}
