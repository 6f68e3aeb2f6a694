//! What others do to the keys of the sink.

use std::time::Duration;

use redis::{AsyncCommands, AsyncConnectionConfig, aio::MultiplexedConnection};
use test_support::eventually;
use tokio::time::sleep;

use crate::site::{FOLDERS, Site, folder};

/// The id and the phase of an alert that has an entry in the stream of alerts.
pub(crate) type Entry = (String, String);

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a key is while somebody else's is in its place.
const ASIDE: &str = "aside";

/// Puts a list in a key's place, in one step.
const TAKE: &str = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RENAME', KEYS[1], KEYS[2]) end \
                    redis.call('LPUSH', KEYS[1], 'x')";

/// Puts the key back, in one step.
const GIVE_BACK: &str = "redis.call('DEL', KEYS[1]) \
                         if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('RENAME', KEYS[2], KEYS[1]) end";

/// As soon as Redis answers: one that was just started may be loading what it has.
pub(crate) async fn connection(site: &Site) -> MultiplexedConnection {
    let client = redis::Client::open(site.redis.url()).unwrap();
    let patient = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    eventually("Redis answers", async || {
        let connecting = client.get_multiplexed_async_connection_with_config(&patient);
        let mut redis = connecting.await.ok()?;
        let () = redis.ping().await.ok()?;
        Some(redis)
    })
    .await
}

/// The stream of alerts, with the id that Redis has for each entry.
async fn entries_with_ids(redis: &mut MultiplexedConnection) -> Vec<(String, Entry)> {
    type InRedis = Vec<(String, Vec<(String, String)>)>;
    let entries: InRedis = redis.xrange_all(sink::ALERTS).await.unwrap();
    let field = |fields: &[(String, String)], wanted: &str| {
        let found = fields.iter().find(|(name, _)| name == wanted);
        found.unwrap().1.clone()
    };
    let entries = entries.into_iter();
    entries
        .map(|(at, fields)| (at, (field(&fields, "id"), field(&fields, "phase"))))
        .collect()
}

pub(crate) async fn entries(redis: &mut MultiplexedConnection) -> Vec<Entry> {
    let entries = entries_with_ids(redis).await.into_iter();
    entries.map(|(_, entry)| entry).collect()
}

/// Trims the stream of alerts to what comes from some entry on, and deletes some of that; gives what is gone.
pub(crate) async fn trim(site: &Site, random: &mut fastrand::Rng) -> Vec<Entry> {
    let mut redis = connection(site).await;
    let entries = entries_with_ids(&mut redis).await;
    if entries.is_empty() {
        return Vec::new();
    }
    let (before, rest) = entries.split_at(random.usize(0..entries.len()));
    let trim = redis::cmd("XTRIM")
        .arg(sink::ALERTS)
        .arg("MINID")
        .arg(&rest[0].0)
        .to_owned();
    let () = trim.query_async(&mut redis).await.unwrap();
    let deleted: Vec<_> = rest.iter().filter(|_| random.u8(0..10) == 0).collect();
    for (at, _) in &deleted {
        let () = redis.xdel(sink::ALERTS, &[at]).await.unwrap();
    }
    let gone = before.iter().chain(deleted);
    gone.map(|(_, entry)| entry.clone()).collect()
}

/// Has somebody else's data in a key of the sink for a while.
pub(crate) async fn take_a_key(site: &Site, random: &mut fastrand::Rng, how_long: Duration) {
    let folder = folder(random.usize(0..FOLDERS));
    let keys = [
        "folders".to_owned(),
        sink::ALERTS.to_owned(),
        format!("similarity_{folder}"),
        format!("at:similarity_{folder}"),
        format!("alert_{folder}"),
    ];
    let key = random.choice(&keys).unwrap();
    let mut redis = connection(site).await;
    for (script, then) in [(TAKE, how_long), (GIVE_BACK, Duration::ZERO)] {
        let script = redis::Script::new(script);
        let mut call = script.key(key);
        let () = call.key(ASIDE).invoke_async(&mut redis).await.unwrap();
        sleep(then).await;
    }
}
