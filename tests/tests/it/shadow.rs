//! A comparator in shadow, beside those that count.

use std::time::Duration;

use async_nats::jetstream::{self, Context};
use futures::TryStreamExt;
use local_servers::free_port;
use tempfile::TempDir;
use test_support::eventually;
use tests::{Process, Stack, View, picture};
use tokio::time::sleep;

struct Shadow {
    ops: String,
    _process: Process,
    _logs: TempDir,
}

impl Shadow {
    /// Starts one, and waits until it compares.
    async fn start(stack: &Stack, settings: &[&str]) -> Self {
        let logs = tempfile::tempdir().unwrap();
        let ops = format!("127.0.0.1:{}", free_port().unwrap());
        let url = stack.nats.url();
        let arguments = ["--shadow", "--nats-url", &url, "--ops-listen", &ops];
        let arguments = [&arguments[..], settings].concat();
        let process = Process::start("shadow", "framewatch-comparator", &arguments, logs.path());
        let shadow = Shadow {
            ops,
            _process: process,
            _logs: logs,
        };
        eventually("the shadow is ready", async || {
            let answer = reqwest::get(format!("http://{}/readyz", shadow.ops)).await;
            answer.ok().filter(|answer| answer.status() == 200)
        })
        .await;
        shadow
    }

    /// Waits until it has counted so many of an outcome.
    async fn counted(&self, outcome: &str, count: u64) {
        let line = format!("framewatch_shadow_comparisons_total{{outcome=\"{outcome}\"}} {count}");
        eventually(&line, async || {
            let metrics = self.metrics().await?;
            metrics.lines().any(|it| it == line).then_some(())
        })
        .await;
    }

    async fn metrics(&self) -> Option<String> {
        let answer = reqwest::get(format!("http://{}/metrics", self.ops)).await;
        answer.ok()?.text().await.ok()
    }
}

/// How many messages a stream ever took.
async fn taken(jetstream: &Context, stream: &str) -> u64 {
    let stream = jetstream.get_stream(stream).await.unwrap();
    stream.cached_info().state.last_sequence
}

/// All that a comparator may write.
async fn written(jetstream: &Context) -> Vec<u64> {
    let mut written = Vec::new();
    for stream in [
        "COMPARISONS",
        "ALERTS",
        "DEAD_LETTERS",
        "KV_holds",
        "KV_features",
        "OBJ_evidence",
    ] {
        written.push(taken(jetstream, stream).await);
    }
    written
}

/// A folder whose frames of a wall are mismatches, and one where anything goes.
async fn watched() -> (Stack, Context) {
    let stack = Stack::start().await;
    let jetstream = jetstream::new(async_nats::connect(stack.nats.url()).await.unwrap());
    for (folder, rule) in [
        ("folder1", r#"{"measure": "phash", "threshold": 0.9}"#),
        ("folder2", r#"{"measure": "phash", "threshold": 0}"#),
    ] {
        stack.set_rule(folder, rule).await;
        let dock = picture(View::Dock, 0);
        stack.upload(folder, "dock.jpg", dock).await;
    }
    (stack, jetstream)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_how_it_would_differ_and_has_no_effect() {
    let (mut stack, jetstream) = watched().await;
    let lax = ["--shadow-threshold", "0", "--shadow-measure", "median"];
    let lax = Shadow::start(&stack, &lax).await;
    let strict = Shadow::start(&stack, &["--shadow-threshold", "0.9"]).await;

    stack.publish("folder1", picture(View::Dock, 0)).await;
    stack.similarity_where("folder1", |it| it >= 0.9).await;
    lax.counted("agrees", 1).await;
    strict.counted("agrees", 1).await;
    let wall = picture(View::Wall, 0);
    stack.publish("folder1", wall.clone()).await;
    stack.firing("folder1").await;
    lax.counted("would-match", 1).await;
    strict.counted("agrees", 2).await;
    stack.publish("folder2", wall.clone()).await;
    lax.counted("agrees", 2).await;
    strict.counted("would-mismatch", 1).await;

    // What is written is what one comparator writes of three frames, one of which fired.
    assert_eq!(taken(&jetstream, "COMPARISONS").await, 3);
    assert_eq!(taken(&jetstream, "ALERTS").await, 1);
    assert_eq!(taken(&jetstream, "KV_features").await, 0);

    // Alone, it leaves frames to who counts.
    stack.stop_comparators().await;
    let before = written(&jetstream).await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(written(&jetstream).await, before);
    let frames = jetstream.get_stream("FRAMES").await.unwrap();
    let consumers: Vec<_> = frames.consumers().try_collect().await.unwrap();
    let working = consumers
        .iter()
        .filter(|it| it.config.durable_name.is_some());
    let names: Vec<_> = working.map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["comparator"]);
    stack.start_comparator().await;
    stack.quiet("folder1").await;
    strict.counted("agrees", 3).await;
}
