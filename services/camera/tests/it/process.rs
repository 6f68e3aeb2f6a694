//! The binary, as an operator runs it.

use std::{
    fs,
    io::Read as _,
    process::{Command, Stdio},
    time::Duration,
};

use proto::v1::SourceState;
use test_support::{NatsServer, ServiceBinary, terminate, wait};

use crate::{
    http_camera::{HttpCamera, jpeg, picture, respond},
    rtsp_camera::RtspCamera,
    site::Site,
};

const CAMERA: ServiceBinary<'_> = ServiceBinary {
    path: env!("CARGO_BIN_EXE_framewatch-camera"),
    name: "framewatch-camera",
};

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn it_explains_itself() {
    CAMERA.explains_itself();
}

#[test]
fn it_reads_its_variables() {
    CAMERA.reads_its_variables();
}

#[test]
fn without_nats_it_gives_up_and_says_so() {
    let cameras = file("[camera.gate]\nsource = \"http://127.0.0.1:1/x\"");
    let cameras = cameras.path().to_str().unwrap();
    let nobody = "nats://127.0.0.1:1";
    let nats = ["--nats-url", nobody, "--nats-connect-timeout-s", "1"];
    CAMERA.needs_servers(&[&["--cameras", cameras][..], &nats].concat(), nobody);
}

#[test]
fn a_file_that_cannot_be_is_refused_with_its_line() {
    CAMERA.refuses(&[], "--cameras");
    CAMERA.refuses(&["--cameras", "no/such/file"], "no/such/file");
    let wrong = file("[camera.gate]\nsource = \"rtsp://fw:s3cret@10.0.0.5/x\"");
    let wrong = ["--cameras", wrong.path().to_str().unwrap()];
    CAMERA.refuses(&wrong, "line 2, camera gate: a URL holds no user");
    let empty = file("");
    CAMERA.refuses(
        &["--cameras", empty.path().to_str().unwrap()],
        "[camera.gate]",
    );
}

#[test]
fn it_runs_and_ends_in_order() {
    let nats = NatsServer::start();
    let camera = HttpCamera::start(|_, stream| picture(stream, &jpeg(64)));
    let cameras = file(&format!("[camera.gate]\nsource = \"{}\"", camera.url()));
    let cameras = cameras.path().to_str().unwrap();
    // Alone it needs no bucket.
    CAMERA.runs_and_ends_in_order(&["--cameras", cameras, "--nats-url", &nats.url(), "--alone"]);
}

/// Its log at the finest, its metrics, what it publishes, its arguments and its environment.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_nowhere_to_be_seen() {
    const PASSWORD: &str = "p@ss/w0rd";
    const BASIC: &str = "Znc6cEBzcy93MHJk";
    let rtsp = RtspCamera::with_login(&["fw", PASSWORD, "basic"]);
    let digest = RtspCamera::with_login(&["fw", PASSWORD]);
    let http = HttpCamera::start(|request, stream| match request.authorization {
        Some(_) => picture(stream, &jpeg(64)),
        None => respond(
            stream,
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"cam\"\r\n",
            b"",
        ),
    });
    let refuses = HttpCamera::start(|_, stream| {
        respond(
            stream,
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"cam\"\r\n",
            b"",
        )
    });
    let login = "username = \"fw\"\npassword-file = \"secret\"\n";
    let mut cameras = String::new();
    for (name, url) in [
        ("a", rtsp.url("h264")),
        ("b", digest.url("h264")),
        ("c", http.url()),
        ("d", refuses.url() + "?key=qu3ry"),
    ] {
        cameras += &format!("[camera.{name}]\nsource = \"{url}\"\n{login}");
    }
    let site = Site::new(&cameras).await;
    fs::write(site.path("secret"), format!("{PASSWORD}\n")).unwrap();

    let ops = format!("127.0.0.1:{}", local_servers::free_port().unwrap());
    let mut child = Command::new(CAMERA.path)
        .args([
            "--nats-url",
            &site.nats.url(),
            "--ops-listen",
            &ops,
            "--log",
            "trace",
        ])
        .arg("--cameras")
        .arg(site.cameras())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        log
    });
    let mut seen = String::new();
    for name in ["a", "b", "c"] {
        let source = site
            .stands(name, SourceState::Online, Duration::from_secs(20))
            .await;
        seen += &format!("{source:?}");
    }
    let refused = site
        .stands("d", SourceState::Refused, Duration::from_secs(20))
        .await;
    seen += &format!("{refused:?}");
    seen += &reqwest::get(format!("http://{ops}/metrics"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for of_process in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{}/{of_process}", child.id())).unwrap();
        seen += &String::from_utf8_lossy(&bytes);
    }
    terminate(&child);
    assert!(wait(&mut child).success());
    let log = log.join().unwrap();
    assert!(
        log.contains("retina"),
        "what connects to cameras logs as well: {log}"
    );
    seen += &log;
    for secret in [PASSWORD, BASIC, "qu3ry"] {
        let line = seen.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
