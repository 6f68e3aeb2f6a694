//! Cameras that are set by API and on the page.

use std::num::NonZero;

use camera_settings::{CameraKey, Config as CamerasConfig, Networks, stored_spec};
use event_bus::CameraSettings;
use proto::v1::{SetBy, Source, SourceState};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{NatsServer, eventually};
use upload::{Config, QuotaConfig};

use crate::{
    folders::send_frame,
    service::{Service, folder, problem},
};

const CAMERA: &str = "/api/v1/folders/folder1/camera";
const PASSWORD: &str = "p@ss/w0rd";
const GATE: &str = r#"{"source": "rtsp://10.0.0.5/a", "username": "fw", "password": "p@ss/w0rd", "everySeconds": 0.5}"#;

struct Site {
    nats: NatsServer,
    service: Service,
    files: TempDir,
}

impl Site {
    async fn start() -> Self {
        Self::start_with(QuotaConfig::default()).await
    }

    async fn start_with(quotas: QuotaConfig) -> Self {
        let (nats, files) = (NatsServer::start(), TempDir::new().unwrap());
        let path = files.path().join("camera.key");
        CameraKey::read_or_make(&path).unwrap();
        let config = Config {
            cameras: CamerasConfig {
                camera_key_file: Some(path),
                ..CamerasConfig::default()
            },
            quotas,
            ..Config::default()
        };
        Site {
            service: Service::start_with(&nats, config).await,
            nats,
            files,
        }
    }

    fn key(&self) -> CameraKey {
        CameraKey::read(&self.files.path().join("camera.key")).unwrap()
    }

    async fn stored(&self) -> Option<CameraSettings> {
        let bucket = self.service.bus.camera_settings();
        bucket.get(&folder("folder1")).await.unwrap()
    }

    /// What the camera service would connect to.
    async fn password(&self) -> Option<String> {
        let stored = self.stored().await?;
        let networks = Networks::or_private(&[]);
        let spec = stored_spec(&folder("folder1"), &stored, &self.key(), &networks).unwrap();
        spec.login.map(|login| login.reveal().to_owned())
    }

    async fn put(&self, body: &'static str) -> Value {
        let response = self.service.put(CAMERA, body).await;
        assert_eq!(response.status(), 200, "{body}");
        response.json().await.unwrap()
    }

    async fn send_form(&self, fields: &[(&str, &str)]) -> reqwest::Response {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let request = self.service.request(Method::POST, "/folder/folder1/camera");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_camera_is_set_told_and_removed_and_no_answer_has_its_password() {
    let site = Site::start().await;
    assert_eq!(site.service.json(CAMERA).await, json!({}));
    let answer = site.put(GATE).await;
    let set = json!({"camera": {"source": "rtsp://10.0.0.5/a", "username": "fw", "hasPassword": true, "everySeconds": 0.5}});
    assert_eq!(answer, set);
    assert_eq!(site.service.json(CAMERA).await, set);
    assert_eq!(site.password().await.as_deref(), Some(PASSWORD));
    let page = site
        .service
        .get("/folder/folder1")
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("rtsp://10.0.0.5/a") && page.contains("One is stored."));
    let stored = site.stored().await.unwrap();
    let sealed = stored.sealed_password.clone().unwrap();
    assert!(!page.contains(PASSWORD) && !page.contains(&sealed));
    assert!(!serde_json::to_string(&stored).unwrap().contains("w0rd"));

    assert_eq!(site.service.delete(CAMERA).await.status(), 204);
    assert_eq!(site.service.delete(CAMERA).await.status(), 204);
    assert_eq!(site.stored().await, None);
    assert_eq!(site.service.json(CAMERA).await, json!({}));
}

#[tokio::test]
async fn where_there_may_be_no_further_folder_no_camera_is_stored_for_one() {
    let quotas = QuotaConfig {
        max_folders: NonZero::new(6).unwrap(),
        ..QuotaConfig::default()
    };
    let site = Site::start_with(quotas).await;
    send_frame(&site.service, "gate").await;
    eventually("the folder is known", async || {
        let known = site.service.get("/api/v1/folders/gate").await;
        (known.status() == 200).then_some(())
    })
    .await;
    let asked = r#"{"source": "http://10.0.0.5/shot.jpg"}"#;
    let refused = site.service.put("/api/v1/folders/gate/camera", asked).await;
    assert_eq!(refused.status(), 507);
    let stored = site.service.bus.camera_settings();
    assert!(stored.get(&folder("gate")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_password_stays_for_the_same_name_and_address_alone() {
    let site = Site::start().await;
    site.put(GATE).await;
    site.put(r#"{"source": "rtsp://10.0.0.5/b", "username": "fw"}"#)
        .await;
    assert_eq!(site.password().await.as_deref(), Some(PASSWORD));
    let elsewhere = r#"{"source": "rtsp://10.0.0.6/b", "username": "fw"}"#;
    for path in [CAMERA.to_owned(), format!("{CAMERA}/test")] {
        let method = if path == CAMERA {
            Method::PUT
        } else {
            Method::POST
        };
        let request = site.service.request(method, &path).body(elsewhere);
        let detail = problem(request.send().await.unwrap(), 422, "invalid-camera").await;
        assert!(detail.contains("it needs password"), "{detail}");
    }
    assert_eq!(site.stored().await.unwrap().source, "rtsp://10.0.0.5/b");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name_and_secrets_are_not_repeated() {
    let site = Site::start().await;
    for (body, said) in [
        (r#"{"source": "ffmpeg:s3cret"}"#, "ffmpeg: is not for"),
        (
            r#"{"source": "rtsp://a:s3cret@10.0.0.5/"}"#,
            "no user and no password",
        ),
        (r#"{"source": "rtsp://127.0.0.1/"}"#, "--camera-addresses"),
        (
            r#"{"source": "http://169.254.169.254/x"}"#,
            "--camera-addresses",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "passwordFile": "/etc/passwd"}"#,
            "passwordFile",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "everySeconds": "s3cret"}"#,
            "everySeconds",
        ),
        (
            r#"{"source": "rtsp://10.0.0.5/", "maxWidth": 1}"#,
            "maxWidth",
        ),
        ("{}", "source"),
        ("[]", "list"),
    ] {
        let detail = problem(site.service.put(CAMERA, body).await, 422, "invalid-camera").await;
        assert!(detail.contains(said), "{body}: {detail}");
        assert!(
            said == "everySeconds" || !detail.contains("s3cret"),
            "{body}: {detail}"
        );
    }
    assert_eq!(site.stored().await, None);
    problem(
        site.service
            .put("/api/v1/folders/nosuch/camera", GATE)
            .await,
        404,
        "unknown-folder",
    )
    .await;
}

#[tokio::test]
async fn the_form_of_the_page_sets_it_and_removes_it() {
    let site = Site::start().await;
    let fields = [
        ("source", " http://10.0.0.5/snap.jpg "),
        ("username", "fw"),
        ("password", PASSWORD),
        ("everySeconds", "5"),
        ("maxWidth", ""),
        ("fallbackSnapshot", ""),
        ("pinnedCertificate", ""),
        ("watchFrozen", "true"),
    ];
    let response = site.send_form(&fields).await;
    assert_eq!(response.status(), 303);
    assert_eq!(
        response.headers()["location"],
        "/folder/folder1?saved=camera#camera"
    );
    let stored = site.stored().await.unwrap();
    assert_eq!(
        (stored.every_seconds, stored.watch_frozen),
        (Some(5.0), None)
    );
    assert_eq!(site.password().await.as_deref(), Some(PASSWORD));
    // The box is not ticked, and the password stays.
    let response = site.send_form(&[fields[0], fields[1]]).await;
    assert_eq!(response.status(), 303);
    assert_eq!(site.stored().await.unwrap().watch_frozen, Some(false));
    assert_eq!(site.password().await.as_deref(), Some(PASSWORD));
    let remove = site
        .service
        .request(Method::POST, "/folder/folder1/camera/remove");
    assert_eq!(remove.send().await.unwrap().status(), 303);
    assert_eq!(site.stored().await, None);
}

#[tokio::test]
async fn a_camera_goes_with_its_folder_and_nowhere_else() {
    let site = Site::start().await;
    site.put(GATE).await;
    assert_eq!(
        site.service
            .delete("/api/v1/folders/folder2")
            .await
            .status(),
        204
    );
    assert!(site.stored().await.is_some());
    assert_eq!(
        site.service
            .delete("/api/v1/folders/folder1")
            .await
            .status(),
        204
    );
    assert_eq!(site.stored().await, None);
}

#[tokio::test]
async fn where_the_file_has_the_folder_that_is_said() {
    let site = Site::start().await;
    site.put(GATE).await;
    let source = Source {
        folder: "folder1".to_owned(),
        camera: "north".to_owned(),
        state: SourceState::Online.into(),
        set_by: SetBy::FileBeforeApi.into(),
        ..Source::default()
    };
    let bus = &site.service.bus;
    bus.publish_source(&folder("folder1"), &source)
        .await
        .unwrap();
    let answer = site.service.json(CAMERA).await;
    assert_eq!(answer["source"]["setBy"], "SET_BY_FILE_BEFORE_API");
    let page = site
        .service
        .get("/folder/folder1")
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("That one holds, and not the one that is set here."));
}

#[tokio::test]
async fn without_a_key_or_a_camera_service_that_is_said() {
    let site = Site::start().await;
    let test = site
        .service
        .request(Method::POST, &format!("{CAMERA}/test"))
        .body(GATE);
    let detail = problem(test.send().await.unwrap(), 503, "unavailable").await;
    assert!(detail.contains("framewatch-camera"), "{detail}");
    let keyless = Service::start(&site.nats).await;
    let detail = problem(keyless.put(CAMERA, GATE).await, 409, "no-camera-key").await;
    assert!(detail.contains("--camera-key-file"), "{detail}");
    let page = keyless.get("/folder/folder1").await.text().await.unwrap();
    assert!(page.contains("Cameras cannot be set here"));
}
