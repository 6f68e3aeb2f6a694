use event_bus::{Bus, BusConfig, Role};
use redis::AsyncCommands;
use test_support::{NatsServer, RedisServer, ServiceBinary};

const SINK: ServiceBinary<'_> = ServiceBinary {
    path: env!("CARGO_BIN_EXE_framewatch-sink"),
    name: "framewatch-sink",
};

#[test]
fn it_explains_itself() {
    SINK.explains_itself();
}

#[test]
fn without_redis_it_gives_up_and_says_so() {
    let nats = NatsServer::start();
    let arguments = [
        "--nats-url",
        &nats.url(),
        "--redis-url",
        "redis://127.0.0.1:1/",
    ];
    SINK.needs_servers(
        &[&arguments[..], &["--redis-connect-timeout-s", "1"]].concat(),
        "127.0.0.1:1",
    );
}

#[tokio::test]
async fn it_runs_and_ends_in_order() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start());
    // The sink reads streams and makes none.
    Bus::connect(&BusConfig::for_url(nats.url()), "test", Role::Worker)
        .await
        .unwrap();
    SINK.runs_and_ends_in_order(&["--nats-url", &nats.url(), "--redis-url", &redis.url()]);
}

#[test]
fn it_refuses_data_of_a_later_version() {
    let nats = NatsServer::start_with_newer_data();
    let redis = RedisServer::start();
    let arguments = ["--nats-url", &nats.url(), "--redis-url", &redis.url()];
    SINK.needs_servers(&arguments, "the data format 3");
}

#[tokio::test]
async fn it_refuses_a_redis_of_a_later_version_and_marks_one_that_says_nothing() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start());
    Bus::connect(&BusConfig::for_url(nats.url()), "test", Role::Worker)
        .await
        .unwrap();
    let client = redis::Client::open(redis.url()).unwrap();
    let mut keys = client.get_multiplexed_async_connection().await.unwrap();
    let key = "framewatch:position:format";
    let arguments = ["--nats-url", &nats.url(), "--redis-url", &redis.url()];
    for format in ["3", "", "one", "-1"] {
        keys.set::<_, _, ()>(key, format).await.unwrap();
        SINK.needs_servers(&arguments, "empty Redis: it is filled again");
        let found: String = keys.get(key).await.unwrap();
        assert_eq!(found, format);
    }
    keys.del::<_, ()>(key).await.unwrap();
    keys.set::<_, _, ()>("similarity_gate", "0.5")
        .await
        .unwrap();
    SINK.runs_and_ends_in_order(&arguments);
    let [mark, kept]: [String; 2] = keys.mget(&[key, "similarity_gate"]).await.unwrap();
    assert_eq!((mark.as_str(), kept.as_str()), ("2", "0.5"));
}
