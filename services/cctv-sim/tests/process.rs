//! The binary, as an operator runs it.

use std::{fs, process::Command, time::Duration};

use tempfile::TempDir;
use test_support::{NatsServer, ServiceBinary, block_until};

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
    for source in ["pictures:no/such/folder", "video:no/such/film.mp4"] {
        let camera = format!("folder1={source},name=gate");
        CCTV_SIM.refuses(
            &["--camera", &camera],
            "camera gate: cannot take pictures from no/such/",
        );
    }
}

#[test]
fn a_camera_that_gives_no_frames_makes_it_unhealthy_until_it_does() {
    let (nats, pictures) = (NatsServer::start(), TempDir::new().unwrap());
    fs::write(pictures.path().join("a.jpg"), "no picture").unwrap();
    let camera = format!(
        "folder1=pictures:{},name=gate,rate=10,size=320x180",
        pictures.path().display()
    );
    let ops = format!("127.0.0.1:{}", local_servers::free_port().unwrap());
    let mut running = Command::new(CCTV_SIM.path)
        .args([
            "--camera",
            &camera,
            "--nats-url",
            &nats.url(),
            "--ops-listen",
            &ops,
        ])
        .spawn()
        .unwrap();
    let health = || {
        let mut asked = Command::new(CCTV_SIM.path);
        let output = asked
            .args(["healthcheck", "--ops-listen", &ops])
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let until = |what, wanted: fn(&str) -> bool| {
        block_until(Duration::from_secs(30), what, || {
            let words = health();
            match wanted(&words) {
                true => Ok(()),
                false => Err(words),
            }
        });
    };
    until("the camera is named", |words| {
        words.contains("camera gate: no frame for")
    });
    fs::copy(
        "../../crates/fingerprint/tests/fixtures/baseline.jpg",
        pictures.path().join("b.jpg"),
    )
    .unwrap();
    until("it is healthy", str::is_empty);
    running.kill().unwrap();
    running.wait().unwrap();
}

#[test]
fn it_runs_and_ends_in_order() {
    let nats = NatsServer::start();
    let camera = ["--camera", "folder1=drawn:dock,size=320x180,rate=10"];
    CCTV_SIM.runs_and_ends_in_order(&[&camera[..], &["--nats-url", &nats.url()]].concat());
}
