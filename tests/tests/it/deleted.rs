//! Streams and buckets that somebody deletes while everything runs.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{self, Context},
};
use event_bus::{DECLARATIONS, ReferenceChange};
use futures::{StreamExt, future::join_all};
use proto::v1::{Alert, Phase};
use test_support::{eventually, soon};
use tests::{Stack, View, picture};
use tokio::time::{Instant, sleep, timeout};

/// Within this all is there again.
const WITHIN: Duration = Duration::from_secs(30);

/// Within this everybody who reads a stream looks whether it is still the same.
const NOTICED: Duration = Duration::from_secs(4);

/// A folder that fires, one that is quiet, and a broker that anybody may do anything to.
struct Site {
    stack: Stack,
    client: Client,
    jetstream: Context,
    firing: Alert,
}

impl Site {
    async fn start() -> Self {
        let stack = Stack::start().await;
        let client = async_nats::connect(stack.nats.url()).await.unwrap();
        for folder in ["folder1", "folder2"] {
            stack.watch(folder).await;
        }
        stack.publish("folder1", picture(View::Wall, 0)).await;
        stack.publish("folder2", picture(View::Dock, 1)).await;
        let firing = stack.firing("folder1").await;
        stack.similarity_where("folder2", |it| it >= 0.9).await;
        Site {
            jetstream: jetstream::new(client.clone()),
            stack,
            client,
            firing,
        }
    }

    async fn delete(&self, stream: &str) {
        let made_at = self.made_at(stream).await.unwrap();
        self.jetstream.delete_stream(stream).await.unwrap();
        let deleted = Instant::now();
        eventually("it is there again", async || {
            self.made_at(stream).await.filter(|again| *again != made_at)
        })
        .await;
        assert!(deleted.elapsed() < WITHIN, "{:?}", deleted.elapsed());
        sleep(NOTICED).await;
    }

    /// Since when the reference of folder2 holds.
    async fn reference_since(&self) -> time::OffsetDateTime {
        let bus = self.stack.bus().await;
        let folder = "folder2".parse().unwrap();
        let change = bus.latest::<ReferenceChange>(&folder).await.unwrap();
        change.unwrap().reference_since()
    }

    async fn made_at(&self, stream: &str) -> Option<time::OffsetDateTime> {
        let stream = self.jetstream.get_stream(stream).await.ok()?;
        Some(stream.cached_info().created)
    }

    /// Shows that all goes on: what was quiet fires, what fired ends, and a new reference counts.
    async fn goes_on(&self) {
        let stack = &self.stack;
        stack.publish("folder2", picture(View::Wall, 2)).await;
        stack.firing("folder2").await;
        stack.publish("folder1", picture(View::Dock, 3)).await;
        stack.quiet("folder1").await;
        stack
            .upload("folder2", "wall.jpg", picture(View::Wall, 4))
            .await;
        stack.quiet("folder2").await;
        let shown = stack.get("/api/v1/folders/folder2").await;
        assert_eq!(shown["reference"]["name"], "wall.jpg", "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stream_and_bucket_that_is_deleted_is_made_again_and_all_goes_on() {
    let some = DECLARATIONS.chunks(8).map(|some| async move {
        for declared in some {
            let site = Site::start().await;
            site.delete(declared.stream).await;
            let going_on = timeout(Duration::from_secs(120), site.goes_on());
            assert!(going_on.await.is_ok(), "{} was deleted", declared.stream);
        }
    });
    join_all(some).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fires_when_the_alerts_are_deleted_goes_on_firing_and_nobody_hears_it_twice() {
    let mut site = Site::start().await;
    let mut heard = site.client.subscribe("alerts.>").await.unwrap();
    site.delete("ALERTS").await;

    // Whoever starts now knows of it, and ends it.
    site.stack.stop_comparators().await;
    site.stack.start_comparator().await;
    site.stack.publish("folder1", picture(View::Dock, 3)).await;
    site.stack.quiet("folder1").await;
    let end = soon("the end", heard.next()).await.unwrap();
    let headers = end.headers.unwrap();
    let header = |name: &str| headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(
        (header("Phase"), header("Alert-Id")),
        ("resolved".into(), site.firing.id.clone())
    );
    let phases = site.stack.phases().await;
    assert_eq!(phases, [Phase::Firing, Phase::Resolved]);
}

#[tokio::test(flavor = "multi_thread")]
async fn references_rules_and_folders_that_are_deleted_are_put_back() {
    let mut site = Site::start().await;
    let stack = &site.stack;
    stack.set_rule("folder2", r#"{"threshold": 0.5}"#).await;
    stack
        .describe_folder("folder2", r#"{"title": "Dock 2"}"#)
        .await;
    let alert = format!("/api/v1/alerts/{}/acknowledgement", site.firing.id);
    let acknowledge = reqwest::Client::new()
        .put(stack.url(&alert))
        .header("Content-Type", "application/json")
        .body(r#"{"name": "Jo"}"#);
    assert!(acknowledge.send().await.unwrap().status().is_success());
    let since = site.reference_since().await;
    for stream in [
        "UPLOADS",
        "KV_rules",
        "KV_folders",
        "KV_acknowledgements",
        "OBJ_references",
    ] {
        site.delete(stream).await;
    }

    assert_eq!(
        site.reference_since().await,
        since,
        "a reference holds since when it did"
    );

    // Services that start now find them.
    site.stack.stop_services().await;
    let mut stack = site.stack;
    stack.start_upload().await;
    let folder = stack.get("/api/v1/folders/folder2").await;
    assert_eq!(folder["title"], "Dock 2", "{folder}");
    assert_eq!(folder["rule"]["threshold"], 0.5, "{folder}");
    assert_eq!(folder["reference"]["name"], "dock.jpg", "{folder}");
    let alert = stack
        .get(&format!("/api/v1/alerts/{}", site.firing.id))
        .await;
    assert_eq!(alert["acknowledgement"]["name"], "Jo", "{alert}");

    // A picture that is lost costs itself alone.
    stack.start_comparator().await;
    sleep(Duration::from_secs(8)).await;
    let folder = stack.get("/api/v1/folders/folder2").await;
    assert_eq!(folder["reference"]["name"], "dock.jpg", "{folder}");
    site.stack = stack;
}
