//! A real Alertmanager of Prometheus.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::http::StatusCode;
use receivers::{Occasion, Outcome, Receiver};
use serde_json::Value;
use tempfile::TempDir;
use test_support::eventually;
use time::OffsetDateTime;

use crate::{
    folder,
    hook::Hook,
    messages::{again, firing, group, resolved},
    receiver,
};

struct Alertmanager {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Alertmanager {
    /// Passes on to `hook` what it is sent. `None` with a message where there is no Alertmanager.
    async fn start(hook: &Hook) -> Option<Self> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = folder();
        let config = folder.path().join("alertmanager.yml");
        let text = format!(
            "route: {{ receiver: hook, group_by: [folder], group_wait: 10ms, group_interval: 10ms }}\n\
             receivers: [{{ name: hook, webhook_configs: [{{ url: '{}' }}] }}]\n",
            hook.url("/alerts")
        );
        std::fs::write(&config, text).unwrap();
        let address = format!("127.0.0.1:{}", local_servers::free_port().unwrap());
        let program = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = program else {
            eprintln!(
                "skipped: no prometheus-alertmanager; scripts/get-tools.sh receivers gets it"
            );
            return None;
        };
        let manager = Alertmanager {
            child,
            url: format!("http://{address}"),
            _folder: folder,
        };
        eventually("Alertmanager is ready", async || {
            let ready = reqwest::get(format!("{}/-/ready", manager.url)).await;
            ready.ok().filter(|ready| ready.status().is_success())
        })
        .await;
        Some(manager)
    }

    fn receiver(&self) -> Receiver {
        receiver(
            &folder(),
            &format!("type = \"alertmanager\"\nurl = \"{}/\"", self.url),
        )
    }

    async fn alerts(&self) -> Vec<Value> {
        let alerts = reqwest::get(format!("{}/api/v2/alerts", self.url))
            .await
            .unwrap();
        alerts.json().await.unwrap()
    }
}

#[tokio::test]
async fn an_alert_fires_and_resolves_there() {
    let hook = Hook::start().await;
    let Some(manager) = Alertmanager::start(&hook).await else {
        return;
    };
    let ops = manager.receiver();
    assert_eq!(ops.repeats_every(), Some(Duration::from_secs(60)));
    assert_eq!(ops.send(&firing(), None).await, Outcome::Delivered(None));
    // Once more, as each minute, which changes nothing.
    assert_eq!(ops.send(&firing(), None).await, Outcome::Delivered(None));
    let passed_on = async |status: &str| {
        eventually("Alertmanager passes it on", async || {
            let requests = hook.requests();
            let mut told = requests.iter().map(|request| request.json());
            told.find(|json| json["alerts"][0]["status"] == status)
        })
        .await
    };
    let told = passed_on("firing").await;
    let alert = &told["alerts"][0];
    let labels = serde_json::json!({
        "alertname": "FramewatchView", "folder": "dock", "kind": "covered", "site": "hamburg",
    });
    assert_eq!(alert["labels"], labels);
    assert_eq!(
        alert["annotations"]["summary"],
        "Loading dock, hamburg: covered"
    );
    assert_eq!(
        alert["annotations"]["description"],
        "dock is <covered> & dark"
    );
    assert_eq!(alert["annotations"]["alert_id"], "dock-1");
    assert_eq!(alert["startsAt"], "2020-11-29T09:51:07Z");
    let page = "https://framewatch.example.org/alerts/1?a=1&b=2";
    assert_eq!(alert["generatorURL"], page);
    let held = manager.alerts().await;
    assert_eq!(held.len(), 1);
    let until = held[0]["endsAt"].as_str().unwrap();
    let rfc3339 = &time::format_description::well_known::Rfc3339;
    let until = OffsetDateTime::parse(until, rfc3339).unwrap() - OffsetDateTime::now_utc();
    assert!(
        (180..=240).contains(&until.whole_seconds()),
        "held for {until}"
    );

    assert_eq!(ops.send(&resolved(), None).await, Outcome::Delivered(None));
    let told = passed_on("resolved").await;
    assert_eq!(told["alerts"][0]["endsAt"], "2020-11-29T09:55:07Z");
    eventually("it is no more", async || {
        manager.alerts().await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_group_goes_as_its_alerts_and_a_test_as_one_of_its_own() {
    let hook = Hook::start().await;
    let Some(manager) = Alertmanager::start(&hook).await else {
        return;
    };
    let ops = manager.receiver();
    assert_eq!(ops.send(&group(500), None).await, Outcome::Delivered(None));
    assert_eq!(manager.alerts().await.len(), 500);
    let mut test = firing();
    (test.occasion, test.told) = (Occasion::Test, Vec::new());
    assert_eq!(ops.send(&test, None).await, Outcome::Delivered(None));
    let alerts = manager.alerts().await;
    assert!(
        alerts
            .iter()
            .any(|alert| alert["labels"]["alertname"] == "FramewatchTest")
    );
}

#[tokio::test]
async fn its_api_is_asked_below_its_address() {
    let hook = Hook::start().await;
    let settings = format!("type = \"alertmanager\"\nurl = {:?}", hook.url("/am/"));
    let ops = receiver(&folder(), &settings);
    hook.answer(StatusCode::SERVICE_UNAVAILABLE);
    again(ops.send(&firing(), None).await);
    assert_eq!(hook.last().path, "/am/api/v2/alerts");
}
