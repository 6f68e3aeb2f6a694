//! Publishing: what comes back, what is refused, what is said once.

use std::time::Duration;

use async_nats::{
    HeaderMap,
    jetstream::{self, message::PublishMessage},
};
use bytes::Bytes;
use event_bus::{
    Bus, BusConfig, ConnectError, Expected, FrameArrival, MAX_FRAME_BYTES, PublishError, Role,
};
use proto::v1::{Alert, Comparison, Phase};
use test_support::{NatsServer, eventually};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{connect, folder, publish_frame, view};

#[tokio::test]
async fn a_frame_comes_back_as_it_was_published() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let sequence = publish_frame(&bus, &folder("dock"), b"picture").await;

    let latest = bus
        .latest::<FrameArrival>(&folder("dock"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(latest.key, folder("dock"));
    assert_eq!(latest.sequence, sequence);
    assert_eq!(&latest.event.picture[..], b"picture");
    assert_eq!(latest.event.headers.camera, "cam");
    assert!(
        bus.latest::<FrameArrival>(&folder("other"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_refused_with_its_size() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let picture: &'static [u8] = vec![0; MAX_FRAME_BYTES + 1].leak();
    let headers = event_bus::FrameHeaders {
        camera: String::new(),
        captured_at: time::OffsetDateTime::UNIX_EPOCH,
    };
    let refused = bus
        .publish_frame(&folder("dock"), &headers, None, picture.into())
        .await;
    assert!(
        matches!(refused, Err(PublishError::TooLarge { bytes, .. }) if bytes == MAX_FRAME_BYTES + 1)
    );
    bus.publish_frame(&folder("dock"), &headers, None, picture[1..].into())
        .await
        .unwrap();
}

#[tokio::test]
async fn of_two_transitions_from_the_same_state_one_is_refused() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let firing = Alert {
        id: "1".into(),
        phase: Phase::Firing.into(),
        ..Alert::default()
    };
    let first = bus
        .publish_alert(&view("dock"), &firing, Expected(0))
        .await
        .unwrap();

    let second = bus.publish_alert(&view("dock"), &firing, Expected(0)).await;
    assert!(matches!(second, Err(PublishError::Conflict)), "{second:?}");

    let state = bus.latest::<Alert>(&view("dock")).await.unwrap();
    assert_eq!(Expected::after(state.as_ref()), Expected(first));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let port = local_servers::free_port().unwrap();
    let config = BusConfig {
        nats_connect_timeout_s: 1,
        ..BusConfig::for_url(format!("nats://127.0.0.1:{port}"))
    };
    let Err(error) = Bus::connect(&config, "test", Role::Worker).await else {
        panic!("nobody listens there")
    };
    assert!(matches!(error, ConnectError::Unreachable { .. }));
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_comparison_by_a_rule_that_is_back_is_said_again_once() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let dock = folder("dock");
    let by = |rule: &'static [u8]| Comparison {
        rule_digest: Bytes::from_static(rule),
        ..Comparison::default()
    };
    for rule in [b"one", b"one", b"two", b"one", b"one", b"two", b"two"] {
        bus.publish_comparison(&dock, &by(rule)).await.unwrap();
    }
    let said = bus.all::<Comparison>().await;
    let rules: Vec<_> = said.iter().map(|it| &it.event.rule_digest[..]).collect();
    assert_eq!(rules, [b"one", b"two", b"one", b"two"]);
}

#[tokio::test]
async fn a_frame_that_was_carried_on_and_judged_itself_is_said_once_each_way() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let dock = folder("dock");
    let judged = Comparison::default();
    let carried = Comparison {
        carried_from: Some(proto::timestamp(time::OffsetDateTime::UNIX_EPOCH)),
        ..Comparison::default()
    };
    for comparison in [&carried, &judged, &carried, &judged, &carried] {
        bus.publish_comparison(&dock, comparison).await.unwrap();
    }
    let said = bus.all::<Comparison>().await;
    let said: Vec<bool> = said
        .iter()
        .map(|it| it.event.carried_from.is_some())
        .collect();
    assert_eq!(said, [true, false]);
}

#[tokio::test]
async fn a_camera_that_numbers_its_frames_anew_loses_none_of_them() {
    let server = NatsServer::start();
    let context = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let of_an_earlier_version = jetstream::stream::Config {
        name: "FRAMES".to_owned(),
        subjects: vec!["frames.*".to_owned()],
        storage: jetstream::stream::StorageType::Memory,
        duplicate_window: Duration::from_secs(120),
        ..Default::default()
    };
    let made = context.create_stream(of_an_earlier_version).await;
    made.unwrap();
    let config = BusConfig::for_url(server.url());
    Bus::connect(&config, "test", Role::Keeper).await.unwrap();

    let publish = async || {
        let frame = PublishMessage::build()
            .message_id("1")
            .payload("picture".into());
        let sent = context.send_publish("frames.dock", frame).await.unwrap();
        sent.await.unwrap()
    };
    assert!(!publish().await.duplicate);
    eventually("its number counts again", async || {
        (!publish().await.duplicate).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_time_that_no_text_of_ours_can_say_is_that_of_storing() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).unwrap();
    for (said, expected) in [
        (
            "9999-12-31T23:59:59.999999999Z",
            Some("9999-12-31T23:59:59.999999999Z"),
        ),
        ("9999-12-31T23:59:59+14:00", Some("9999-12-31T09:59:59Z")),
        ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
        ("9999-12-31T23:59:59-14:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("0000-06-01T00:00:00Z", None),
        ("-0001-06-01T00:00:00Z", None),
        ("+10000-01-01T00:00:00Z", None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("Captured-At", said);
        let sent = client.publish_with_headers("frames.dock", headers, "picture".into());
        sent.await.unwrap();
        client.flush().await.unwrap();
        let frame = eventually("the frame", async || {
            let dock = folder("dock");
            bus.latest::<FrameArrival>(&dock).await.unwrap()
        })
        .await;
        bus.discard_frames(&folder("dock")).await.unwrap();

        let expected = expected.map_or(frame.stored_at, parse);
        let said_again = frame.event.headers.frame(frame.stored_at);
        let json = serde_json::to_value(said_again).unwrap();
        let time = json["capturedAt"].as_str().unwrap();
        assert_eq!(parse(time), expected, "{said}");
    }
}

#[tokio::test]
async fn it_is_known_how_far_the_frames_reach_when_they_have_no_room() {
    let server = NatsServer::start();
    let config = BusConfig {
        frames_max_mb: 16,
        ..BusConfig::for_url(server.url())
    };
    let bus = Bus::connect(&config, "test", Role::Worker).await.unwrap();
    let nothing = bus.frames_held().await.unwrap();
    assert_eq!((nothing.limit, nothing.oldest), (Some(16_000_000), None));

    let megabyte: &[u8] = vec![7; 1_000_000].leak();
    for number in 0..20 {
        publish_frame(&bus, &folder(&format!("camera{number}")), megabyte).await;
    }
    let held = bus.frames_held().await.unwrap();
    assert!((14_000_000..=16_000_000).contains(&held.bytes), "{held:?}");
    let stored_at = async |name: &str| {
        let latest = bus.latest::<FrameArrival>(&folder(name)).await.unwrap();
        latest.map(|latest| latest.stored_at)
    };
    assert_eq!(stored_at("camera0").await, None);
    assert!(stored_at("camera19").await > held.oldest);
    let oldest = format!("camera{}", 20 - held.bytes / 1_000_000);
    assert_eq!(stored_at(&oldest).await, held.oldest);
}

#[tokio::test]
async fn where_there_is_no_room_for_a_stream_the_others_are_made_all_the_same() {
    // `COMPARISONS` may take a gigabyte, which the server reserves.
    let server = NatsServer::start_with_quota(500_000_000, None);
    let config = BusConfig::for_url(server.url());
    let connecting =
        tokio::spawn(async move { Bus::connect(&config, "test", Role::Worker).await.map(drop) });
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    for stream in ["UPLOADS", "ALERTS", "KV_rules", "OBJ_evidence"] {
        eventually(stream, async || jetstream.get_stream(stream).await.ok()).await;
    }
    assert!(jetstream.get_stream("COMPARISONS").await.is_err());
    connecting.abort();
}
