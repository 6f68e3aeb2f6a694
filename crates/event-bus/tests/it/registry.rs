use async_nats::jetstream;
use event_bus::{
    AcknowledgementChange, AlertKey, Exhibit, RuleScope, Session, SessionChange, SessionKey,
};
use proto::v1::{Acknowledgement, Rule, Upload};
use test_support::NatsServer;

use crate::{connect, folder};

#[tokio::test]
async fn the_first_folders_are_made_once() {
    let server = NatsServer::start();
    let registry = connect(&server).await.registry().await.unwrap();
    let first = [folder("folder1"), folder("folder2")];
    registry.seed(&first).await.unwrap();
    assert!(
        !registry.create_folder(&folder("folder1")).await.unwrap(),
        "it is there already"
    );

    registry.remove_folder(&folder("folder1")).await.unwrap();
    registry.seed(&first).await.unwrap();
    assert!(
        registry.create_folder(&folder("folder1")).await.unwrap(),
        "seeding did not bring it back"
    );
}

#[tokio::test]
async fn a_rule_is_what_was_set_until_it_is_taken_back() {
    let server = NatsServer::start();
    let registry = connect(&server).await.registry().await.unwrap();
    let rule = Rule {
        threshold: Some(0.5),
        ..Rule::default()
    };
    for scope in [RuleScope::Default, RuleScope::Folder(folder("dock"))] {
        assert_eq!(registry.rule(&scope).await.unwrap(), None);
        registry.set_rule(&scope, &rule).await.unwrap();
        assert_eq!(registry.rule(&scope).await.unwrap(), Some(rule));
        registry.unset_rule(&scope).await.unwrap();
        assert_eq!(registry.rule(&scope).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_picture_is_stored_whole_and_can_be_removed() {
    let server = NatsServer::start();
    let pictures = connect(&server).await.pictures().await.unwrap();
    let upload = Upload {
        id: "0001".into(),
        ..Upload::default()
    };
    let bytes = vec![7; 3_000_000];
    pictures
        .put(&folder("dock"), &upload, &bytes)
        .await
        .unwrap();
    assert_eq!(
        pictures
            .get(&folder("dock"), "0001")
            .await
            .unwrap()
            .unwrap(),
        bytes
    );

    pictures.delete(&folder("dock"), "0001").await.unwrap();
    pictures.delete(&folder("dock"), "0001").await.unwrap();
    assert!(
        pictures
            .get(&folder("dock"), "0001")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn reading_pictures_leaves_nothing_behind_in_the_server() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let evidence = bus.evidence().await.unwrap();
    let picture = vec![7; 300_000];
    evidence.put("1", Exhibit::Frame, &picture).await.unwrap();
    for _ in 0..3 {
        let kept = evidence.get("1", Exhibit::Frame).await.unwrap();
        assert_eq!(kept.unwrap(), picture);
    }
    assert_eq!(evidence.get("2", Exhibit::Frame).await.unwrap(), None);
    assert!(evidence.has("1", Exhibit::Frame).await.unwrap());
    assert!(!evidence.has("1", Exhibit::Reference).await.unwrap());

    let client = async_nats::connect(server.url()).await.unwrap();
    let stream = jetstream::new(client).get_stream("OBJ_evidence").await;
    assert_eq!(stream.unwrap().cached_info().state.consumer_count, 0);
}

#[tokio::test]
async fn an_acknowledgement_holds_until_another_or_none_does_and_a_broken_one_is_passed_over() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let acknowledgements = bus.acknowledgements().await.unwrap();
    let alert: AlertKey = "dock-1-a".parse().unwrap();
    let by = |name: &str| Acknowledgement {
        alert_id: alert.to_string(),
        folder: "dock".into(),
        name: name.into(),
        ..Acknowledgement::default()
    };
    let first = acknowledgements.set(&alert, &by("Jo")).await.unwrap();
    let second = acknowledgements.set(&alert, &by("Kim")).await.unwrap();
    assert!(second > first);
    let held = || async {
        let changes = bus.all::<AcknowledgementChange>().await;
        let [change] = &changes[..] else {
            panic!("{changes:?}")
        };
        assert_eq!(change.key, alert);
        change.event.0.clone()
    };
    assert_eq!(held().await, Some(by("Kim")));

    let client = async_nats::connect(server.url()).await.unwrap();
    let bucket = jetstream::new(client)
        .get_key_value("acknowledgements")
        .await
        .unwrap();
    assert_eq!(
        bucket.status().await.unwrap().max_age().as_secs(),
        90 * 24 * 60 * 60
    );
    for (key, value) in [
        ("a.b", r#"{"alertId":"a.b","name":"Jo"}"#),
        ("other", r#"{"alertId":"dock-1-a","name":"Jo"}"#),
        ("nobody", r#"{"alertId":"nobody"}"#),
        ("none", "Jo"),
    ] {
        bucket.put(key, value.into()).await.unwrap();
    }
    assert_eq!(held().await, Some(by("Kim")));

    acknowledgements.unset(&alert).await.unwrap();
    acknowledgements.unset(&alert).await.unwrap();
    assert_eq!(held().await, None);
}

#[tokio::test]
async fn a_session_is_there_for_all_until_it_is_ended() {
    let server = NatsServer::start();
    let (here, there) = (connect(&server).await, connect(&server).await);
    let key: SessionKey = "0a".repeat(32).parse().unwrap();
    let session = Session {
        user: "jo".into(),
        password_mark: "1b".repeat(32),
        began_at: time::macros::datetime!(2026-11-25 10:00 UTC),
        ends_at: time::macros::datetime!(2026-12-02 10:00 UTC),
    };
    let sessions = here.sessions().await.unwrap();
    sessions.begin(&key, &session).await.unwrap();
    let elsewhere = there.sessions().await.unwrap();
    assert_eq!(elsewhere.get(&key).await.unwrap(), Some(session.clone()));

    let client = async_nats::connect(server.url()).await.unwrap();
    let bucket = jetstream::new(client).get_key_value("sessions").await;
    let bucket = bucket.unwrap();
    bucket.put("no-key", "{}".into()).await.unwrap();
    bucket.put("2c".repeat(32), "{}".into()).await.unwrap();
    let known = there.all::<SessionChange>().await;
    let known: Vec<_> = known.into_iter().map(|it| (it.key, it.event.0)).collect();
    assert_eq!(
        known,
        [(key.clone(), Some(session))],
        "what is none is passed over"
    );

    sessions.end(&key).await.unwrap();
    assert_eq!(elsewhere.get(&key).await.unwrap(), None);
}
