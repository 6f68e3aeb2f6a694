//! What may be asked for by API, what is refused with which words, and where a stored password goes.

use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::{CameraSpec, FreezeWatch, Reach, SetBy, stored_spec};

struct Store {
    folder: Folder,
    key: CameraKey,
    networks: Networks,
    _files: TempDir,
}

impl Store {
    fn new() -> Self {
        let files = TempDir::new().unwrap();
        Store {
            folder: "gate".parse().unwrap(),
            key: CameraKey::read_or_make(&files.path().join("key")).unwrap(),
            networks: Networks::or_private(&[]),
            _files: files,
        }
    }

    fn kept(&self, json: &str, before: Option<&CameraSettings>) -> Result<CameraSettings, Refused> {
        let asked: Asked = serde_json::from_str(json).unwrap();
        asked.kept(&self.folder, before, &self.key, &self.networks)
    }

    fn spec(&self, stored: &CameraSettings) -> Result<CameraSpec, Refused> {
        stored_spec(&self.folder, stored, &self.key, &self.networks)
    }
}

const GATE: &str = r#"{"source": "rtsp://10.0.0.5/a", "username": "fw", "password": "p@ss/w0rd"}"#;

#[test]
fn what_is_asked_for_is_what_is_connected_to() {
    let store = Store::new();
    let stored = store
        .kept(
            r#"{"source": "rtsp://10.0.0.5/a", "username": "fw", "password": "p@ss/w0rd", "everySeconds": 0.5, "maxWidth": 640,
                "fallbackSnapshot": "https://10.0.0.5/b",
                "pinnedCertificate": "sha256:03d66dd08835c1ca3f128cceacd1f31ac94163096b20f445ae84285bc0832d72",
                "watchFrozen": false}"#,
            None,
        )
        .unwrap();
    assert!(!format!("{stored:?}{}", serde_json::to_string(&stored).unwrap()).contains("w0rd"));
    let spec = store.spec(&stored).unwrap();
    let login = spec.login.as_ref().unwrap();
    assert_eq!(
        (login.username.as_str(), login.reveal()),
        ("fw", "p@ss/w0rd")
    );
    assert_eq!(spec.every, Duration::from_millis(500));
    assert_eq!(spec.max_width.get(), 640);
    assert_eq!(spec.freeze_watch, FreezeWatch::Off);
    assert!(spec.pin.is_some() && spec.fallback_snapshot.is_some());
    assert_eq!(spec.set_by, SetBy::Api);
    assert_eq!(spec.reach, Reach::Within(store.networks.clone()));
}

#[test]
fn what_cannot_be_is_refused_and_says_what_is_right() {
    let store = Store::new();
    for (json, said) in [
        (
            r#"{"source": "rtsp://fw:s3cret@10.0.0.5/a"}"#,
            "username and password beside it",
        ),
        (r#"{"source": "ffmpeg:-i s3cret"}"#, "ffmpeg: is not for"),
        (r#"{"source": "s3cret"}"#, "write it like rtsp://"),
        (r#"{"source": "file:///s3cret"}"#, "begins with rtsp://"),
        (
            r#"{"source": "rtsp://10.0.0.5/", "everySeconds": 0}"#,
            "0.1 to 3600",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "everySeconds": -1e300}"#,
            "0.1 to 3600",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "maxWidth": 70000}"#,
            "maxWidth is a number of pixels from 160",
        ),
        (
            r#"{"source": "http://10.0.0.5/", "fallbackSnapshot": "http://10.0.0.5/"}"#,
            "already",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "fallbackSnapshot": "rtsp://10.0.0.5/"}"#,
            "by http://",
        ),
        (
            r#"{"source": "https://10.0.0.5/", "pinnedCertificate": "sha256:s3cret"}"#,
            "64 hexadecimal",
        ),
        (
            r#"{"source": "http://10.0.0.5/", "pinnedCertificate": "sha256:03d66dd08835c1ca3f128cceacd1f31ac94163096b20f445ae84285bc0832d72"}"#,
            "pinnedCertificate is for https://",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "password": "s3cret"}"#,
            "needs username",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "username": "fw"}"#,
            "needs password",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "username": "fw", "password": "s3\ncret"}"#,
            "in one line",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "username": "f\nw", "password": "x"}"#,
            "in one line",
        ),
        (r#"{"source": "rtsp://127.0.0.1/"}"#, "--camera-addresses"),
        (
            r#"{"source": "http://[::ffff:127.0.0.1]/"}"#,
            "--camera-addresses",
        ),
        (r#"{"source": "http://0x7f.1/"}"#, "--camera-addresses"),
        (
            r#"{"source": "rtsp://10.0.0.5/", "fallbackSnapshot": "http://169.254.169.254/"}"#,
            "--camera-addresses",
        ),
    ] {
        let refused = store.kept(json, None).unwrap_err();
        assert!(refused.to_string().contains(said), "{json}: {refused}");
        assert!(
            !format!("{refused}{refused:?}").contains("s3"),
            "{json}: {refused}"
        );
    }
}

#[test]
fn a_stored_password_is_kept_for_the_same_name_and_server_alone() {
    let store = Store::new();
    let stored = store.kept(GATE, None).unwrap();
    for same in [
        r#"{"source": "rtsp://10.0.0.5/other", "username": "fw", "maxWidth": 640}"#,
        r#"{"source": "rtsp://10.0.0.5:554/a?b", "username": "fw"}"#,
    ] {
        let kept = store.kept(same, Some(&stored)).unwrap();
        let spec = store.spec(&kept).unwrap();
        assert_eq!(spec.login.unwrap().reveal(), "p@ss/w0rd", "{same}");
    }
    for other in [
        r#"{"source": "rtsp://10.0.0.6/a", "username": "fw"}"#,
        r#"{"source": "rtsp://10.0.0.5:555/a", "username": "fw"}"#,
        r#"{"source": "http://10.0.0.5:554/a", "username": "fw"}"#,
        r#"{"source": "rtsp://10.0.0.5/a", "username": "other"}"#,
        r#"{"source": "rtsp://10.0.0.5/a", "username": "fw", "fallbackSnapshot": "http://10.0.0.6/"}"#,
    ] {
        let refused = store.kept(other, Some(&stored)).unwrap_err();
        assert_eq!(refused, Refused::NoPassword, "{other}");
    }
}

#[test]
fn a_stored_password_that_was_moved_elsewhere_is_not_shown_there() {
    let store = Store::new();
    let stored = store.kept(GATE, None).unwrap();
    let moved = CameraSettings {
        source: "rtsp://10.6.6.6/a".to_owned(),
        ..stored.clone()
    };
    assert_eq!(store.spec(&moved).unwrap_err(), Refused::Undecryptable);
    let yard = "yard".parse().unwrap();
    let moved = stored_spec(&yard, &stored, &store.key, &store.networks);
    assert_eq!(moved.unwrap_err(), Refused::Undecryptable);
    let lost = CameraSettings {
        sealed_password: None,
        ..stored
    };
    assert_eq!(store.spec(&lost).unwrap_err(), Refused::Undecryptable);
}
