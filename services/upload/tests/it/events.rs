use std::time::Duration;

use reqwest::Response;
use test_support::NatsServer;
use tokio::time::timeout;

use crate::{
    pictures::jpeg,
    service::{Service, problem},
};

const PATIENCE: Duration = Duration::from_secs(10);

struct Viewer {
    response: Response,
    seen: String,
}

impl Viewer {
    async fn connect(service: &Service, query: &str) -> Self {
        let response = service.get(&format!("/api/v1/events{query}")).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut viewer = Viewer {
            response,
            seen: String::new(),
        };
        viewer.until("event: hello").await;
        viewer
    }

    async fn until(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let chunk = timeout(PATIENCE, self.response.chunk());
            let chunk = chunk
                .await
                .unwrap_or_else(|_| panic!("no {text:?} in {}", self.seen));
            let chunk = chunk.unwrap().expect("the stream goes on");
            self.seen.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

#[tokio::test]
async fn viewers_see_uploads_and_removals_of_their_folder() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let mut everything = Viewer::connect(&service, "").await;
    let mut second = Viewer::connect(&service, "?folder=folder2").await;

    let first_id = service.upload("folder1", "one.jpg", jpeg(1)).await;
    let second_id = service.upload("folder2", "two.jpg", jpeg(2)).await;
    everything.until(&second_id).await;
    assert!(
        everything.seen.contains("event: upload\n"),
        "{}",
        everything.seen
    );
    assert!(everything.seen.contains(&first_id));
    second.until(&second_id).await;
    assert!(!second.seen.contains(&first_id), "{}", second.seen);

    let path = format!("/api/v1/folders/folder1/images/{first_id}");
    service.delete(&path).await;
    everything.until("event: upload-removed\n").await;
    service.stop().await;
}

#[tokio::test]
async fn streams_end_with_the_service() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let mut viewer = Viewer::connect(&service, "").await;
    service.begin_to_stop();
    let end = timeout(PATIENCE, viewer.response.chunk()).await;
    assert_eq!(end.expect("the stream ends").unwrap(), None);
    timeout(PATIENCE, service.stop())
        .await
        .expect("the service ends");
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_refused() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let response = service.get("/api/v1/events?folder=No").await;
    problem(response, 400, "invalid-folder").await;
}
