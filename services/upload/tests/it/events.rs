//! Server-sent events: who is told what.

use std::time::Duration;

use reqwest::Response;
use test_support::NatsServer;
use tokio::time::timeout;

use crate::{
    pictures::jpeg,
    service::{Service, problem},
};

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Viewer {
    response: Response,
    seen: String,
}

impl Viewer {
    pub(crate) async fn connect(service: &Service, query: &str) -> Self {
        Self::follow(service, &format!("/api/v1/events{query}")).await
    }

    pub(crate) async fn follow(service: &Service, path: &str) -> Self {
        let response = service.get(path).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut viewer = Viewer {
            response,
            seen: String::new(),
        };
        viewer.until("event: hello").await;
        viewer
    }

    /// What a browser would say when it comes back.
    fn position(&self) -> &str {
        let (_, last) = self.seen.rsplit_once("id: ").expect("a position came");
        last.lines().next().expect("a position has a line")
    }

    pub(crate) fn seen(&self) -> &str {
        &self.seen
    }

    pub(crate) async fn until(&mut self, text: &str) {
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

#[tokio::test]
async fn pages_are_told_how_folders_stand_and_what_they_missed() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let path = "/api/v1/events/folders";
    let mut everything = Viewer::follow(&service, path).await;
    let mut second = Viewer::follow(&service, &format!("{path}?folder=folder2")).await;
    everything.until("\"folder\":\"folder6\"").await;
    assert!(!second.seen.contains("folder6"), "{}", second.seen);

    let id = service.upload("folder2", "two.jpg", jpeg(2)).await;
    everything.until(&id).await;
    second.until(&id).await;
    assert!(second.seen.contains("\"state\":\"no-frames\""));
    let position = second.position();

    let first_id = service.upload("folder1", "one.jpg", jpeg(1)).await;
    everything.until(&first_id).await;
    let again = format!("{path}?after={position}");
    let again = Viewer::follow(&service, &again).await;
    assert!(again.seen.contains(&first_id), "{}", again.seen);
    assert!(!again.seen.contains(&id), "it was seen: {}", again.seen);

    let elsewhere = Viewer::follow(&service, &format!("{path}?after=other-7")).await;
    assert!(elsewhere.seen.contains(&id), "{}", elsewhere.seen);

    service.delete("/api/v1/folders/folder2").await;
    second
        .until("event: folder-removed\ndata: {\"folder\":\"folder2\"}")
        .await;
}
