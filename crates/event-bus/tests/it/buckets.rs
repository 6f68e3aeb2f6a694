//! Key-value buckets and object stores: what is put is there until it is taken back.

use async_nats::jetstream;
use event_bus::{
    AcknowledgementChange, AlertKey, Bus, Exhibit, ExhibitKey, Expected, Extent, FolderChange,
    Latest, PictureChange, PictureKey, PublishError, RuleChange, RuleScope, Session, SessionChange,
    SessionKey, StoreError,
};
use proto::v1::{Acknowledgement, Rule, Upload};
use test_support::NatsServer;
use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;

use crate::{connect, folder};

#[tokio::test]
async fn the_first_folders_are_made_once() {
    let server = NatsServer::start();
    let folders = connect(&server).await.folders();
    let first = [folder("folder1"), folder("folder2")];
    folders.seed(&first).await.unwrap();
    assert!(
        !folders.make(&folder("folder1")).await.unwrap(),
        "it is there already"
    );

    folders.remove(&folder("folder1")).await.unwrap();
    folders.seed(&first).await.unwrap();
    assert!(
        folders.make(&folder("folder1")).await.unwrap(),
        "seeding did not bring it back"
    );
}

#[tokio::test]
async fn a_rule_is_what_was_set_until_it_is_taken_back() {
    let server = NatsServer::start();
    let rules = connect(&server).await.rules();
    let rule = Rule {
        threshold: Some(0.5),
        ..Rule::default()
    };
    for scope in [RuleScope::Default, RuleScope::Folder(folder("dock"))] {
        assert_eq!(rules.get(&scope).await.unwrap(), None);
        rules.set(&scope, &rule).await.unwrap();
        assert_eq!(rules.get(&scope).await.unwrap().as_ref(), Some(&rule));
        rules.unset(&scope).await.unwrap();
        assert_eq!(rules.get(&scope).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_picture_is_stored_whole_and_can_be_removed() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let pictures = bus.references();
    let key = PictureKey::new(&folder("dock"), "0001");
    let upload = Upload {
        id: "0001".into(),
        ..Upload::default()
    };
    let bytes = vec![7; 3_000_000];
    for bytes in [&bytes[..10], &bytes] {
        pictures.put(&key, &upload, bytes).await.unwrap();
        assert_eq!(pictures.get(&key).await.unwrap().unwrap(), bytes);
    }
    let size = pictures.size().await.unwrap();
    assert!((3_000_000..3_100_000).contains(&size), "{size}");
    let known = bus.all::<PictureChange>().await;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].key, key);
    assert_eq!(known[0].event.about, Some(upload));

    pictures.delete(&key).await.unwrap();
    pictures.delete(&key).await.unwrap();
    assert!(pictures.get(&key).await.unwrap().is_none());
    let known = bus.all::<PictureChange>().await;
    assert_eq!(known[0].event.about, None);
}

#[tokio::test]
async fn other_clients_read_what_is_stored_and_we_read_what_they_store() {
    let server = NatsServer::start();
    let evidence = connect(&server).await.evidence();
    let client = async_nats::connect(server.url()).await.unwrap();
    let theirs = jetstream::new(client).get_object_store("evidence").await;
    let theirs = theirs.unwrap();
    let picture = vec![7; 300_000];
    let ours = ExhibitKey::new("1", Exhibit::Frame);
    evidence.put(&ours, &(), &picture).await.unwrap();
    let mut read = Vec::new();
    let mut object = theirs.get("1/frame").await.unwrap();
    object.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, picture);

    theirs.put("2/frame", &mut &picture[..]).await.unwrap();
    let other = ExhibitKey::new("2", Exhibit::Frame);
    assert_eq!(evidence.get(&other).await.unwrap().unwrap(), picture);
    theirs.delete("2/frame").await.unwrap();
    assert!(!evidence.has(&other).await.unwrap());
}

#[tokio::test]
async fn a_damaged_picture_is_named() {
    let server = NatsServer::start();
    let evidence = connect(&server).await.evidence();
    let key = ExhibitKey::new("alert-1", Exhibit::Frame);
    evidence.put(&key, &(), &[7; 300_000]).await.unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    let stream = jetstream::new(client).get_stream("OBJ_evidence").await;
    let stream = stream.unwrap();
    stream.delete_message(2).await.unwrap();
    let damaged = evidence.get(&key).await.unwrap_err();
    assert!(
        matches!(&damaged, StoreError::Damaged { name, .. } if name.contains("alert-1/frame")),
        "{damaged:?}"
    );
    evidence.put(&key, &(), b"whole").await.unwrap();
    assert_eq!(evidence.get(&key).await.unwrap().unwrap(), "whole");
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_made_again_for_the_next_attempt() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let broker = jetstream::new(client);
    broker.delete_stream("KV_rules").await.unwrap();
    let rules = bus.rules();
    let set = rules.set(&RuleScope::Default, &Rule::default()).await;
    let missing = set.unwrap_err();
    assert!(matches!(missing, StoreError::Missing(_)), "{missing:?}");
    rules
        .set(&RuleScope::Default, &Rule::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_value_is_updated_only_upon_the_change_that_is_expected() {
    let server = NatsServer::start();
    let rules = connect(&server).await.rules();
    let (scope, rule) = (RuleScope::Default, Rule::default());
    let first = rules.set(&scope, &rule).await.unwrap();
    let second = rules.update(&scope, &rule, Expected(first)).await.unwrap();
    let late = rules.update(&scope, &rule, Expected(first)).await;
    assert!(matches!(late, Err(PublishError::Conflict)), "{late:?}");
    rules.update(&scope, &rule, Expected(second)).await.unwrap();
}

#[tokio::test]
async fn a_header_goes_with_all_that_is_written_through_a_handle() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let stream = jetstream::new(client).get_stream("KV_folders").await;
    let stream = stream.unwrap();
    let by = async || {
        let last = stream.get_last_raw_message_by_subject("$KV.folders.dock");
        let last = last.await.unwrap();
        last.headers.get("By").map(|name| name.to_string())
    };
    let folders = bus.folders().with_header("By", "Jo\nX");
    folders.make(&folder("dock")).await.unwrap();
    assert_eq!(by().await.as_deref(), Some("Jo X"));
    folders.remove(&folder("dock")).await.unwrap();
    assert_eq!(by().await.as_deref(), Some("Jo X"));
    let changes = bus.all::<FolderChange>().await;
    let gone = changes.last().unwrap();
    assert_eq!(gone.event.value, None);
    assert_eq!(gone.key.clone().folder(), Some(folder("dock")));

    bus.folders().by("").make(&folder("dock")).await.unwrap();
    assert_eq!(by().await, None, "nobody is named where nobody is known");
    bus.folders()
        .by("jo")
        .remove(&folder("dock"))
        .await
        .unwrap();
    assert_eq!(by().await.as_deref(), Some("jo"));
}

#[tokio::test]
async fn reading_pictures_leaves_nothing_behind_in_the_server() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let evidence = bus.evidence();
    let picture = vec![7; 300_000];
    let key = ExhibitKey::new("1", Exhibit::Frame);
    evidence.put(&key, &(), &picture).await.unwrap();
    for _ in 0..3 {
        let kept = evidence.get(&key).await.unwrap();
        assert_eq!(kept.unwrap(), picture);
    }
    assert!(evidence.has(&key).await.unwrap());
    for other in [
        ExhibitKey::new("2", Exhibit::Frame),
        ExhibitKey::new("1", Exhibit::Reference),
    ] {
        assert_eq!(evidence.get(&other).await.unwrap(), None);
        assert!(!evidence.has(&other).await.unwrap());
    }

    let client = async_nats::connect(server.url()).await.unwrap();
    let stream = jetstream::new(client).get_stream("OBJ_evidence").await;
    assert_eq!(stream.unwrap().cached_info().state.consumer_count, 0);
}

#[tokio::test]
async fn an_acknowledgement_holds_until_another_or_none_does_and_a_broken_one_is_passed_over() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let acknowledgements = bus.acknowledgements();
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
        change.event.value.clone()
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
    let sessions = here.sessions();
    sessions.set(&key, &session).await.unwrap();
    let elsewhere = there.sessions();
    assert_eq!(elsewhere.get(&key).await.unwrap(), Some(session.clone()));

    let client = async_nats::connect(server.url()).await.unwrap();
    let bucket = jetstream::new(client).get_key_value("sessions").await;
    let bucket = bucket.unwrap();
    bucket.put("no-key", "{}".into()).await.unwrap();
    bucket.put("2c".repeat(32), "{}".into()).await.unwrap();
    let known = there.all::<SessionChange>().await;
    let known: Vec<_> = known
        .into_iter()
        .map(|it| (it.key, it.event.value))
        .collect();
    assert_eq!(
        known,
        [(key.clone(), Some(session))],
        "what is none is passed over"
    );

    sessions.unset(&key).await.unwrap();
    assert_eq!(elsewhere.get(&key).await.unwrap(), None);
}

#[tokio::test]
async fn a_value_that_cannot_be_read_leaves_the_one_before_in_force() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let rules = bus.rules();
    let scope = RuleScope::Folder(folder("dock"));
    let rule = |threshold| Rule {
        threshold: Some(threshold),
        ..Rule::default()
    };
    for threshold in [0.5, 0.6] {
        rules.set(&scope, &rule(threshold)).await.unwrap();
    }
    let client = async_nats::connect(server.url()).await.unwrap();
    let bucket = jetstream::new(client).get_key_value("rules").await.unwrap();
    for _ in 0..10 {
        bucket
            .put("dock", r#"{"threshold":7}"#.into())
            .await
            .unwrap();
    }
    assert_eq!(latest_of_each(&bus).await, [Some(rule(0.6))]);
    // So does a backup.
    let mut snapshot = bus
        .snapshot::<RuleChange>(Extent::LatestOfEachKey)
        .await
        .unwrap();
    let kept = snapshot.next().await.unwrap().unwrap();
    assert_eq!(kept.event.value, Some(rule(0.6)));
    assert!(snapshot.next().await.unwrap().is_none());

    rules.unset(&scope).await.unwrap();
    bucket.put("dock", "7".into()).await.unwrap();
    assert_eq!(latest_of_each(&bus).await, [None]);
}

async fn latest_of_each(bus: &Bus) -> Vec<Option<Rule>> {
    let (mut found, done) = (Vec::new(), CancellationToken::new());
    bus.follow::<RuleChange>(&done, |latest| match latest {
        Latest::Event(change) => found.push(change.event.value),
        Latest::Anew => found.clear(),
        Latest::CaughtUp => done.cancel(),
    })
    .await;
    found
}
