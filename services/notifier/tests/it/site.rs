//! A nats-server, alerts on it, and notifiers.

use std::{net::SocketAddr, path::PathBuf};

use event_bus::{AlertSubject, Bus, BusConfig, Expected, Notice, NoticeChange, Role, SilenceKey};
use notifier::RoutesFile;
use proto::{
    timestamp,
    v1::{
        Acknowledgement, Alert, AlertMatcher, CameraState, Finding, Folder, Kind, Phase, Silence,
        Subject,
    },
};
use service_runtime::{Context, CpuPool, Failure, Readiness};
use tempfile::TempDir;
use test_support::{NatsServer, eventually};
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Site {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    directory: TempDir,
}

pub(crate) struct Running {
    shutdown: CancellationToken,
    readiness: Readiness,
    task: JoinHandle<Result<(), Failure>>,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let nats = NatsServer::start();
        let config = BusConfig::for_url(nats.url());
        let bus = Bus::connect(&config, "test", Role::Worker);
        Site {
            bus: bus.await.unwrap(),
            nats,
            directory: TempDir::new().unwrap(),
        }
    }

    /// Writes the file of routes.
    pub(crate) fn routes(&self, text: &str) -> PathBuf {
        let path = self.directory.path().join("notify.toml");
        let beside = self.directory.path().join("notify.toml.new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &path).unwrap();
        path
    }

    /// Starts a notifier, and waits until it is ready.
    pub(crate) async fn start(&self, text: &str) -> Running {
        let file = RoutesFile::new(self.routes(text));
        let routes = file.read().unwrap();
        let config = BusConfig::for_url(self.nats.url());
        let bus = Bus::connect(&config, "framewatch-notifier", Role::Teller);
        let bus = bus.await.unwrap();
        let (shutdown, readiness) = (CancellationToken::new(), Readiness::default());
        let context = Context {
            shutdown: shutdown.clone(),
            readiness: readiness.clone(),
            cpu: CpuPool::default(),
            ops_address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let task = tokio::spawn(notifier::run(file, routes, bus, context));
        eventually("the notifier is ready", async || {
            readiness.missing().is_empty().then_some(())
        })
        .await;
        Running {
            shutdown,
            readiness,
            task,
        }
    }

    /// An alert of a folder fires; its id is the folder's name and a number.
    pub(crate) async fn fire(&self, subject: &AlertSubject, number: u32, kind: Kind) -> Alert {
        let alert = Alert {
            id: format!("{}-{}-{number}", subject.folder, subject.subject.word()),
            folder: subject.folder.to_string(),
            subject: subject.subject.into(),
            phase: Phase::Firing.into(),
            findings: vec![Finding::certain(kind, "")],
            message: format!("{} is not in order", subject.folder),
            fired_at: Some(timestamp(OffsetDateTime::now_utc())),
            ..Alert::default()
        };
        self.publish(subject, &alert).await;
        alert
    }

    /// It is over.
    pub(crate) async fn resolve(&self, alert: &Alert) {
        let folder = alert.folder.parse().unwrap();
        let subject = match alert.subject() {
            Subject::Camera => AlertSubject::camera(&folder),
            _ => AlertSubject::view(&folder),
        };
        let ended = Alert {
            phase: Phase::Resolved.into(),
            message: format!("{folder} is in order again"),
            resolved_at: Some(timestamp(OffsetDateTime::now_utc())),
            ..alert.clone()
        };
        self.publish(&subject, &ended).await;
    }

    async fn publish(&self, subject: &AlertSubject, alert: &Alert) {
        // The server may just be back.
        eventually("the alert is published", async || {
            let last = self.bus.last::<Alert>(subject).await.ok()?;
            self.bus
                .publish_alert(subject, alert, last.expected)
                .await
                .ok()
        })
        .await;
    }

    /// Fires the alert of a folder's view, which is covered.
    pub(crate) async fn fire_view(&self, folder: &str) -> Alert {
        let subject = AlertSubject::view(&folder.parse().unwrap());
        self.fire(&subject, 1, Kind::Covered).await
    }

    pub(crate) async fn describe(&self, folder: &str, site: &str) {
        let details = Folder {
            site: site.to_owned(),
            ..Folder::default()
        };
        let key = event_bus::FolderKey::Folder(folder.parse().unwrap());
        self.bus.folders().set(&key, &details).await.unwrap();
    }

    /// A folder at a site that has a camera.
    pub(crate) async fn has_camera(&self, folder: &str, site: &str) {
        self.describe(folder, site).await;
        let state = CameraState {
            folder: folder.to_owned(),
            ..CameraState::default()
        };
        let folder = folder.parse().unwrap();
        let published = self.bus.publish_camera_state(&folder, &state, Expected(0));
        published.await.unwrap();
    }

    pub(crate) async fn acknowledge(&self, alert: &Alert) {
        let acknowledgement = Acknowledgement {
            alert_id: alert.id.clone(),
            folder: alert.folder.clone(),
            name: "Jo".to_owned(),
            ..Acknowledgement::default()
        };
        let key = alert.id.parse().unwrap();
        self.bus
            .acknowledgements()
            .set(&key, &acknowledgement)
            .await
            .unwrap();
    }

    /// Silences the folders of this pattern in these hours alone.
    pub(crate) async fn silence_in(&self, folders: &str, hours: &str) {
        let now = OffsetDateTime::now_utc();
        let silence = Silence {
            id: "weekly".to_owned(),
            matcher: Some(AlertMatcher {
                folders: vec![folders.to_owned()],
                ..AlertMatcher::default()
            }),
            starts_at: Some(timestamp(now - time::Duration::HOUR)),
            recurs_until: Some(timestamp(now + time::Duration::days(30))),
            hours: hours.to_owned(),
            reason: "maintenance".to_owned(),
            name: "Jo".to_owned(),
            ..Silence::default()
        };
        silence.check().unwrap();
        let key: SilenceKey = "weekly".parse().unwrap();
        self.bus.silences().set(&key, &silence).await.unwrap();
    }

    /// Silences the folders of this pattern until the silence is taken back.
    pub(crate) async fn silence(&self, folders: &str) -> SilenceKey {
        let now = OffsetDateTime::now_utc();
        let silence = Silence {
            id: "a".to_owned(),
            matcher: Some(AlertMatcher {
                folders: vec![folders.to_owned()],
                ..AlertMatcher::default()
            }),
            starts_at: Some(timestamp(now - time::Duration::HOUR)),
            ends_at: Some(timestamp(now + time::Duration::HOUR)),
            reason: "a new switch".to_owned(),
            name: "Jo".to_owned(),
            created_at: Some(timestamp(now)),
            ..Silence::default()
        };
        silence.check().unwrap();
        let key: SilenceKey = "a".parse().unwrap();
        self.bus.silences().set(&key, &silence).await.unwrap();
        key
    }

    /// What the receiver `ops` was told of this alert, as soon as `holds` is true of it.
    pub(crate) async fn notice_where(
        &self,
        alert: &Alert,
        holds: impl Fn(&Notice) -> bool,
    ) -> Notice {
        let key = format!("{}=ops", alert.id).parse().unwrap();
        eventually("the notice says so", async || {
            let last = self.bus.last::<NoticeChange>(&key).await.unwrap();
            last.event?.event.value.filter(|notice| holds(notice))
        })
        .await
    }

    /// Whether nothing says that the receiver `ops` was told of it.
    pub(crate) async fn is_untold(&self, alert: &Alert) -> bool {
        let key = format!("{}=ops", alert.id).parse().unwrap();
        let last = self.bus.last::<NoticeChange>(&key).await.unwrap();
        last.expected == Expected(0)
    }
}

impl Running {
    pub(crate) fn is_ready(&self) -> bool {
        self.readiness.missing().is_empty()
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(service_runtime::GRACE, self.task).await;
        ended.unwrap().unwrap().unwrap();
    }
}

/// The file with one receiver, and a route to it that has these settings.
pub(crate) fn to(url: &str, settings: &str) -> String {
    format!(
        "[receiver.ops]\ntype = \"webhook\"\nurl = \"{url}\"\n[[route]]\nto = [\"ops\"]\n{settings}\n"
    )
}
