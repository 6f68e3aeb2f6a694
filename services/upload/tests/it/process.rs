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
fn it_reads_its_variables() {
    UPLOAD.reads_its_variables();
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

#[test]
fn it_refuses_to_be_open_to_the_network_unless_told_to() {
    for beyond in ["0.0.0.0:0", "[::]:0"] {
        UPLOAD.refuses(&["--listen", beyond], "--users-file");
        UPLOAD.refuses(&["--listen", beyond], "--open-to-everyone");
    }
    let nowhere = [
        "--listen",
        "0.0.0.0:0",
        "--users-file",
        "/nowhere/users.toml",
    ];
    UPLOAD.refuses(&nowhere, "framewatch user add");
    UPLOAD.refuses(
        &[&nowhere[2..], &["--open-to-everyone"]].concat(),
        "cannot be used with",
    );
}

#[test]
fn it_refuses_data_of_a_later_version() {
    let nats = NatsServer::start_with_newer_data();
    let arguments = ["--nats-url", &nats.url(), "--listen", "127.0.0.1:0"];
    UPLOAD.needs_servers(&arguments, "the data format 3");
}
