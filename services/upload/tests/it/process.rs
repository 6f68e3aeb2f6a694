//! The binary, as an operator runs it.

use test_support::{NatsServer, ServiceBinary};

const UPLOAD: ServiceBinary<'_> = ServiceBinary {
    path: env!("CARGO_BIN_EXE_framewatch-upload"),
    name: "framewatch-upload",
};

#[test]
fn it_explains_itself() {
    UPLOAD.explains_itself();
}

#[test]
fn without_nats_it_gives_up_and_says_so() {
    let nobody = "nats://127.0.0.1:1";
    let nats = ["--nats-url", nobody, "--nats-connect-timeout-s", "1"];
    UPLOAD.needs_servers(&[&nats[..], &["--listen", "127.0.0.1:0"]].concat(), nobody);
}

#[test]
fn it_runs_and_ends_in_order() {
    let nats = NatsServer::start();
    UPLOAD.runs_and_ends_in_order(&["--nats-url", &nats.url(), "--listen", "127.0.0.1:0"]);
}
