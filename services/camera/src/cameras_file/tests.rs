//! What is read from a file of cameras, and what is said of one that is wrong.

use std::fs;

use camera_settings::{FreezeWatch, Transport};
use tempfile::TempDir;

use super::*;

fn wrong(text: &str) -> Vec<(usize, String)> {
    let faults = parse(text, Path::new("/nowhere")).unwrap_err();
    faults
        .iter()
        .map(|fault| (fault.line, fault.to_string()))
        .collect()
}

#[test]
fn all_that_can_be_set_is_read() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("gate"), "p@ss/w0rd\n").unwrap();
    let text = r#"
[camera.gate]
source = "rtsp://10.0.0.5/Streaming/Channels/102"
folder = "folder1"
username = "fw"
password-file = "gate"
every = "500ms"
max-width = 640
transport = "udp"
fallback-snapshot = "http://10.0.0.5/snap.jpg"
watch-frozen = false

[camera.yard]
source = "http://10.0.0.6/snap.jpg"
"#;
    let cameras = parse(text, folder.path()).unwrap();
    let gate = &cameras[0];
    assert_eq!(gate.name.as_str(), "gate");
    assert_eq!(gate.folder.as_str(), "folder1");
    let login = gate.login.clone().unwrap();
    assert_eq!(
        (login.username.as_str(), login.reveal()),
        ("fw", "p@ss/w0rd")
    );
    assert_eq!(gate.every.as_millis(), 500);
    assert_eq!(gate.max_width.get(), 640);
    assert_eq!(gate.transport, Transport::Udp);
    assert_eq!(gate.freeze_watch, FreezeWatch::Off);
    assert!(gate.fallback_snapshot.is_some());
    assert!(!format!("{cameras:?}").contains("w0rd"));
    let yard = CameraSpec::new("yard".parse().unwrap(), cameras[1].source.clone());
    assert_eq!(cameras[1], yard);
}

#[test]
fn a_folder_of_pictures_is_looked_for_beside_the_file() {
    let text = "[camera.a]\nsource = \"folder:in/a\"\n[camera.b]\nsource = \"folder:/srv/b\"";
    let cameras = parse(text, Path::new("/etc/framewatch")).unwrap();
    let sources: Vec<_> = cameras.iter().map(|it| it.source.to_string()).collect();
    assert_eq!(sources, ["folder:/etc/framewatch/in/a", "folder:/srv/b"]);
}

#[test]
fn what_cannot_be_is_said_with_its_line_and_what_is_right() {
    for (text, line, said) in [
        ("[camera.gate]\n", 1, "source = "),
        (
            "[camera.Gate]\nsource = \"rtsp://a/\"",
            1,
            "\"Gate\" is not a folder name",
        ),
        ("[gate]\nsource = \"rtsp://a/\"", 1, "[camera.gate]"),
        ("camera = 5", 1, "[camera.gate]"),
        ("[camera.gate]\nsource = 5", 2, "text in quotes"),
        (
            "[camera.gate]\nsource = \"folder:\"",
            2,
            "folder:/srv/ftp/gate",
        ),
        (
            "[camera.gate]\nsource = \"ffmpeg:-f v4l2\"",
            2,
            "-i /dev/video0",
        ),
        (
            "[camera.gate]\nsource = \"folder:/x\"\nfallback-snapshot = \"http://a/\"",
            1,
            "fallback-snapshot",
        ),
        (
            "[camera.gate]\nsource = \"rtsp://a/\"\nmax-witdh = 5",
            3,
            "max-width",
        ),
        (
            "[camera.gate]\nsource = \"rtsp://a/\"\nmax-width = 0",
            3,
            "from 160 to 7680",
        ),
        (
            "[camera.gate]\nsource = \"rtsp://a/\"\nevery = 2",
            3,
            "\"2s\"",
        ),
        (
            "[camera.gate]\nsource = \"rtsp://a/\"\nevery = \"0s\"",
            3,
            "\"2s\"",
        ),
        (
            "[camera.gate]\nsource = \"rtsp://a/\"\ntransport = \"sctp\"",
            3,
            "\"tcp\" or \"udp\"",
        ),
        (
            "[camera.gate]\nsource = \"rtsp://a/\"\nusername = \"fw\"",
            1,
            "password-file",
        ),
        (
            "[camera.gate]\nsource = \"http://a/\"\nfallback-snapshot = \"http://a/\"",
            1,
            "already",
        ),
        (
            "[camera.gate]\nsource = \"https://a/\"\npinned-certificate = \"sha1:5\"",
            3,
            "64 hexadecimal",
        ),
        (
            "[camera.gate]\nsource = \"http://a/\"\npinned-certificate = \"sha256:03d66dd08835c1ca3f128cceacd1f31ac94163096b20f445ae84285bc0832d72\"",
            1,
            "pinned-certificate is for https://",
        ),
        (
            "[camera.gate]\nsource = \"rtsp://a/\"\npassword-file = \"no\"",
            3,
            "/nowhere/no",
        ),
        (
            "[camera.a]\nsource = \"rtsp://a/\"\n[camera.b]\nsource = \"rtsp://b/\"\nfolder = \"a\"",
            3,
            "folder",
        ),
        ("[camera.a\n", 1, "no TOML"),
    ] {
        let found = wrong(text);
        assert!(
            found
                .iter()
                .any(|(at, message)| *at == line && message.contains(said)),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_secret_that_stands_in_the_wrong_place_is_not_repeated() {
    for text in [
        "[camera.gate]\nsource = \"rtsp://fw:s3cret@10.0.0.5/x\"",
        "[camera.gate]\nsource = \"rtsp://fw:s3cret@10.0.0.5/x",
        "[camera.gate]\nsource = \"rtsp://a/\"\npassword = \"s3cret\"",
        "[camera.gate]\nsource = \"rtsp://a/\"\nevery = \"s3cret\"\ntransport = \"s3cret\"",
        "[camera.gate]\nsource = \"rtsp://a/\"\nmax-width = \"s3cret\"",
    ] {
        let found = wrong(text);
        assert!(!format!("{found:?}").contains("s3cret"), "{found:?}");
    }
    let found = wrong("[camera.gate]\nsource = \"rtsp://fw:s3cret@10.0.0.5/x\"");
    assert!(
        found[0].1.contains("username = \"…\" and password-file"),
        "{found:?}"
    );
}

#[test]
fn all_faults_are_said_at_once() {
    let found = wrong("[camera.a]\n[camera.b]\nsource = \"ftp://b/\"\n");
    assert_eq!(found.len(), 2, "{found:?}");
}
