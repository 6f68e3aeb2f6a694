//! How far Redis is, where the streams, the position or the entries are not what they were.

use event_bus::{Bus, BusConfig, Folder, Role};
use proto::v1::Phase;
use redis::AsyncCommands as _;
use test_support::eventually;

use crate::fixture::{Fixture, entries, similarity, wait_for_entries};

const POSITION: &str = "framewatch:position:alerts";

fn dock() -> Folder {
    "dock".parse().unwrap()
}

/// A system in which these alerts were said, and have their entries.
async fn after(ids: &[&str]) -> Fixture {
    let fixture = Fixture::start().await;
    for id in ids {
        fixture.alert(&dock(), id, Phase::Firing).await;
    }
    wait_for_entries(&fixture.redis().await, ids.len()).await;
    fixture
}

async fn ids(fixture: &Fixture) -> Vec<String> {
    let entries = entries(&fixture.redis().await).await;
    let said = entries.iter().filter(|(_, fields)| fields.len() > 2);
    said.map(|(_, fields)| fields[2].1.clone()).collect()
}

/// Says an alert more, and waits for its entry and `alert_dock`; everything before it has been written then.
async fn fire_and_wait(fixture: &Fixture, id: &str) {
    fixture.alert(&dock(), id, Phase::Firing).await;
    let redis = fixture.redis().await;
    eventually("the alert", async || {
        let alert: Option<String> = redis.clone().get("alert_dock").await.unwrap();
        alert.filter(|alert| alert.contains(id))
    })
    .await;
}

#[tokio::test]
async fn entries_that_were_trimmed_or_deleted_do_not_come_again() {
    let fixture = after(&["one", "two", "three"]).await;
    let (first, _) = entries(&fixture.redis().await).await.swap_remove(1);
    fixture.do_in_redis(&format!("XDEL alerts {first}")).await;
    fixture.do_in_redis(&format!("DEL {POSITION}")).await;
    fire_and_wait(&fixture, "four").await;
    assert_eq!(ids(&fixture).await, ["one", "three", "four"]);

    fixture.do_in_redis("XTRIM alerts MAXLEN 0").await;
    fixture.do_in_redis(&format!("DEL {POSITION}")).await;
    fire_and_wait(&fixture, "five").await;
    assert_eq!(ids(&fixture).await, ["five"]);

    fixture.do_in_redis("DEL alerts").await;
    fire_and_wait(&fixture, "six").await;
    assert_eq!(ids(&fixture).await, ["six"]);
    fixture.says("").await;
}

#[tokio::test]
async fn an_entry_of_the_future_stops_nothing_and_repeats_nothing() {
    let fixture = after(&["one"]).await;
    fixture
        .do_in_redis("XADD alerts 99999999999999-7 a b")
        .await;
    for id in ["two", "three"] {
        fire_and_wait(&fixture, id).await;
    }
    let all = ["one", "two", "three", "four", "five"];
    assert_eq!(ids(&fixture).await, all[..3]);
    fixture.do_in_redis(&format!("DEL {POSITION}")).await;
    fire_and_wait(&fixture, "four").await;
    assert_eq!(ids(&fixture).await, all[..4]);
    let positions = format!("DEL {POSITION} {POSITION}:entries");
    fixture.do_in_redis(&positions).await;
    eventually("the position is there again", async || {
        fixture
            .ask::<Option<String>>(&format!("GET {POSITION}"))
            .await
    })
    .await;
    fire_and_wait(&fixture, "five").await;
    assert_eq!(ids(&fixture).await, all);
}

#[tokio::test]
async fn all_is_written_anew_without_the_positions() {
    let fixture = after(&["one", "two"]).await;
    fixture.compare(&dock(), 0.5).await;
    let redis = fixture.redis().await;
    eventually("the similarity", async || similarity(&redis, &dock()).await).await;
    for lost in [
        "alert_dock",
        "similarity_dock",
        "at:similarity_dock",
        "folders",
    ] {
        fixture.do_in_redis(&format!("DEL {lost}")).await;
    }
    let positions = format!("DEL {POSITION} framewatch:position:comparisons");
    fixture.do_in_redis(&positions).await;
    eventually("all is there", async || {
        let there = "EXISTS alert_dock similarity_dock at:similarity_dock folders";
        (fixture.ask::<u64>(there).await == 4).then_some(())
    })
    .await;
    assert_eq!(ids(&fixture).await, ["one", "two"]);

    let everything = format!("DEL alerts {POSITION} {POSITION}:entries");
    fixture.do_in_redis(&everything).await;
    wait_for_entries(&redis, 2).await;
    assert_eq!(ids(&fixture).await, ["one", "two"]);
}

#[tokio::test]
async fn no_older_value_is_seen_while_all_is_written_anew() {
    let fixture = Fixture::start().await;
    let similarities = (0..20).map(|number| f64::from(number) / 32.0);
    for similarity in similarities {
        fixture.compare(&dock(), similarity).await;
    }
    let redis = fixture.redis().await;
    let last = async || {
        let value = similarity(&redis, &dock()).await;
        value.filter(|value| value == "0.59375")
    };
    eventually("the last similarity", last).await;
    fixture.do_in_redis("CONFIG RESETSTAT").await;
    fixture
        .do_in_redis("DEL similarity_dock framewatch:position:comparisons")
        .await;
    eventually("the last similarity", last).await;
    let statistics: String = fixture.ask("INFO commandstats").await;
    let written = statistics.split_once("cmdstat_set:calls=").unwrap().1;
    let written: u32 = written.split_once(',').unwrap().0.parse().unwrap();
    assert!(
        written < 10,
        "each earlier value was written as well: {written}"
    );
}

#[tokio::test]
async fn a_stream_that_was_made_anew_and_grew_past_the_position_is_written_from_its_beginning() {
    let mut fixture = after(&["one"]).await;
    fixture.compare(&dock(), 0.5).await;
    let redis = fixture.redis().await;
    eventually("the similarity", async || similarity(&redis, &dock()).await).await;
    fixture.redis.kill();
    for stream in ["ALERTS", "COMPARISONS"] {
        fixture.delete_stream(stream).await;
    }
    fixture.bus = Bus::connect(
        &BusConfig::for_url(fixture.nats.url()),
        "test",
        Role::Worker,
    )
    .await
    .unwrap();
    let (gate, yard): (Folder, Folder) = ("gate".parse().unwrap(), "yard".parse().unwrap());
    for folder in [&gate, &yard] {
        fixture.compare(folder, 0.75).await;
        fixture.alert(folder, "two", Phase::Firing).await;
    }
    fixture.redis.start_again();
    let redis = fixture.redis().await;
    wait_for_entries(&redis, 3).await;
    for folder in [&gate, &yard] {
        eventually("the similarity", async || similarity(&redis, folder).await).await;
    }
}

#[tokio::test]
async fn a_stream_that_is_made_anew_while_it_is_read_loses_nothing_however_fast_it_grows() {
    let mut fixture = after(&["one"]).await;
    fixture.delete_stream("ALERTS").await;
    fixture.bus = Bus::connect(
        &BusConfig::for_url(fixture.nats.url()),
        "test",
        Role::Worker,
    )
    .await
    .unwrap();
    for id in ["two", "three"] {
        fixture.alert(&dock(), id, Phase::Firing).await;
    }
    wait_for_entries(&fixture.redis().await, 3).await;
    fire_and_wait(&fixture, "four").await;
    let mut ids = ids(&fixture).await;
    ids.sort_unstable();
    assert_eq!(ids, ["four", "one", "three", "two"]);
}

/// The stream is gone while no sink runs, and one alert was put back into a new one.
async fn make_alerts_anew(fixture: &mut Fixture, put_back: &str) {
    fixture.stop_sink().await;
    fixture.delete_stream("ALERTS").await;
    fixture.bus = Bus::connect(
        &BusConfig::for_url(fixture.nats.url()),
        "test",
        Role::Worker,
    )
    .await
    .unwrap();
    fixture.alert(&dock(), put_back, Phase::Firing).await;
}

#[tokio::test]
async fn alerts_that_are_put_back_into_a_stream_made_anew_have_no_second_entries() {
    let mut fixture = after(&["one", "two"]).await;
    make_alerts_anew(&mut fixture, "two").await;
    fixture.start_sink().await;
    fire_and_wait(&fixture, "three").await;
    assert_eq!(ids(&fixture).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn nor_have_they_where_the_entries_could_not_be_read_meanwhile() {
    let mut fixture = after(&["one", "two"]).await;
    make_alerts_anew(&mut fixture, "two").await;
    fixture.do_in_redis("RENAME alerts aside").await;
    fixture.do_in_redis("SET alerts x").await;
    fixture.start_sink().await;
    fixture.says("Redis takes alerts (something").await;
    fixture.do_in_redis("RENAME aside alerts").await;
    fixture.says("").await;
    fire_and_wait(&fixture, "three").await;
    assert_eq!(ids(&fixture).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn a_position_of_0_1_0_is_gone_on_from() {
    let mut fixture = after(&["one", "two"]).await;
    fixture.stop_sink().await;
    // One that it did not write, and entries that are not there any more.
    fixture.alert(&dock(), "three", Phase::Firing).await;
    for command in [
        "SET framewatch:position:alerts 2",
        "DEL framewatch:position:alerts:entries alert_dock",
        "SET framewatch:position:format 1",
        "XTRIM alerts MAXLEN 1",
        "XADD alerts 99999999999999-7 folder x phase x id future",
    ] {
        fixture.do_in_redis(command).await;
    }
    fixture.start_sink().await;
    fire_and_wait(&fixture, "four").await;
    assert_eq!(ids(&fixture).await, ["two", "future", "three", "four"]);
    let position: String = fixture.ask("GET framewatch:position:alerts").await;
    assert!(position.starts_with("4 of "), "{position}");
    assert_eq!(
        fixture.ask::<u64>("GET framewatch:position:format").await,
        2
    );
}
