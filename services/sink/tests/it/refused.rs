//! A Redis that refuses writes, of single keys or all.

use event_bus::Folder;
use proto::v1::Phase;
use redis::AsyncCommands as _;
use test_support::{RedisServer, eventually, soon};

use crate::fixture::{Fixture, entries, similarity, wait_for_entries};

fn folder(name: &str) -> Folder {
    name.parse().unwrap()
}

async fn is(fixture: &Fixture, folder: &Folder, expected: &str) {
    let redis = fixture.redis().await;
    eventually("the similarity", async || {
        let value = similarity(&redis, folder).await;
        value.filter(|value| value == expected)
    })
    .await;
}

async fn members(fixture: &Fixture) -> Vec<String> {
    let redis = fixture.redis().await;
    let members = redis.clone().smembers("folders").await;
    let mut members: Vec<String> = members.unwrap_or_default();
    members.sort_unstable();
    members
}

async fn ids(fixture: &Fixture) -> Vec<String> {
    let entries = entries(&fixture.redis().await).await;
    let ids = entries.into_iter();
    ids.map(|(_, fields)| fields[2].1.clone()).collect()
}

#[tokio::test]
async fn a_foreign_set_of_folders_stops_no_similarity_and_is_made_whole_once_it_is_gone() {
    let fixture = Fixture::start().await;
    let (dock, gate) = (folder("dock"), folder("gate"));
    fixture.compare(&dock, 0.5).await;
    is(&fixture, &dock, "0.5").await;

    fixture.do_in_redis("SET folders x").await;
    fixture.compare(&gate, 0.5).await;
    is(&fixture, &gate, "0.5").await;
    fixture.says("Redis takes folders (something").await;
    for similarity in [0.25, 0.75] {
        fixture.compare(&gate, similarity).await;
        is(&fixture, &gate, &similarity.to_string()).await;
    }
    assert_eq!(fixture.ask::<String>("GET folders").await, "x");

    fixture.do_in_redis("DEL folders").await;
    fixture.says("").await;
    assert_eq!(members(&fixture).await, ["dock", "gate"]);
}

#[tokio::test]
async fn what_others_have_where_a_state_belongs_stays_until_they_take_it_away() {
    let fixture = Fixture::start().await;
    let (dock, gate) = (folder("dock"), folder("gate"));
    for foreign in [
        "LPUSH similarity_dock x",
        "LPUSH at:similarity_dock x",
        "HSET alert_dock a b",
        "LPUSH alert_gate x",
    ] {
        fixture.do_in_redis(foreign).await;
    }
    for folder in [&dock, &gate] {
        fixture.compare(folder, 0.5).await;
        fixture.alert(folder, "one", Phase::Firing).await;
    }
    fixture.alert(&gate, "one", Phase::Resolved).await;
    let redis = fixture.redis().await;
    wait_for_entries(&redis, 3).await;
    is(&fixture, &gate, "0.5").await;
    fixture.says("at:similarity_dock, similarity_dock").await;
    fixture.says("alert_dock, alert_gate").await;
    for (key, kind) in [
        ("similarity_dock", "list"),
        ("at:similarity_dock", "list"),
        ("alert_dock", "hash"),
        ("alert_gate", "list"),
    ] {
        assert_eq!(fixture.ask::<String>(&format!("TYPE {key}")).await, kind);
        fixture.do_in_redis(&format!("DEL {key}")).await;
    }
    fixture.says("").await;
    is(&fixture, &dock, "0.5").await;
    let alert: String = fixture.ask("GET alert_dock").await;
    assert!(alert.contains("PHASE_FIRING"), "{alert}");
    assert!(!fixture.ask::<bool>("EXISTS alert_gate").await);
}

#[tokio::test]
async fn alerts_that_had_no_room_in_a_foreign_key_have_their_entries_afterwards() {
    let fixture = Fixture::start().await;
    let dock = folder("dock");
    fixture.do_in_redis("SET alerts x").await;
    fixture.alert(&dock, "one", Phase::Firing).await;
    fixture.says("Redis takes alerts (something").await;
    for id in ["two", "three"] {
        fixture.alert(&dock, id, Phase::Firing).await;
    }
    let redis = fixture.redis().await;
    eventually("alert_dock", async || {
        let alert: Option<String> = redis.clone().get("alert_dock").await.unwrap();
        alert.filter(|alert| alert.contains("three"))
    })
    .await;
    assert_eq!(fixture.ask::<String>("GET alerts").await, "x");

    fixture.do_in_redis("DEL alerts").await;
    wait_for_entries(&redis, 3).await;
    fixture.says("").await;
    fixture.alert(&dock, "four", Phase::Firing).await;
    wait_for_entries(&redis, 4).await;
    assert_eq!(ids(&fixture).await, ["one", "two", "three", "four"]);
}

#[tokio::test]
async fn what_was_refused_is_not_forgotten_when_the_sink_ends() {
    let mut fixture = Fixture::start().await;
    let (dock, gate) = (folder("dock"), folder("gate"));
    for foreign in ["SET alerts x", "SET folders x", "HSET alert_dock a b"] {
        fixture.do_in_redis(foreign).await;
    }
    fixture.compare(&dock, 0.5).await;
    fixture.alert(&dock, "one", Phase::Firing).await;
    fixture.alert(&gate, "two", Phase::Firing).await;
    fixture.says("Redis takes folders").await;
    fixture.says("Redis takes alert_dock, alerts").await;
    fixture.stop_sink().await;
    fixture.do_in_redis("DEL alerts folders alert_dock").await;

    fixture.start_sink().await;
    wait_for_entries(&fixture.redis().await, 2).await;
    assert_eq!(ids(&fixture).await, ["one", "two"]);
    let alert: String = fixture.ask("GET alert_dock").await;
    assert!(alert.contains("one"), "{alert}");
    eventually("folders", async || {
        (members(&fixture).await == ["dock"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_alerts_that_can_take_no_more_stops_nothing_else() {
    let fixture = Fixture::start().await;
    let dock = folder("dock");
    fixture
        .do_in_redis("XADD alerts 18446744073709551615-18446744073709551615 a b")
        .await;
    fixture.alert(&dock, "one", Phase::Firing).await;
    fixture.says("the last id that there is").await;
    assert!(fixture.ask::<bool>("EXISTS alert_dock").await);
    fixture.do_in_redis("DEL alerts").await;
    wait_for_entries(&fixture.redis().await, 1).await;
    fixture.says("").await;
}

/// A server on which the user `me` has these rights, and a sink that logs in as that.
async fn with_rights(rights: &[&str]) -> Fixture {
    let everything = ["--user", "me", "on", ">secret", "+@all"];
    let redis = RedisServer::start_with(&[&everything[..], rights].concat());
    let url = redis.url().replace("://", "://me:secret@");
    Fixture::start_with(redis, url).await
}

#[tokio::test]
async fn a_key_without_a_right_to_it_stops_no_other() {
    let fixture = with_rights(&["~similarity_*", "~at:*", "~framewatch:*", "~alerts"]).await;
    let dock = folder("dock");
    fixture.compare(&dock, 0.5).await;
    is(&fixture, &dock, "0.5").await;
    fixture.alert(&dock, "one", Phase::Firing).await;
    wait_for_entries(&fixture.redis().await, 1).await;
    fixture
        .says("folders (the sink's user has no right to it")
        .await;
    fixture
        .says("alert_dock (the sink's user has no right to it")
        .await;

    fixture
        .do_in_redis("ACL SETUSER me ~folders ~alert_*")
        .await;
    fixture.says("").await;
    assert_eq!(members(&fixture).await, ["dock"]);
    assert!(fixture.ask::<bool>("EXISTS alert_dock").await);
    assert_eq!(ids(&fixture).await, ["one"]);
}

#[tokio::test]
async fn a_command_without_a_right_to_it_stops_no_other() {
    let fixture = with_rights(&["~*", "-sadd"]).await;
    let dock = folder("dock");
    fixture.compare(&dock, 0.5).await;
    is(&fixture, &dock, "0.5").await;
    fixture
        .says("folders (the sink's user has no right to it")
        .await;
    fixture.do_in_redis("ACL SETUSER me +sadd").await;
    fixture.says("").await;
    assert_eq!(members(&fixture).await, ["dock"]);
}

#[tokio::test]
async fn a_folder_that_goes_while_its_keys_are_refused_is_gone_afterwards() {
    let fixture = with_rights(&["~*"]).await;
    let (dock, gate) = (folder("dock"), folder("gate"));
    for folder in [&dock, &gate] {
        fixture.bus.folders().make(folder).await.unwrap();
        fixture.compare(folder, 0.5).await;
        is(&fixture, folder, "0.5").await;
    }
    fixture.do_in_redis("ACL SETUSER me -srem").await;
    fixture.do_in_redis("DEL similarity_gate").await;
    fixture.do_in_redis("LPUSH similarity_gate x").await;
    fixture.bus.folders().remove(&gate).await.unwrap();
    fixture.says("folders").await;
    assert_eq!(
        fixture.ask::<String>("TYPE similarity_gate").await,
        "list",
        "it is not the sink's"
    );
    fixture.compare(&dock, 0.75).await;
    is(&fixture, &dock, "0.75").await;
    fixture.do_in_redis("DEL similarity_gate").await;
    fixture.do_in_redis("ACL SETUSER me +srem").await;
    fixture.says("").await;
    assert_eq!(members(&fixture).await, ["dock"]);
    assert!(!fixture.ask::<bool>("EXISTS similarity_gate").await);
}

#[tokio::test]
async fn a_redis_that_takes_no_writes_is_waited_for_and_named() {
    let fixture = Fixture::start().await;
    let dock = folder("dock");
    fixture.compare(&dock, 0.5).await;
    is(&fixture, &dock, "0.5").await;
    let (mut number, mut expected) = (0, 0.5);
    for (fault, end, said) in [
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "is a replica"),
        (
            "CONFIG SET maxmemory 1",
            "CONFIG SET maxmemory 0",
            "is full",
        ),
        (
            "CONFIG SET min-replicas-to-write 1",
            "CONFIG SET min-replicas-to-write 0",
            "without its replicas",
        ),
    ] {
        fixture.do_in_redis(fault).await;
        fixture.says(said).await;
        number += 1;
        expected += 0.0625;
        fixture
            .alert(&dock, &number.to_string(), Phase::Firing)
            .await;
        fixture.compare(&dock, expected).await;
        fixture.do_in_redis(end).await;
        wait_for_entries(&fixture.redis().await, number).await;
        is(&fixture, &dock, &expected.to_string()).await;
        fixture.says("").await;
    }
    assert_eq!(ids(&fixture).await, ["1", "2", "3"]);
}

#[tokio::test]
async fn a_redis_that_cannot_save_is_waited_for_and_named() {
    let redis = RedisServer::start_with(&["--save", "3600 1", "--enable-protected-configs", "yes"]);
    let url = redis.url();
    let fixture = Fixture::start_with(redis, url).await;
    let (_, folder_of_redis): (String, String) = fixture.ask("CONFIG GET dir").await;
    std::fs::create_dir(format!("{folder_of_redis}/taken")).unwrap();
    fixture.do_in_redis("CONFIG SET dbfilename taken").await;
    fixture.do_in_redis("BGSAVE").await;
    fixture.says("cannot save to its disk").await;
    fixture.alert(&folder("dock"), "one", Phase::Firing).await;
    fixture.do_in_redis("CONFIG SET dbfilename dump.rdb").await;
    fixture.do_in_redis("BGSAVE").await;
    wait_for_entries(&fixture.redis().await, 1).await;
    fixture.says("").await;
}

#[tokio::test]
async fn a_foreign_position_stops_its_stream_alone_until_it_is_taken_away() {
    let fixture = Fixture::start().await;
    let dock = folder("dock");
    fixture.alert(&dock, "one", Phase::Firing).await;
    wait_for_entries(&fixture.redis().await, 1).await;
    let position = "framewatch:position:alerts";
    let entries = "framewatch:position:alerts:entries";
    for (number, (foreign, position)) in
        [("LPUSH", position), ("SET", position), ("LPUSH", entries)]
            .into_iter()
            .enumerate()
    {
        fixture.do_in_redis(&format!("DEL {position}")).await;
        fixture
            .do_in_redis(&format!("{foreign} {position} x"))
            .await;
        fixture
            .alert(&dock, &format!("more{number}"), Phase::Firing)
            .await;
        let said = format!("the key {position} in Redis holds");
        fixture.says(&said).await;
        let similarity = 0.25 + number as f64 / 4.0;
        fixture.compare(&dock, similarity).await;
        is(&fixture, &dock, &similarity.to_string()).await;

        fixture.do_in_redis(&format!("DEL {position}")).await;
        wait_for_entries(&fixture.redis().await, 2 + number).await;
        fixture.says("").await;
    }
    assert_eq!(ids(&fixture).await, ["one", "more0", "more1", "more2"]);
}

#[tokio::test]
async fn two_sinks_bring_what_was_refused_once() {
    let mut fixture = Fixture::start().await;
    let dock = folder("dock");
    let (first, first_shutdown) = (fixture.sink.take(), fixture.shutdown.clone());
    let first_readiness = fixture.readiness.clone();
    fixture.start_sink().await;
    let mut all = Vec::new();
    for key in ["alerts", "folders"] {
        fixture.do_in_redis(&format!("DEL {key}")).await;
        fixture.do_in_redis(&format!("SET {key} x")).await;
    }
    let mut say = async |number: usize| {
        let id = format!("{number:02}");
        fixture.alert(&dock, &id, Phase::Firing).await;
        fixture.compare(&dock, number as f64 / 64.0).await;
        all.push(id);
    };
    for number in 0..10 {
        say(number).await;
    }
    fixture.says("Redis takes alerts").await;
    fixture.do_in_redis("DEL alerts folders").await;
    for number in 10..40 {
        say(number).await;
    }
    wait_for_entries(&fixture.redis().await, 40).await;
    fixture.says("").await;
    eventually("both are ready", async || {
        first_readiness.missing().is_empty().then_some(())
    })
    .await;
    assert_eq!(ids(&fixture).await, all);
    assert_eq!(members(&fixture).await, ["dock"]);
    first_shutdown.cancel();
    soon("the first one ends", first.unwrap()).await.unwrap();
}
