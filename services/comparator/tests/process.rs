//! The binary, as an operator runs it.

use test_support::{NatsServer, ServiceBinary};

const COMPARATOR: ServiceBinary<'_> = ServiceBinary {
    path: env!("CARGO_BIN_EXE_framewatch-comparator"),
    name: "framewatch-comparator",
};

#[test]
fn it_explains_itself() {
    COMPARATOR.explains_itself();
}

#[test]
fn it_reads_its_variables() {
    COMPARATOR.reads_its_variables();
}

#[test]
fn without_nats_it_gives_up_and_says_so() {
    let nobody = "nats://127.0.0.1:1";
    COMPARATOR.needs_servers(
        &["--nats-url", nobody, "--nats-connect-timeout-s", "1"],
        nobody,
    );
}

#[test]
fn it_runs_and_ends_in_order() {
    let nats = NatsServer::start();
    COMPARATOR.runs_and_ends_in_order(&["--nats-url", &nats.url()]);
}

#[test]
fn it_refuses_data_of_a_later_version() {
    let nats = NatsServer::start_with_newer_data();
    COMPARATOR.needs_servers(&["--nats-url", &nats.url()], "the data format 3");
}
