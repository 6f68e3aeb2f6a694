//! Cameras that stop, freeze and send garbage while everything goes wrong, and what must have been said of them: no alert
//! that is invented, each fires once and resolves once, and one is due where nothing kept the watch from seeing it.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use async_nats::{HeaderMap, jetstream};
use event_bus::{Bus, Folder, RuleScope, Stored};
use proto::v1::{Alert, Kind, Phase, Rule, Subject};
use tests::{View, picture};
use time::OffsetDateTime;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{cameras, pictures::period, site::Site};

/// How many cameras there are: the same number for each trouble.
const COUNT: usize = 6;

/// The limits in their rules, in seconds.
const LIMIT: f64 = 4.0;

/// A camera is in trouble for so long; an alert is due after its limit.
const TROUBLE: std::ops::Range<u64> = 2_000..12_000;

/// In between it works for so long.
const GOOD: std::ops::Range<u64> = 3_000..9_000;

/// In the end trouble lasts until its alerts are there, and all is well until they have ended.
const SAID_WITHIN: Duration = Duration::from_secs(60);

/// Between two frames, at least.
const PERIOD: Duration = Duration::from_millis(200);

/// Between sending and storing, and between deciding and storing, there is less.
const TOLERANCE: Duration = Duration::from_millis(1500);

/// A frame is tried again by another comparator after so long, and judged late.
const JUDGED_WITHIN: Duration = Duration::from_secs(40);

/// The watched cameras; each has its trouble.
pub(crate) struct Watched(Vec<JoinHandle<Camera>>);

struct Camera {
    folder: Folder,
    trouble: Kind,
    jetstream: jetstream::Context,
    frames: u32,
    /// When it was in trouble: not from its last good frame on, but from when that was the last.
    troubles: Vec<(SystemTime, SystemTime)>,
}

/// What watched cameras went through.
pub(crate) struct Troubles(Vec<Camera>);

fn trouble(number: usize) -> Kind {
    [Kind::Silent, Kind::Frozen, Kind::Unreadable][number % 3]
}

fn pace() -> Duration {
    PERIOD.max(period())
}

/// Whether it is the folder of a watched camera.
fn is_watched(folder: &Folder) -> bool {
    folder.as_str().starts_with("watched-")
}

/// To be called before anything goes wrong.
pub(crate) async fn start(
    site: &Site,
    random: &mut fastrand::Rng,
    stop: &CancellationToken,
) -> Watched {
    let bus = site.broker.bus().await;
    let (jetstream, http) = (cameras::connect(site).await, reqwest::Client::new());
    let mut tasks = Vec::new();
    for number in 0..COUNT {
        let folder: Folder = format!("watched-{number}").parse().unwrap();
        set_rule(&bus, &folder, true).await;
        let address = format!("http://{}/api/v1/folders/{folder}", site.web);
        let made = http.put(&address).send().await.unwrap();
        assert!(made.status().is_success(), "{}", made.status());
        let upload = http.post(format!("{address}/images"));
        let uploaded = upload.body(picture(View::Dock, 0)).send().await.unwrap();
        assert!(uploaded.status().is_success(), "{}", uploaded.status());
        let camera = Camera {
            folder,
            trouble: trouble(number),
            jetstream: jetstream.clone(),
            frames: 0,
            troubles: Vec::new(),
        };
        tasks.push(tokio::spawn(camera.run(random.fork(), stop.clone())));
    }
    Watched(tasks)
}

async fn set_rule(bus: &Bus, folder: &Folder, enabled: bool) {
    let rule = Rule {
        silent_seconds: Some(LIMIT),
        frozen_seconds: Some(LIMIT),
        enabled: Some(enabled),
        ..Rule::default()
    };
    let scope = RuleScope::Folder(folder.clone());
    bus.rules().set(&scope, &rule).await.unwrap();
}

impl Watched {
    /// To be called when there are no more faults: all get into trouble once more, until their alerts fire, and out of it, until
    /// they have ended.
    pub(crate) async fn finish(self, site: &Site) -> Troubles {
        let mut cameras = Vec::new();
        for task in self.0 {
            cameras.push(task.await.unwrap());
        }
        let bus = site.broker.bus().await;
        let works = tokio::spawn(all(cameras, false, bus.clone()));
        let fails = tokio::spawn(all(works.await.unwrap(), true, bus.clone()));
        let works = tokio::spawn(all(fails.await.unwrap(), false, bus.clone()));
        let cameras = works.await.unwrap();
        // From now on they send nothing, and that is nobody's concern.
        for camera in &cameras {
            set_rule(&bus, &camera.folder, false).await;
        }
        Troubles(cameras)
    }
}

/// Lets all cameras work, or fail, until their alerts say so.
async fn all(mut cameras: Vec<Camera>, fail: bool, bus: Bus) -> Vec<Camera> {
    let deadline = Instant::now() + SAID_WITHIN;
    let begun = Instant::now();
    let from = SystemTime::now();
    loop {
        for camera in &mut cameras {
            match fail {
                true => camera.fail().await,
                false => camera.work().await,
            }
        }
        // A picture must have varied for a while before one that stands still is told.
        let is_long = begun.elapsed() >= pace() * 20;
        if is_long && all_say(&bus, &cameras, fail).await || Instant::now() > deadline {
            break;
        }
        sleep(pace()).await;
    }
    if fail {
        for camera in &mut cameras {
            camera.troubles.push((from, SystemTime::now()));
        }
    }
    cameras
}

async fn all_say(bus: &Bus, cameras: &[Camera], fires: bool) -> bool {
    for camera in cameras {
        let subject = event_bus::AlertSubject::camera(&camera.folder);
        let last = bus.latest::<Alert>(&subject).await.ok().flatten();
        let is_firing = last.is_some_and(|last| last.event.phase() == Phase::Firing);
        if is_firing != fires {
            return false;
        }
    }
    true
}

impl Camera {
    async fn run(mut self, mut random: fastrand::Rng, stop: CancellationToken) -> Self {
        while !stop.is_cancelled() {
            self.last_for(random.u64(GOOD), false, &stop).await;
            let from = SystemTime::now();
            self.last_for(random.u64(TROUBLE), true, &stop).await;
            self.troubles.push((from, SystemTime::now()));
        }
        self
    }

    async fn last_for(&mut self, ms: u64, fails: bool, stop: &CancellationToken) {
        let end = Instant::now() + Duration::from_millis(ms);
        while Instant::now() < end && stop.run_until_cancelled(sleep(pace())).await.is_some() {
            match fails {
                true => self.fail().await,
                false => self.work().await,
            }
        }
    }

    async fn work(&mut self) {
        self.frames += 1;
        self.send(picture(View::Dock, self.frames)).await;
    }

    async fn fail(&mut self) {
        match self.trouble {
            Kind::Frozen => self.send(picture(View::Dock, self.frames)).await,
            Kind::Unreadable => self.send(b"<html>busy</html>".to_vec()).await,
            _ => {}
        }
    }

    /// One that the broker does not take is lost.
    async fn send(&self, picture: Vec<u8>) {
        let folder = self.folder.as_str();
        cameras::publish(&self.jetstream, folder, HeaderMap::new(), picture).await;
    }
}

impl Troubles {
    /// What was wrong in what was said of these cameras, and how many alerts there were. The other cameras send until
    /// `ended`, and are silent from then on.
    pub(crate) fn check(
        &self,
        alerts: &[Stored<Alert>],
        ended: OffsetDateTime,
    ) -> (usize, Vec<String>) {
        let of_cameras = |alert: &&Stored<Alert>| alert.key.subject == Subject::Camera;
        let of_cameras: Vec<_> = alerts.iter().filter(of_cameras).collect();
        let mut wrong = Vec::new();
        for alert in &of_cameras {
            if !is_watched(&alert.key.folder) && alert.stored_at < ended {
                wrong.push(format!(
                    "an alert of a camera that works: {:?}",
                    alert.event
                ));
            }
        }
        for camera in &self.0 {
            let own = of_cameras
                .iter()
                .filter(|it| it.key.folder == camera.folder);
            camera.check(own.copied(), &mut wrong);
        }
        let episodes = of_cameras.iter();
        let episodes = episodes.filter(|alert| alert.event.phase() == Phase::Firing);
        (episodes.count(), wrong)
    }
}

impl Camera {
    fn check<'a>(&self, alerts: impl Iterator<Item = &'a Stored<Alert>>, wrong: &mut Vec<String>) {
        let folder = &self.folder;
        let (mut ids, mut firing) = (HashSet::new(), None);
        let mut last_fired = None;
        for Stored {
            event, stored_at, ..
        } in alerts
        {
            match (event.phase(), firing.take()) {
                (Phase::Firing, None) => {
                    if !ids.insert(event.id.clone()) {
                        wrong.push(format!("{folder}: two episodes have the id {}", event.id));
                    }
                    if !self.is_true(event, *stored_at) {
                        wrong.push(format!("{folder}: invented: {event:?}"));
                    }
                    last_fired = Some(*stored_at);
                    firing = Some(event.id.clone());
                }
                (Phase::Resolved, Some(id)) if id == event.id => {}
                (phase, before) => wrong.push(format!(
                    "{folder}: {phase:?} of {} after {before:?} was firing",
                    event.id
                )),
            }
        }
        if let Some(id) = firing {
            wrong.push(format!("{folder}: {id} fires though the camera works"));
        }
        let (from, _) = self.troubles.last().expect("it has been in trouble");
        if last_fired < Some(OffsetDateTime::from(*from)) {
            wrong.push(format!(
                "{folder}: nothing was said in the end of its being {:?}",
                self.trouble
            ));
        }
    }

    /// Whether the camera was in this trouble, and had been for as long as its rule says.
    fn is_true(&self, alert: &Alert, at: OffsetDateTime) -> bool {
        let kind = alert.findings.first().map(|finding| finding.kind());
        let limit = Duration::from_secs_f64(LIMIT);
        let at = SystemTime::from(at);
        // What was sent in vain is silence as well.
        let said_within = match kind {
            Some(Kind::Silent) => TOLERANCE,
            Some(kind) if kind == self.trouble => JUDGED_WITHIN,
            _ => return false,
        };
        self.troubles.iter().any(|(from, to)| {
            at + TOLERANCE >= *from + limit - pace() * 2 && at <= *to + said_within
        })
    }
}
