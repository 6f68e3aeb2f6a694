//! The binary, as an operator runs it.

use test_support::{NatsServer, ServiceBinary};

const CCTV_SIM: ServiceBinary<'_> = ServiceBinary {
    path: env!("CARGO_BIN_EXE_framewatch-cctv-sim"),
    name: "framewatch-cctv-sim",
};

#[test]
fn it_explains_itself() {
    CCTV_SIM.explains_itself();
}

#[test]
fn it_reads_its_variables() {
    CCTV_SIM.reads_its_variables();
}

#[test]
fn without_nats_it_gives_up_and_says_so() {
    let nobody = "nats://127.0.0.1:1";
    let camera = ["--camera", "folder1=drawn:dock,size=320x180"];
    let nats = ["--nats-url", nobody, "--nats-connect-timeout-s", "1"];
    CCTV_SIM.needs_servers(&[&camera[..], &nats].concat(), nobody);
}

#[test]
fn without_a_camera_it_says_what_is_missing() {
    CCTV_SIM.refuses(&[], "--camera");
    CCTV_SIM.refuses(&["--camera", "folder1=drawn:moon"], "moon");
    CCTV_SIM.refuses(&["--cameras-file", "no/such/file"], "no/such/file");
}

#[test]
fn it_runs_and_ends_in_order() {
    let nats = NatsServer::start();
    let camera = ["--camera", "folder1=drawn:dock,size=320x180,rate=10"];
    CCTV_SIM.runs_and_ends_in_order(&[&camera[..], &["--nats-url", &nats.url()]].concat());
}
