//! Each user of Redis tries what it may and what it may not.

use redis::{Client, Cmd, Value, aio::MultiplexedConnection};
use test_support::RedisServer;

use crate::site::Site;

async fn log_in(server: &RedisServer, user: &str, password: &str) -> MultiplexedConnection {
    let url = server
        .url()
        .replace("://", &format!("://{user}:{password}@"));
    let client = Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn ask(redis: &mut MultiplexedConnection, words: &str) -> redis::RedisResult<Value> {
    let mut command = Cmd::new();
    for word in words.split(' ') {
        command.arg(word);
    }
    command.query_async(redis).await
}

/// Whether the server does not object to who asks, whatever else it says.
async fn may(redis: &mut MultiplexedConnection, words: &str) -> bool {
    match ask(redis, words).await {
        Ok(_) => true,
        // From inside a script the refusal comes as an error of the script, in other words.
        Err(error) => !["no permissions", "can't access"]
            .iter()
            .any(|refusal| error.to_string().contains(refusal)),
    }
}

const SINK_MAY: &[&str] = &[
    "SET similarity_gate 0.5",
    "GET similarity_gate",
    "SET at:similarity_gate now",
    "SADD folders gate",
    "SREM folders gate",
    "SET alert_gate {}",
    "DEL alert_gate",
    "XADD alerts * folder gate",
    "SET framewatch:position:alerts 1",
    "EVAL return(1) 0",
];
const SINK_MAY_NOT: &[&str] = &[
    "SET other 1",
    "GET other",
    "DEL alerts other",
    "KEYS *",
    "SCAN 0",
    "FLUSHALL",
    "CONFIG GET *",
    "CONFIG SET dir /tmp",
    "ACL LIST",
    "SAVE",
    "SHUTDOWN NOSAVE",
    "REPLICAOF 127.0.0.1 1",
    "PUBLISH a b",
    "EVAL return(redis.call('SET','other','1')) 0",
];
const READER_MAY: &[&str] = &[
    "GET similarity_gate",
    "GET at:similarity_gate",
    "EXISTS alert_gate",
    "MGET similarity_gate similarity_yard",
    "SMEMBERS folders",
    "XRANGE alerts - +",
    "XREAD COUNT 1 STREAMS alerts 0",
    "PING",
];
const READER_MAY_NOT: &[&str] = &[
    "SET similarity_gate 1",
    "DEL alert_gate",
    "SADD folders x",
    "XADD alerts * a b",
    "XTRIM alerts MAXLEN 0",
    "GET framewatch:position:alerts",
    "GET other",
    "KEYS *",
    "EVAL return(1) 0",
    "FLUSHALL",
    "CONFIG GET *",
    "CLIENT KILL TYPE normal",
    "EXPIRE similarity_gate 1",
];
const HEALTH_MAY_NOT: &[&str] = &[
    "GET similarity_gate",
    "INFO",
    "KEYS *",
    "CLIENT LIST",
    "ACL WHOAMI",
];

#[tokio::test]
async fn each_user_may_do_its_work_and_nothing_else() {
    let site = Site::new();
    let server = site.redis();
    for (user, allowed, forbidden) in [
        ("sink", SINK_MAY, SINK_MAY_NOT),
        ("reader", READER_MAY, READER_MAY_NOT),
        ("health", &["PING"], HEALTH_MAY_NOT),
    ] {
        let password = match user {
            "health" => "any".to_owned(),
            _ => site.password(&format!("redis-{user}")),
        };
        let mut redis = log_in(&server, user, &password).await;
        for words in allowed {
            assert!(
                may(&mut redis, words).await,
                "{user} must be allowed: {words}"
            );
        }
        for words in forbidden {
            assert!(
                !may(&mut redis, words).await,
                "{user} must not be allowed: {words}"
            );
        }
    }
    let mut operator = log_in(&server, "operator", &site.password("redis-operator")).await;
    assert!(ask(&mut operator, "CONFIG GET maxmemory").await.is_ok());
    assert!(
        ask(&mut operator, "GET other").await.unwrap() == Value::Nil,
        "nobody wrote it"
    );
}

#[tokio::test]
async fn nobody_comes_in_without_the_right_password() {
    let site = Site::new();
    let server = site.redis();
    let sink = site.password("redis-sink");
    for (user, password) in [
        ("reader", sink.as_str()),
        ("nobody", &sink),
        ("sink", "x"),
        ("default", "x"),
    ] {
        let url = server
            .url()
            .replace("://", &format!("://{user}:{password}@"));
        let refused = Client::open(url)
            .unwrap()
            .get_multiplexed_async_connection()
            .await;
        assert!(refused.is_err(), "{user} must be refused");
    }
    let nobody = Client::open(server.url()).unwrap();
    let mut nobody = nobody.get_multiplexed_async_connection().await.unwrap();
    for words in ["PING", "GET similarity_gate"] {
        let error = ask(&mut nobody, words).await.unwrap_err();
        assert_eq!(error.code(), Some("NOAUTH"), "{words}");
    }
}
