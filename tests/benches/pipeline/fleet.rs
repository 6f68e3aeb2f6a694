//! Ten thousand cameras for a while, with people who look: what memory and disk become of it, and how long things take.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use proto::Measure;
use reqwest::Client;
use tokio::{io::AsyncReadExt, task::JoinSet, time::interval};

use crate::{
    load::Cameras,
    observed::{Latencies, Observer, passed_over},
    pictures::Pictures,
    rig::{Rig, folder},
    scenario::cores,
};

pub(crate) const FOLDERS: usize = 10_000;

/// Each folder has a frame so often, in seconds.
pub(crate) const EVERY: usize = 20;

/// Alerts that fire or resolve, a second.
pub(crate) const CHANGES: f64 = 5.0;

/// How many viewers the overview has, and how many a folder's page has.
pub(crate) const OF_THE_OVERVIEW: usize = 15;
pub(crate) const OF_A_FOLDER: usize = 5;

/// Cards that a screen shows.
const SEEN: usize = 24;

/// How often somebody opens the overview.
const OPENED_EVERY: Duration = Duration::from_secs(5);

/// How often memory and disk are looked at.
pub(crate) const LOOKED_AT_EVERY: Duration = Duration::from_secs(60);

/// What the parts took at one moment.
pub(crate) struct Moment {
    /// Resident megabytes of each part, at most so far and then.
    pub(crate) megabytes: BTreeMap<&'static str, (f64, f64)>,
    /// Megabytes on the disk, of nats-server and of redis-server.
    pub(crate) on_disk: [f64; 2],
}

/// The result.
pub(crate) struct Fleet {
    /// With all references and no frame, and then every minute.
    pub(crate) moments: Vec<Moment>,
    /// Cores that each part kept busy.
    pub(crate) cores: BTreeMap<&'static str, f64>,
    pub(crate) latencies: Latencies,
    /// Until the overview was there, in milliseconds.
    pub(crate) opened: Vec<f64>,
    /// What a viewer was sent, in bytes a second.
    pub(crate) bytes_a_second: f64,
    pub(crate) passed_over: u64,
    /// From the start of a comparator until it had all references.
    pub(crate) start: Duration,
}

pub(crate) async fn measure(pictures: &Pictures, how_long: Duration) -> Fleet {
    let rate = FOLDERS as f64 / EVERY as f64;
    let mut rig = Rig::start_with_room(Measure::Phash, true, Some(room(pictures))).await;
    rig.upload_references(FOLDERS, &pictures.reference).await;
    let start = rig.add_comparator().await;
    rig.add_sink().await;
    let cameras = Cameras::connect(rig.nats.url()).await;
    let mut people = People::come(&rig.web()).await;
    let observer = Observer::start(&rig, None).await;
    let passed_before = passed_over(&rig).await;
    let begun = (Instant::now(), rig.cpu_times());

    let web = rig.web();
    let mut moments = vec![moment(&rig)];
    let mut opened = Vec::new();
    tokio::select! {
        _sent = cameras.steady(FOLDERS, pictures, rate, CHANGES, how_long) => {}
        () = look_at(&rig, &mut moments) => {}
        () = open(&web, &mut opened) => {}
        () = people.stay() => {}
    }

    // Whether the last minute's end was seen as well is a matter of milliseconds.
    moments.truncate((how_long.as_secs() / LOOKED_AT_EVERY.as_secs()) as usize);
    moments.push(moment(&rig));
    let ended = (Instant::now(), rig.cpu_times());
    let seconds = (ended.0 - begun.0).as_secs_f64();
    Fleet {
        bytes_a_second: people.leave() as f64 / (OF_THE_OVERVIEW + OF_A_FOLDER) as f64 / seconds,
        latencies: observer.finish().await,
        passed_over: passed_over(&rig).await - passed_before,
        moments,
        cores: cores(&begun, &ended),
        opened,
        start,
    }
}

/// Megabytes for the last frames that docs/deployment.md reckons with.
fn room(pictures: &Pictures) -> usize {
    FOLDERS * pictures.bytes() * 4 / 1_000_000
}

fn moment(rig: &Rig) -> Moment {
    Moment {
        megabytes: rig.megabytes(),
        on_disk: rig.megabytes_on_disk(),
    }
}

/// Looks every minute, without end.
async fn look_at(rig: &Rig, moments: &mut Vec<Moment>) {
    let mut turns = interval(LOOKED_AT_EVERY);
    turns.tick().await;
    loop {
        turns.tick().await;
        moments.push(moment(rig));
    }
}

/// Opens the overview again and again, without end.
async fn open(web: &str, opened: &mut Vec<f64>) {
    let client = Client::new();
    let mut turns = interval(OPENED_EVERY);
    loop {
        turns.tick().await;
        let begun = Instant::now();
        let answer = client.get(web).send().await.unwrap();
        let page = answer.error_for_status().unwrap().bytes().await.unwrap();
        assert!(!page.is_empty(), "the overview is a page");
        opened.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
}

/// People who look at pages.
struct People {
    got: Arc<AtomicU64>,
    reading: JoinSet<()>,
}

impl People {
    async fn come(web: &str) -> Self {
        let web = web.strip_prefix("http://").unwrap();
        let got = Arc::new(AtomicU64::new(0));
        let mut reading = JoinSet::new();
        for path in pages() {
            let mut stream = crate::viewers::follow(web, &path).await;
            let got = Arc::clone(&got);
            reading.spawn(async move {
                let mut buffer = vec![0; 65_536];
                loop {
                    let read = stream.read(&mut buffer).await.unwrap();
                    assert!(read > 0, "the service ended a stream");
                    got.fetch_add(read as u64, Ordering::Relaxed);
                }
            });
        }
        People { got, reading }
    }

    /// Without end: that a stream ends is a failure.
    async fn stay(&mut self) {
        let left = self.reading.join_next().await;
        left.expect("people have come").expect("a stream goes on");
    }

    /// How many bytes all of them were sent.
    fn leave(self) -> u64 {
        self.got.load(Ordering::Relaxed)
    }
}

/// The streams that pages follow: each of the overview sees other cards.
fn pages() -> Vec<String> {
    let overviews = (0..OF_THE_OVERVIEW).map(|viewer| {
        let cards: Vec<_> = (viewer * SEEN..(viewer + 1) * SEEN).map(folder).collect();
        format!("/folders/glances?folders={}", cards.join(","))
    });
    let folders = (0..OF_A_FOLDER).map(|number| format!("/folder/{}/live", folder(number)));
    overviews.chain(folders).collect()
}
