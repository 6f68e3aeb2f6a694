//! Cameras that send a frame every few seconds, by `view`, once comparators have learned how their frames usually differ:
//! how many frames the network need not look at, and whether two cores keep up.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, Instant},
};

use proto::Measure;

use crate::{
    load::Cameras,
    observed::{Latencies, Observer},
    pictures::Pictures,
    report::percentiles,
    rig::Rig,
    scenario::cores,
};

const FOLDERS: usize = 500;

/// A folder has a frame so often, in seconds.
const EVERY: [usize; 2] = [2, 4];

/// Alerts that fire or resolve, a second; the table says so in words.
const CHANGES: f64 = 1.0;

/// How long frames come before anything is measured. A folder's first twelve go through the network, which takes two cores
/// minutes for all.
const LEARNING: Duration = Duration::from_mins(4);

struct Measured {
    every: usize,
    sent: usize,
    latencies: Latencies,
    cores: BTreeMap<&'static str, f64>,
    comparator_megabytes: f64,
}

/// Measures for so long each; gives a table.
pub(crate) async fn measure(pictures: &Pictures, how_long: Duration) -> String {
    let mut page = format!(
        "{FOLDERS} folders by `view`, frames of 1080p ({} KB), each row for {} s, after {} s in which it is learned what is usual.\n\
         Once a second an alert fires or resolves. Milliseconds from publishing: p50 / p95 / p99.\n\n\
         | a frame each | frames a second | carried on | not compared | comparison | alert on NATS | alert in Redis | cores: comparator \
         | nats-server | cameras | comparator MB at most |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        pictures.bytes() / 1000,
        how_long.as_secs(),
        LEARNING.as_secs(),
    );
    for every in EVERY {
        let measured = of(pictures, every, how_long).await;
        measured.write_to(&mut page, how_long);
    }
    page
}

async fn of(pictures: &Pictures, every: usize, how_long: Duration) -> Measured {
    let room = FOLDERS * pictures.bytes() * 4 / 1_000_000;
    let mut rig = Rig::start_with_room(Measure::View, true, Some(room)).await;
    rig.upload_references(FOLDERS, &pictures.reference).await;
    rig.end_upload();
    rig.add_comparator().await;
    rig.add_sink().await;
    let cameras = Cameras::connect(rig.nats.url()).await;
    let rate = FOLDERS as f64 / every as f64;
    let send = |how_long| cameras.steady(FOLDERS, pictures, rate, CHANGES, how_long);
    send(LEARNING).await;
    let observer = Observer::start(&rig, None).await;
    let begun = (Instant::now(), rig.cpu_times());
    let sent = send(how_long).await;
    let ended = (Instant::now(), rig.cpu_times());
    Measured {
        every,
        sent,
        latencies: observer.finish().await,
        cores: cores(&begun, &ended),
        comparator_megabytes: rig.comparator_megabytes().0,
    }
}

impl Measured {
    fn write_to(&self, page: &mut String, how_long: Duration) {
        let compared = self.latencies.comparisons.len();
        let share = |count: usize, of: usize| 100.0 * count as f64 / of as f64;
        writeln!(
            page,
            "| {} s | {:.0} | {:.0} % | {:.1} % | {} | {} | {} | {:.2} | {:.2} | {:.2} | {:.0} |",
            self.every,
            self.sent as f64 / how_long.as_secs_f64(),
            share(self.latencies.carried, compared),
            share(self.sent.saturating_sub(compared), self.sent),
            percentiles(&self.latencies.comparisons),
            percentiles(&self.latencies.alerts),
            percentiles(&self.latencies.alerts_in_redis),
            self.cores["comparator"],
            self.cores["nats-server"],
            self.cores["cameras"],
            self.comparator_megabytes,
        )
        .expect("a string takes everything");
    }
}
