//! What is in Redis, and that it is right whatever was away.

use event_bus::{AlertSubject, Folder};
use proto::v1::{Alert, Phase};
use redis::AsyncCommands;
use sink::AlertForm;
use test_support::{eventually, soon};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::fixture::{Fixture, entries, similarity, wait_for_entries};

#[tokio::test]
async fn similarities_and_alerts_are_where_people_look_for_them() {
    let fixture = Fixture::start().await;
    let mut redis = fixture.redis().await;
    let folder: Folder = "folder1".parse().unwrap();

    fixture.compare(&folder, 0.953125).await;
    eventually("similarity_folder1", async || {
        similarity(&redis, &folder)
            .await
            .filter(|value| value == "0.953125")
    })
    .await;
    assert!(
        redis
            .sismember::<_, _, bool>("folders", "folder1")
            .await
            .unwrap()
    );
    let at: String = redis.get("at:similarity_folder1").await.unwrap();
    let age = OffsetDateTime::now_utc() - OffsetDateTime::parse(&at, &Rfc3339).unwrap();
    assert!(age.whole_minutes() == 0, "{at}");
    assert!(!redis.exists::<_, bool>("alert_folder1").await.unwrap());

    fixture.alert(&folder, "one", Phase::Firing).await;
    let mut connection = redis.clone();
    let json: String = eventually("alert_folder1", async || {
        connection
            .get::<_, Option<String>>("alert_folder1")
            .await
            .unwrap()
    })
    .await;
    let alert: Alert = serde_json::from_str(&json).unwrap();
    assert_eq!((alert.id.as_str(), alert.phase()), ("one", Phase::Firing));

    fixture.alert(&folder, "one", Phase::Resolved).await;
    let mut connection = redis.clone();
    eventually("no alert_folder1", async || {
        (!connection.exists::<_, bool>("alert_folder1").await.unwrap()).then_some(())
    })
    .await;
    assert_eq!(redis.xlen::<_, usize>("alerts").await.unwrap(), 2);
}

#[tokio::test]
async fn what_happens_while_redis_is_away_is_there_when_it_is_back() {
    let mut fixture = Fixture::start().await;
    let folder: Folder = "dock".parse().unwrap();
    fixture.compare(&folder, 0.5).await;
    let redis = fixture.redis().await;
    eventually("the first", async || similarity(&redis, &folder).await).await;

    fixture.redis.kill();
    fixture.compare(&folder, 0.75).await;
    fixture.alert(&folder, "one", Phase::Firing).await;
    fixture.redis.start_again();

    let mut redis = fixture.redis().await;
    eventually("the second", async || {
        similarity(&redis, &folder)
            .await
            .filter(|value| value == "0.75")
    })
    .await;
    eventually("the alert", async || {
        redis.get::<_, Option<String>>("alert_dock").await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn applying_everything_again_changes_nothing() {
    let mut fixture = Fixture::start().await;
    let folder: Folder = "dock".parse().unwrap();
    fixture.alert(&folder, "one", Phase::Firing).await;
    fixture.alert(&folder, "one", Phase::Resolved).await;
    let mut redis = fixture.redis().await;
    wait_for_entries(&redis, 2).await;

    fixture.stop_sink().await;
    let before = entries(&redis).await;
    redis
        .del::<_, ()>("framewatch:position:alerts")
        .await
        .unwrap();
    fixture.start_sink().await;
    fixture.alert(&folder, "two", Phase::Firing).await;
    wait_for_entries(&redis, 3).await;
    assert_eq!(entries(&redis).await[..2], before);
}

#[tokio::test]
async fn a_redis_that_was_emptied_is_filled_again() {
    let fixture = Fixture::start().await;
    let folder: Folder = "dock".parse().unwrap();
    fixture.compare(&folder, 0.5).await;
    fixture.alert(&folder, "one", Phase::Firing).await;
    let redis = fixture.redis().await;
    wait_for_entries(&redis, 1).await;
    eventually("the similarity", async || similarity(&redis, &folder).await).await;

    redis::cmd("FLUSHALL")
        .exec_async(&mut redis.clone())
        .await
        .unwrap();
    wait_for_entries(&redis, 1).await;
    let mut connection = redis.clone();
    eventually("the alert", async || {
        connection
            .get::<_, Option<String>>("alert_dock")
            .await
            .unwrap()
    })
    .await;
    eventually("the similarity", async || similarity(&redis, &folder).await).await;
}

#[tokio::test]
async fn two_sinks_write_everything_once_and_in_order() {
    let mut fixture = Fixture::start().await;
    let first = fixture.sink.take();
    let first_shutdown = fixture.shutdown.clone();
    fixture.start_sink().await;
    let folder: Folder = "dock".parse().unwrap();
    for number in 0..20 {
        fixture
            .alert(&folder, &number.to_string(), Phase::Firing)
            .await;
        fixture
            .alert(&folder, &number.to_string(), Phase::Resolved)
            .await;
    }
    let mut redis = fixture.redis().await;
    wait_for_entries(&redis, 40).await;
    let phases: Vec<String> = entries(&redis)
        .await
        .into_iter()
        .map(|(_, fields)| fields[1].1.clone())
        .collect();
    assert_eq!(phases, ["firing", "resolved"].repeat(20));
    assert!(!redis.exists::<_, bool>("alert_dock").await.unwrap());
    first_shutdown.cancel();
    soon("the first one ends", first.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_stream_that_was_made_anew_is_applied_from_its_beginning() {
    let fixture = Fixture::start().await;
    let folder: Folder = "dock".parse().unwrap();
    for similarity in [0.5, 0.625] {
        fixture.compare(&folder, similarity).await;
    }
    let redis = fixture.redis().await;
    eventually("the similarity", async || {
        similarity(&redis, &folder)
            .await
            .filter(|value| value == "0.625")
    })
    .await;

    fixture.make_comparisons_anew(&folder, 0.75).await;
    eventually("the similarity", async || {
        similarity(&redis, &folder)
            .await
            .filter(|value| value == "0.75")
    })
    .await;
}

#[tokio::test]
async fn an_alert_that_means_nothing_stops_nothing() {
    let fixture = Fixture::start().await;
    let client = async_nats::connect(fixture.nats.url()).await.unwrap();
    // The field phase with a number that no phase has.
    client
        .publish("alerts.dock", b"\x18\x07".as_slice().into())
        .await
        .unwrap();
    client.flush().await.unwrap();
    let redis = fixture.redis().await;
    let other: Folder = "other".parse().unwrap();
    fixture.alert(&other, "one", Phase::Firing).await;
    wait_for_entries(&redis, 1).await;
}

#[tokio::test]
async fn the_alerts_of_a_camera_have_a_key_of_their_own() {
    let fixture = Fixture::start().await;
    let folder = "dock".parse().unwrap();
    let camera = AlertSubject::camera(&folder);
    fixture.alert(&folder, "view", Phase::Firing).await;
    fixture.alert_of(&camera, "camera", Phase::Firing).await;
    let mut redis = fixture.redis().await;
    wait_for_entries(&redis, 2).await;
    for key in [sink::alert_key(&folder), sink::camera_alert_key(&folder)] {
        assert!(redis.exists::<_, bool>(&key).await.unwrap(), "{key}");
    }
    fixture.alert(&folder, "view", Phase::Resolved).await;
    wait_for_entries(&redis, 3).await;
    let firing: String = redis.get("camera_alert_dock").await.unwrap();
    assert!(firing.contains("SUBJECT_CAMERA"), "{firing}");
    assert!(!redis.exists::<_, bool>("alert_dock").await.unwrap());
    let subjects: Vec<String> = entries(&redis)
        .await
        .into_iter()
        .map(|(_, fields)| fields[4].1.clone())
        .collect();
    assert_eq!(subjects, ["view", "camera", "view"]);
}

#[tokio::test]
async fn an_alert_is_its_sentence_where_that_is_asked_for() {
    let mut fixture = Fixture::start().await;
    fixture.stop_sink().await;
    fixture.alerts = AlertForm::Sentence;
    fixture.start_sink().await;
    let folder: Folder = "dock".parse().unwrap();
    fixture.alert(&folder, "one", Phase::Firing).await;
    let mut redis = fixture.redis().await;
    wait_for_entries(&redis, 1).await;
    let sentence: String = redis.get("alert_dock").await.unwrap();
    assert_eq!(sentence, "dock is PHASE_FIRING");
    let (_, fields) = entries(&redis).await.pop().unwrap();
    let (_, whole) = fields.iter().find(|(name, _)| name == "alert").unwrap();
    let whole: Alert = serde_json::from_str(whole).unwrap();
    assert_eq!(whole.id, "one", "the stream has all of it in any form");

    fixture.alert(&folder, "one", Phase::Resolved).await;
    wait_for_entries(&redis, 2).await;
    assert!(!redis.exists::<_, bool>("alert_dock").await.unwrap());
}

#[tokio::test]
async fn what_is_kept_of_a_folder_goes_with_it_and_does_not_come_back() {
    let mut fixture = Fixture::start().await;
    let (gone, stays): (Folder, Folder) = ("gate".parse().unwrap(), "dock".parse().unwrap());
    fixture.bus.folders().make(&gone).await.unwrap();
    for folder in [&gone, &stays] {
        fixture.compare(folder, 0.5).await;
    }
    let redis = fixture.redis().await;
    eventually("both are there", async || {
        similarity(&redis, &gone)
            .await
            .and(similarity(&redis, &stays).await)
    })
    .await;

    fixture.bus.folders().remove(&gone).await.unwrap();
    let only_one_is_there = async || {
        let mut redis = redis.clone();
        let mut keys: Vec<String> = redis.keys("*similarity_*").await.ok()?;
        keys.sort_unstable();
        let folders: Vec<String> = redis.smembers("folders").await.ok()?;
        (keys == ["at:similarity_dock", "similarity_dock"] && folders == ["dock"]).then_some(())
    };
    eventually("its keys are gone", only_one_is_there).await;

    // All comparisons are applied again, those of the folder that is gone as well.
    redis::cmd("FLUSHALL")
        .exec_async(&mut redis.clone())
        .await
        .unwrap();
    eventually("the other is there again", only_one_is_there).await;

    // Removed and made again while nobody looks: what was before stays away.
    fixture.stop_sink().await;
    fixture.bus.folders().make(&gone).await.unwrap();
    fixture.start_sink().await;
    only_one_is_there().await.unwrap();
    eventually("it is there again", async || {
        fixture.compare(&gone, 0.75).await;
        similarity(&redis, &gone).await
    })
    .await;
}
