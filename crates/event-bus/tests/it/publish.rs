use bytes::Bytes;
use event_bus::{
    Bus, BusConfig, ConnectError, Expected, FrameArrival, MAX_FRAME_BYTES, PublishError, Role,
};
use proto::v1::{Alert, Comparison, Phase};
use test_support::NatsServer;

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
