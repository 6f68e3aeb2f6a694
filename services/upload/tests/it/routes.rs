//! Who is told of what, by a notifier that runs beside.

use std::{net::SocketAddr, path::PathBuf};

use axum::{Router, http::StatusCode, routing::post};
use event_bus::{Bus, BusConfig, Role};
use notifier::RoutesFile;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use service_runtime::{Context, CpuPool, Readiness};
use tempfile::TempDir;
use test_support::{NatsServer, eventually};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    access,
    service::{Service, problem},
};

const PATH: &str = "/api/v1/routes";

/// A notifier whose receivers take what they are sent, or refuse it.
struct Notifier {
    shutdown: CancellationToken,
    /// Its file of routes.
    path: PathBuf,
    _folder: TempDir,
}

impl Notifier {
    async fn start(nats: &NatsServer, service: &Service) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/secret-path", post(|| async {}))
            .route("/full", post(|| async { StatusCode::FORBIDDEN }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let text = format!(
            "[receiver.ops]\ntype = \"webhook\"\nurl = \"http://{address}/secret-path\"\nrate = \"10/min\"\n\
             [receiver.full]\ntype = \"webhook\"\nurl = \"http://{address}/full\"\n\
             [[route]]\nmatch = {{ folder = \"dock-*\", kind = [\"covered\", \"silent\"] }}\nto = \"ops\"\n\
             escalate = {{ after = \"10m\", to = \"full\" }}\n"
        );
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("notify.toml");
        std::fs::write(&path, text).unwrap();
        let file = RoutesFile::new(&path);
        let routes = file.read().unwrap();
        let config = BusConfig::for_url(nats.url());
        let bus = Bus::connect(&config, "notifier", Role::Teller);
        let shutdown = CancellationToken::new();
        let context = Context {
            shutdown: shutdown.clone(),
            readiness: Readiness::default(),
            cpu: CpuPool::default(),
            ops_address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        tokio::spawn(notifier::run(file, routes, bus.await.unwrap(), context));
        eventually("the notifier answers", async || {
            service.get(PATH).await.status().is_success().then_some(())
        })
        .await;
        Notifier {
            shutdown,
            path,
            _folder: folder,
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

async fn page(service: &Service, path: &str) -> String {
    service.get(path).await.text().await.unwrap()
}

#[tokio::test]
async fn without_a_notifier_it_says_so() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let why = problem(service.get(PATH).await, 503, "unavailable").await;
    assert!(why.contains("No notifier is there"), "{why}");
    let shown = page(&service, "/routes").await;
    assert!(shown.contains("No notifier is there"), "{shown}");
}

#[tokio::test]
async fn what_the_file_says_is_shown_without_its_secrets() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let _notifier = Notifier::start(&nats, &service).await;
    let list = service.json(PATH).await;
    assert_eq!(list["receivers"][1]["receiver"], "ops", "{list}");
    assert_eq!(list["receivers"][1]["type"], "webhook");
    assert_eq!(list["receivers"][1]["rate"], "10/min");
    let route = &list["routes"][0];
    assert_eq!(route["what"], "folder dock-*, kind covered or silent");
    assert_eq!(route["escalateAfterSeconds"], 600);
    assert_eq!(route["groupWaitSeconds"], 10);
    assert!(!list.to_string().contains("secret-path"), "{list}");
    let shown = page(&service, "/routes").await;
    for text in [
        "folder dock-*, kind covered or silent",
        "Told to ops.",
        "To full as well when nobody has acknowledged it 10 min later.",
        "at most 10/min",
    ] {
        assert!(shown.contains(text), "{text} in {shown}");
    }
    assert!(!shown.contains("secret-path"), "{shown}");
}

#[tokio::test]
async fn it_is_said_who_would_be_told() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let _notifier = Notifier::start(&nats, &service).await;
    let told = service
        .json(&format!("{PATH}/told?folder=dock-1&kind=silent"))
        .await;
    assert_eq!(told["receivers"][0]["receiver"], "full", "{told}");
    assert_eq!(told["receivers"][0]["escalatesAfterSeconds"], 600);
    assert_eq!(told["receivers"][1]["receiver"], "ops");
    let told = service
        .json(&format!("{PATH}/told?folder=gate&kind=silent"))
        .await;
    assert_eq!(told["receivers"].as_array().unwrap().len(), 0);
    let shown = page(&service, "/routes?folder=gate&kind=covered").await;
    assert!(shown.contains("Nobody: no route means it."), "{shown}");
    let refused = service
        .get(&format!("{PATH}/told?folder=gate&kind=stolen"))
        .await;
    let why = problem(refused, 400, "invalid-request").await;
    assert!(why.contains("no-key-frames"), "{why}");
    let refused = service
        .get(&format!("{PATH}/told?folder=a.b&kind=silent"))
        .await;
    problem(refused, 400, "invalid-folder").await;
}

#[tokio::test]
async fn a_receiver_is_tried_and_what_came_of_it_is_shown() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let _notifier = Notifier::start(&nats, &service).await;
    let test = |receiver: &str| {
        let path = format!("/api/v1/receivers/{receiver}/test");
        service.request(Method::POST, &path).send()
    };
    let taken: Value = test("ops").await.unwrap().json().await.unwrap();
    assert_eq!(taken["outcome"], "taken", "{taken}");
    for unknown in ["nobody", "No.body"] {
        problem(test(unknown).await.unwrap(), 404, "unknown-receiver").await;
    }
    let shown = service.request(Method::POST, "/routes/test/full").send();
    let shown = shown.await.unwrap().text().await.unwrap();
    assert!(shown.contains("The test message was refused"), "{shown}");
    assert!(shown.contains("403"), "{shown}");
}

async fn set(service: &Service, text: &str) -> Response {
    let request = service.request(Method::PUT, PATH);
    request.json(&json!({"text": text})).send().await.unwrap()
}

#[tokio::test]
async fn routes_are_set_in_place_of_the_files_and_taken_back() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let _notifier = Notifier::start(&nats, &service).await;
    let before = service.json(PATH).await;
    assert_eq!(before.get("set"), None, "{before}");
    let text = before["text"].as_str().unwrap();
    assert!(
        text.contains("[[route]]") && !text.contains("secret"),
        "{text}"
    );

    let said = text.replace("dock-*", "gate-*");
    let answer = set(&service, &said).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let holds: Value = answer.json().await.unwrap();
    assert_eq!(
        holds["routes"][0]["what"],
        "folder gate-*, kind covered or silent"
    );
    assert_eq!(holds["text"], said);
    assert_eq!(holds["receivers"], before["receivers"]);
    assert!(holds["set"]["at"].is_string(), "{holds}");
    let path = format!("{PATH}/told?folder=gate-1&kind=silent");
    let told = service.json(&path).await;
    assert_eq!(told["receivers"].as_array().unwrap().len(), 2);
    let shown = page(&service, "/routes").await;
    assert!(shown.contains("Set here"), "{shown}");

    let form = service
        .request(Method::POST, "/routes/unset")
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(
        form.body("").send().await.unwrap().status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(service.json(PATH).await, before);
    let answer = service.request(Method::DELETE, PATH).send().await;
    assert_eq!(answer.unwrap().status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn routes_that_cannot_be_are_refused_with_their_lines_and_change_nothing() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let _notifier = Notifier::start(&nats, &service).await;
    let before = service.json(PATH).await;
    for (text, why) in [
        (
            "[[route]]\nto = \"nobody\"\n",
            "line 2, route 1: there is no receiver \"nobody\"",
        ),
        (
            "[[route]]\nto = \"ops\"\nremind = \"soon\"\n",
            "line 3, route 1: remind is a time",
        ),
        (
            "[receiver.mine]\ntype = \"webhook\"\n",
            "line 1: unknown field `receiver`",
        ),
        ("[[route]\n", "line 1"),
        (&"#".repeat(60_001), "60001 characters"),
    ] {
        let detail = problem(set(&service, text).await, 422, "invalid-routes").await;
        assert!(detail.contains(why), "{detail}");
    }
    assert_eq!(service.json(PATH).await, before);
    let form = service
        .request(Method::POST, "/routes")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("text=%5B%5Broute%5D%5D%0D%0Ato+%3D+%22nobody%22");
    let shown = form.send().await.unwrap();
    assert_eq!(shown.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let shown = shown.text().await.unwrap();
    assert!(
        shown.contains("Not taken") && shown.contains("line 2, route 1"),
        "{shown}"
    );
    assert!(
        shown.contains("to = &#34;nobody&#34;"),
        "what was written stays: {shown}"
    );

    // None at all: nobody is told.
    assert_eq!(set(&service, "").await.status(), StatusCode::OK);
    assert_eq!(service.json(PATH).await["routes"], json!([]));
}

#[tokio::test]
async fn routes_that_were_set_outlive_the_notifier_and_what_the_file_no_longer_has() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let notifier = Notifier::start(&nats, &service).await;
    let said = "[[route]]\nto = [\"full\"]\n";
    assert_eq!(set(&service, said).await.status(), StatusCode::OK);
    drop(notifier);
    eventually("it is gone", async || {
        let answer = service.get(PATH).await;
        answer.status().is_server_error().then_some(())
    })
    .await;

    let notifier = Notifier::start(&nats, &service).await;
    assert_eq!(service.json(PATH).await["text"], said);
    let text = std::fs::read_to_string(&notifier.path).unwrap();
    std::fs::write(&notifier.path, text.replace("full", "other")).unwrap();
    let holds = eventually("the file is refused", async || {
        let holds = service.json(PATH).await;
        (holds["refused"] != "").then_some(holds)
    })
    .await;
    let why = holds["refused"].as_str().unwrap();
    assert!(why.contains("routes that were set"), "{why}");
    assert!(why.contains("there is no receiver \"full\""), "{why}");
    assert_eq!(holds["routes"][0]["to"], json!(["full"]), "{holds}");
}

#[tokio::test]
async fn only_admins_set_routes() {
    let (nats, site) = (NatsServer::start(), access::Site::new());
    let service = site.start(&nats).await;
    let request = service
        .request(Method::PUT, PATH)
        .json(&json!({"text": ""}));
    let refused = request.bearer_auth(site.operator.reveal()).send().await;
    problem(refused.unwrap(), 403, "not-allowed").await;
}

#[tokio::test]
async fn viewers_send_no_test_messages() {
    let (nats, site) = (NatsServer::start(), access::Site::new());
    let service = site.start(&nats).await;
    let path = "/api/v1/receivers/ops/test";
    let request = service.request(Method::POST, path);
    let refused = request.bearer_auth(site.viewer.reveal()).send().await;
    problem(refused.unwrap(), 403, "not-allowed").await;
}
