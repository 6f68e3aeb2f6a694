//! What is measured together, and how.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use fingerprint::Limits;
use looks::{ModelConfig, Viewer};
use proto::Measure;

use crate::{
    load::Cameras,
    observed::{Latencies, Observer, passed_over},
    pictures::{Pictures, Size},
    rig::{CpuTimes, Rig},
};

/// What is measured together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) size: Size,
    pub(crate) by: Measure,
    /// Whether verdicts are carried on to frames that show nothing new.
    pub(crate) cascade: bool,
    pub(crate) folders: usize,
    pub(crate) comparators: usize,
}

/// The result of a scenario.
pub(crate) struct Measured {
    pub(crate) scenario: Scenario,
    /// Frames a second from the camera to Redis.
    pub(crate) sustained: f64,
    /// Cores that each part kept busy meanwhile.
    pub(crate) cores: BTreeMap<&'static str, f64>,
    /// How far Redis was behind at the end.
    pub(crate) redis_lag: Duration,
    /// By percent of the sustained rate.
    pub(crate) latencies: BTreeMap<u32, Latencies>,
    /// Frames that comparators skipped while latencies were measured.
    pub(crate) passed_over: u64,
    /// From its start until a comparator with all references could work.
    pub(crate) start: Duration,
    /// Resident megabytes of a comparator: with the references, before any frame; and at most.
    pub(crate) idle_megabytes: f64,
    pub(crate) most_megabytes: f64,
    pub(crate) nats_megabytes: f64,
}

const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(8);

/// Percent of the sustained rate at which latencies are measured.
pub(crate) const LOADS: [u32; 3] = [25, 50, 80];

/// Alerts that fire or resolve, a second; fewer where that were more than one of so many frames.
const CHANGES: f64 = 20.0;
const MOST_OFTEN: f64 = 10.0;

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {} folders, {} comparators, by {}",
            self.size,
            self.folders,
            self.comparators,
            self.way()
        )
    }
}

impl Scenario {
    /// The measure, and whether each frame goes through the network.
    pub(crate) fn way(&self) -> &'static str {
        match (self.by, self.cascade) {
            (Measure::View, true) => "view, carried on",
            (by, _) => by.word().unwrap_or_default(),
        }
    }

    pub(crate) async fn measure(self, pictures: &Pictures) -> Measured {
        let mut rig = Rig::start(self.by, self.cascade).await;
        rig.upload_references(self.folders, &pictures.reference)
            .await;
        rig.end_upload();
        let start = rig.add_comparator().await;
        let (_, idle_megabytes) = rig.comparator_megabytes();
        for _ in 1..self.comparators {
            rig.add_comparator().await;
        }
        rig.add_sink().await;

        let cameras = Cameras::connect(rig.nats.url()).await;
        let mut times = Vec::new();
        let at_each_end = || times.push((Instant::now(), rig.cpu_times()));
        let sustained = cameras
            .sustained(self.folders, pictures, WARM_UP, MEASURED, at_each_end)
            .await;
        let redis_lag = rig.all_in_redis().await;

        let before = passed_over(&rig).await;
        let mut latencies = BTreeMap::new();
        for percent in LOADS {
            let rate = sustained * f64::from(percent) / 100.0;
            let observer = Observer::start(&rig, None).await;
            let changes = CHANGES.min(rate / MOST_OFTEN);
            cameras
                .steady(self.folders, pictures, rate, changes, MEASURED)
                .await;
            latencies.insert(percent, observer.finish().await);
        }
        let (most_megabytes, _) = rig.comparator_megabytes();
        Measured {
            scenario: self,
            sustained,
            cores: cores(&times[0], &times[1]),
            redis_lag,
            latencies,
            passed_over: passed_over(&rig).await - before,
            start,
            idle_megabytes,
            most_megabytes,
            nats_megabytes: rig.nats_megabytes(),
        }
    }
}

/// How a folder that floods affects the others.
pub(crate) struct Flooded {
    /// Frames a second of all other folders together.
    pub(crate) rate: f64,
    /// How long frames of the other folders took from publishing to the comparison, in milliseconds: without the flood,
    /// and with it.
    pub(crate) without: Vec<f64>,
    pub(crate) with: Vec<f64>,
    /// Resident megabytes of the comparator at most, by then.
    pub(crate) megabytes: (f64, f64),
}

/// Measures a hundred cameras at this rate together, first by themselves, then beside one that floods its folder.
pub(crate) async fn flood(pictures: &Pictures, rate: f64) -> Flooded {
    const OTHERS: usize = 100;
    let mut rig = Rig::start(Measure::Phash, true).await;
    rig.upload_references(OTHERS + 1, &pictures.reference).await;
    rig.end_upload();
    rig.add_comparator().await;
    rig.add_sink().await;
    let cameras = Cameras::connect(rig.nats.url()).await;
    let flooding = Cameras::connect(rig.nats.url()).await;

    let watched = async || {
        let observer = Observer::start(&rig, Some(OTHERS)).await;
        cameras
            .steady(OTHERS, pictures, rate, CHANGES, MEASURED)
            .await;
        (
            observer.finish().await.comparisons,
            rig.comparator_megabytes().0,
        )
    };
    let (without, before) = watched().await;
    let (with, after) = tokio::select! {
        () = flooding.flood(OTHERS, pictures) => unreachable!("it floods without end"),
        watched = watched() => watched,
    };
    Flooded {
        rate,
        without,
        with,
        megabytes: (before, after),
    }
}

/// Cores that each part kept busy between two moments.
pub(crate) fn cores(
    (begun, before): &(Instant, CpuTimes),
    (ended, after): &(Instant, CpuTimes),
) -> BTreeMap<&'static str, f64> {
    let seconds = (*ended - *begun).as_secs_f64();
    let used = |(part, time): (&&'static str, &f64)| (*part, (time - before[part]) / seconds);
    after.iter().map(used).collect()
}

/// For how many frames a second one core makes a look for this measure while it does nothing else; `None` where it
/// cannot.
pub(crate) fn looks_a_second(pictures: &Pictures, by: Measure) -> Option<f64> {
    let model = ModelConfig::default().load().unwrap();
    if by == Measure::View && model.is_none() {
        return None;
    }
    let mut viewer = Viewer::new(Limits::default(), model);
    let (begun, mut made) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(2) {
        for frame in &pictures.same {
            viewer.look(frame, by).unwrap();
            made += 1;
        }
    }
    Some(f64::from(made) / begun.elapsed().as_secs_f64())
}
