//! Redis as a cluster of three servers, which share the keys.

use event_bus::Folder;
use proto::v1::{Alert, Phase};
use redis::{AsyncCommands, cluster_async::ClusterConnection};
use test_support::{RedisServer, eventually, soon};

use crate::fixture::{Fixture, entries, similarity, wait_for_entries};

/// Enough folders that every server has keys of some.
const FOLDERS: usize = 24;

struct Cluster {
    fixture: Fixture,
    /// All but the first, which the fixture has.
    others: [RedisServer; 2],
}

impl Cluster {
    async fn start() -> Self {
        Self::start_as("", async |_| {}).await
    }

    /// With a sink that logs in so, on servers that were prepared.
    async fn start_as(login: &str, prepare: impl AsyncFn(&RedisServer)) -> Self {
        let [first, second, third] = RedisServer::start_cluster();
        for server in [&first, &second, &third] {
            prepare(server).await;
        }
        // One of them is enough to find all.
        let url = format!("redis+cluster://{login}{}", second.address());
        Cluster {
            fixture: Fixture::start_with(first, url).await,
            others: [second, third],
        }
    }

    async fn redis(&self) -> ClusterConnection {
        let servers = vec![self.fixture.redis.url()];
        let client = redis::cluster::ClusterClient::new(servers).unwrap();
        client.get_async_connection().await.unwrap()
    }

    /// The number of keys on each server.
    async fn sizes(&self) -> Vec<usize> {
        let mut sizes = Vec::new();
        for server in [&self.fixture.redis, &self.others[0], &self.others[1]] {
            let client = redis::Client::open(server.url()).unwrap();
            let mut redis = client.get_multiplexed_async_connection().await.unwrap();
            sizes.push(redis::cmd("DBSIZE").query_async(&mut redis).await.unwrap());
        }
        sizes
    }

    async fn fire_everywhere(&self) {
        for folder in folders() {
            self.fixture.compare(&folder, 0.5).await;
            self.fixture.alert(&folder, "one", Phase::Firing).await;
        }
    }
}

fn folders() -> impl Iterator<Item = Folder> {
    (0..FOLDERS).map(|number| format!("folder{number}").parse().unwrap())
}

async fn is(redis: &ClusterConnection, folder: &Folder, expected: &str) {
    eventually("the similarity", async || {
        let value = similarity(redis, folder).await;
        value.filter(|value| value == expected)
    })
    .await;
}

#[tokio::test]
async fn its_keys_are_those_of_one_server_and_lie_on_all() {
    let cluster = Cluster::start().await;
    cluster.fire_everywhere().await;
    let redis = cluster.redis().await;
    wait_for_entries(&redis, FOLDERS).await;
    for folder in folders() {
        is(&redis, &folder, "0.5").await;
        let key = sink::alert_key(&folder);
        let alert = eventually("the alert", async || {
            let alert: Option<String> = redis.clone().get(&key).await.unwrap();
            alert
        });
        let alert = alert.await;
        assert!(alert.contains(folder.as_str()), "{alert}");
    }
    eventually("all folders", async || {
        let members: Vec<String> = redis.clone().smembers(sink::FOLDERS).await.unwrap();
        (members.len() == FOLDERS).then_some(())
    })
    .await;
    let sizes = cluster.sizes().await;
    assert!(sizes.iter().all(|size| *size > FOLDERS / 2), "{sizes:?}");

    for folder in folders() {
        let alert = cluster.fixture.alert(&folder, "one", Phase::Resolved);
        alert.await;
    }
    wait_for_entries(&redis, 2 * FOLDERS).await;
    for folder in folders() {
        let key = sink::alert_key(&folder);
        eventually(folder.as_str(), async || {
            let there: bool = redis.clone().exists(&key).await.unwrap();
            (!there).then_some(())
        })
        .await;
    }
}

/// What deploy/ lets the sink do.
const USERS: &str = include_str!("../../../../deploy/redis/users.acl");

#[tokio::test]
async fn the_rights_of_a_deployment_are_enough() {
    let cluster = Cluster::start_as("sink:secret@", async |server| {
        let client = redis::Client::open(server.url()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let mut lines = USERS.lines();
        let rights = lines.find_map(|line| line.strip_prefix("user sink "));
        let rights = rights.unwrap().replace("#{{sink}}", ">secret");
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg("sink");
        for word in rights.split(' ') {
            command.arg(word);
        }
        command.exec_async(&mut redis).await.unwrap();
    });
    let cluster = cluster.await;
    cluster.fire_everywhere().await;
    wait_for_entries(&cluster.redis().await, FOLDERS).await;
}

#[tokio::test]
async fn applying_everything_again_changes_nothing_and_fills_what_is_missing() {
    let mut cluster = Cluster::start().await;
    cluster.fire_everywhere().await;
    let mut redis = cluster.redis().await;
    wait_for_entries(&redis, FOLDERS).await;
    cluster.fixture.stop_sink().await;
    let before = entries(&redis).await;

    let position = "framewatch:position:alerts";
    redis.del::<_, ()>(position).await.unwrap();
    cluster.fixture.start_sink().await;
    let folder: Folder = "folder0".parse().unwrap();
    cluster.fixture.alert(&folder, "one", Phase::Resolved).await;
    wait_for_entries(&redis, FOLDERS + 1).await;
    assert_eq!(entries(&redis).await[..FOLDERS], before);

    redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();
    wait_for_entries(&redis, FOLDERS + 1).await;
    for folder in folders() {
        is(&redis, &folder, "0.5").await;
    }
}

#[tokio::test]
async fn a_server_that_lost_its_last_writes_gets_them_again() {
    let cluster = Cluster::start().await;
    let folder: Folder = "dock".parse().unwrap();
    for phase in [Phase::Firing, Phase::Resolved] {
        cluster.fixture.alert(&folder, "one", phase).await;
    }
    let mut redis = cluster.redis().await;
    wait_for_entries(&redis, 2).await;
    let before = entries(&redis).await;

    // As if a replica had taken over that did not have the second one yet.
    let bus = &cluster.fixture.bus;
    let made = bus.read::<Alert>(0).await.unwrap().made_at();
    let position = format!(
        "framewatch:position:alerts:{}:{{alerts}}",
        made.unix_timestamp_nanos()
    );
    let lost: u64 = redis.xdel(sink::ALERTS, &[&before[1].0]).await.unwrap();
    assert_eq!(lost, 1);
    let reached: u64 = redis.get(&position).await.unwrap();
    redis.set::<_, _, ()>(&position, reached - 1).await.unwrap();

    cluster.fixture.alert(&folder, "two", Phase::Firing).await;
    wait_for_entries(&redis, 3).await;
    let phases = entries(&redis)
        .await
        .into_iter()
        .map(|(_, fields)| fields[1].1.clone());
    let phases: Vec<_> = phases.collect();
    assert_eq!(phases, ["firing", "resolved", "firing"]);
}

#[tokio::test]
async fn two_sinks_leave_what_is_newest() {
    let mut cluster = Cluster::start().await;
    let first = cluster.fixture.sink.take();
    let first_shutdown = cluster.fixture.shutdown.clone();
    cluster.fixture.start_sink().await;
    for similarity in [0.25, 0.5, 0.75, 1.0] {
        for folder in folders() {
            cluster.fixture.compare(&folder, similarity).await;
        }
    }
    let redis = cluster.redis().await;
    for folder in folders() {
        is(&redis, &folder, "1").await;
    }
    first_shutdown.cancel();
    soon("the first one ends", first.unwrap()).await.unwrap();
    for folder in folders() {
        is(&redis, &folder, "1").await;
    }
}

#[tokio::test]
async fn what_happens_while_a_server_is_away_is_there_when_it_is_back() {
    let mut cluster = Cluster::start().await;
    cluster.fire_everywhere().await;
    let redis = cluster.redis().await;
    wait_for_entries(&redis, FOLDERS).await;

    cluster.others[1].kill();
    for folder in folders() {
        cluster.fixture.compare(&folder, 0.75).await;
    }
    cluster.others[1].start_again();
    let redis = cluster.redis().await;
    for folder in folders() {
        is(&redis, &folder, "0.75").await;
    }
}

#[tokio::test]
async fn a_stream_that_was_made_anew_is_applied_from_its_beginning() {
    let cluster = Cluster::start().await;
    let folder: Folder = "dock".parse().unwrap();
    for similarity in [0.5, 0.625] {
        cluster.fixture.compare(&folder, similarity).await;
    }
    let redis = cluster.redis().await;
    is(&redis, &folder, "0.625").await;
    cluster.fixture.make_comparisons_anew(&folder, 0.75).await;
    is(&redis, &folder, "0.75").await;
}

#[tokio::test]
async fn all_is_written_anew_without_the_two_positions() {
    let cluster = Cluster::start().await;
    cluster.fire_everywhere().await;
    let mut redis = cluster.redis().await;
    wait_for_entries(&redis, FOLDERS).await;
    for folder in folders() {
        is(&redis, &folder, "0.5").await;
        for lost in [sink::similarity_key(&folder), sink::alert_key(&folder)] {
            redis.del::<_, ()>(lost).await.unwrap();
        }
    }
    for position in ["alerts", "comparisons"] {
        let position = format!("framewatch:position:{position}");
        redis.del::<_, ()>(position).await.unwrap();
    }
    for folder in folders() {
        is(&redis, &folder, "0.5").await;
        eventually("the alert", async || {
            let alert: Option<String> = redis.clone().get(sink::alert_key(&folder)).await.unwrap();
            alert
        })
        .await;
    }
    assert_eq!(entries(&redis).await.len(), FOLDERS);
}

#[tokio::test]
async fn an_alert_has_one_entry_also_where_the_position_of_entries_was_deleted() {
    let cluster = Cluster::start().await;
    let folder: Folder = "dock".parse().unwrap();
    for phase in [Phase::Firing, Phase::Resolved] {
        cluster.fixture.alert(&folder, "one", phase).await;
    }
    let mut redis = cluster.redis().await;
    wait_for_entries(&redis, 2).await;
    let made = cluster.fixture.bus.read::<Alert>(0).await.unwrap();
    let made = made.made_at().unix_timestamp_nanos();
    let position = format!("framewatch:position:alerts:{made}:{{alerts}}");
    let there: u64 = redis.del(position).await.unwrap();
    assert_eq!(there, 1);
    cluster.fixture.alert(&folder, "two", Phase::Firing).await;
    eventually("the alert", async || {
        let alert: Option<String> = redis.clone().get("alert_dock").await.unwrap();
        alert.filter(|alert| alert.contains("two"))
    })
    .await;
    wait_for_entries(&redis, 3).await;
    cluster.fixture.says("").await;
    assert_eq!(entries(&redis).await.len(), 3);
}

#[tokio::test]
async fn a_foreign_key_stops_no_other_and_is_made_right_once_it_is_gone() {
    let mut cluster = Cluster::start().await;
    let mut redis = cluster.redis().await;
    for key in [sink::ALERTS, sink::FOLDERS, "alert_folder0"] {
        let command = if key == "alert_folder0" {
            "LPUSH"
        } else {
            "SET"
        };
        let command = redis::cmd(command).arg(key).arg("x").to_owned();
        command.exec_async(&mut redis).await.unwrap();
    }
    cluster.fire_everywhere().await;
    for folder in folders() {
        is(&redis, &folder, "0.5").await;
    }
    cluster
        .fixture
        .says("Redis takes alert_folder0, alerts")
        .await;
    cluster.fixture.says("Redis takes folders").await;
    redis.del::<_, ()>(sink::ALERTS).await.unwrap();
    wait_for_entries(&redis, FOLDERS).await;

    cluster.fixture.stop_sink().await;
    for key in [sink::FOLDERS, "alert_folder0"] {
        redis.del::<_, ()>(key).await.unwrap();
    }
    cluster.fixture.start_sink().await;
    eventually("all are there", async || {
        let members: Vec<String> = redis.clone().smembers(sink::FOLDERS).await.unwrap();
        let alert: bool = redis.clone().exists("alert_folder0").await.unwrap();
        (members.len() == FOLDERS && alert).then_some(())
    })
    .await;
    assert_eq!(entries(&redis).await.len(), FOLDERS);
    cluster.fixture.says("").await;
}
