//! Traces, as a receiver of OTLP gets them.

use std::sync::Arc;

use parking_lot::Mutex;

use async_nats::HeaderMap;
use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span,
};
use prost::Message as _;
use tempfile::TempDir;
use test_support::{eventually, terminate, wait};
use tests::{View, picture};
use tokio::net::TcpListener;

use crate::{run, stderr, up::Up};

/// Every span that was sent to it.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<Span>>>);

impl Receiver {
    /// Gives its address as well.
    async fn start() -> (Self, String) {
        let receiver = Receiver::default();
        let router = Router::new()
            .route("/v1/traces", post(Self::take))
            .with_state(receiver.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router).into_future());
        (receiver, address)
    }

    async fn take(State(receiver): State<Self>, body: Bytes) {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|resource| {
            assert!(format!("{:?}", resource.resource).contains("framewatch"));
            resource.scope_spans
        });
        let spans = scopes.flat_map(|scope| scope.spans);
        receiver.0.lock().extend(spans);
    }

    async fn span(&self, what: &str, is_it: impl Fn(&Span) -> bool) -> Span {
        eventually(what, async || {
            let spans = self.0.lock();
            spans.iter().find(|span| is_it(span)).cloned()
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_is_traced_from_its_camera_to_redis() {
    let (receiver, address) = Receiver::start().await;
    let data = TempDir::new().unwrap();
    let mut up = Up::with_own_servers(data.path(), &["--otlp-endpoint", &address]);
    up.upload_reference(data.path());

    let nats = async_nats::connect(&up.nats).await.unwrap();
    let jetstream = async_nats::jetstream::new(nats);
    let (trace, camera) = ([0x4b; 16], [0x0a; 8]);
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let publish = async |traceparent: Option<String>| {
        let mut headers = HeaderMap::new();
        if let Some(traceparent) = traceparent {
            headers.insert("traceparent", traceparent);
        }
        let frame = picture(View::Dock, 1).into();
        let publishing = jetstream.publish_with_headers("frames.folder1", headers, frame);
        publishing.await.unwrap().await.unwrap();
    };
    // From then on the reference is known and nothing is judged again, so each frame is compared once.
    publish(None).await;
    receiver
        .span("the first write to Redis", |span| span.name == "write")
        .await;

    publish(Some(format!("00-{}-{}-01", hex(&trace), hex(&camera)))).await;
    let compare = receiver
        .span("the comparison", |span| {
            span.name == "compare" && span.trace_id == trace
        })
        .await;
    assert_eq!(compare.parent_span_id, camera);
    let write = receiver
        .span("the write to Redis", |span| {
            span.name == "write" && span.parent_span_id == compare.span_id
        })
        .await;
    assert_eq!(write.trace_id, trace);
    for none in ["00-zz-1-01".to_owned(), "0".repeat(4000)] {
        publish(Some(none)).await;
    }
    eventually(
        "a frame with a trace that is none begins its own",
        async || {
            let spans = receiver.0.lock();
            let own = |span: &&Span| {
                span.name == "compare" && span.trace_id != trace && span.parent_span_id.is_empty()
            };
            // The first frame's is among them.
            (spans.iter().filter(own).count() == 3).then_some(())
        },
    )
    .await;

    terminate(&up.process);
    assert!(wait(&mut up.process).success());
}

#[test]
fn where_traces_cannot_go_is_said_at_once() {
    let data = TempDir::new().unwrap().path().display().to_string();
    let refused = run(&["up", "--data", &data, "--otlp-endpoint", "collector:4317"]);
    assert_eq!(refused.status.code(), Some(64), "{}", stderr(&refused));
    let message = stderr(&refused);
    assert!(
        message.contains("collector:4317") && message.contains("http://"),
        "{message}"
    );
}

#[test]
fn without_a_receiver_it_ends_in_order() {
    let data = TempDir::new().unwrap();
    let nobody = ["--otlp-endpoint", "http://127.0.0.1:1"];
    let mut up = Up::with_own_servers(data.path(), &nobody);
    up.upload_reference(data.path());
    let file = data.path().join("dock.jpg").display().to_string();
    let published = run(&["publish", "folder1", &file, "--nats-url", &up.nats]);
    assert!(published.status.success(), "{}", stderr(&published));
    terminate(&up.process);
    assert!(wait(&mut up.process).success());
}
