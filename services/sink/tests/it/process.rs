use event_bus::{Bus, BusConfig};
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
    Bus::connect(&BusConfig::for_url(nats.url()), "test")
        .await
        .unwrap();
    SINK.runs_and_ends_in_order(&["--nats-url", &nats.url(), "--redis-url", &redis.url()]);
}
