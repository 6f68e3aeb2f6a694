//! What ten thousand cameras take, as tables.

use std::{fmt::Write as _, time::Duration};

use crate::{
    fleet::{CHANGES, EVERY, FOLDERS, Fleet, LOOKED_AT_EVERY, OF_A_FOLDER, OF_THE_OVERVIEW},
    observed::percentile,
    pictures::Pictures,
};

/// The parts, in the order in which they are told of.
const PARTS: [&str; 6] = [
    "comparator",
    "upload",
    "sink",
    "nats-server",
    "redis-server",
    "cameras",
];

pub(crate) fn tables(fleet: &Fleet, pictures: &Pictures, how_long: Duration) -> String {
    let mut page = format!(
        "{FOLDERS} folders, a frame of 640×480 ({} KB) each {EVERY} s, by `phash`, for {} minutes. {CHANGES} alerts a second\n\
         fire or resolve. {OF_THE_OVERVIEW} people have the overview open, {OF_A_FOLDER} a folder's page; another one opens the\n\
         overview each 5 s. The comparator was ready {:.1} s after its start and passed over {} frames. A viewer was sent {:.0}\n\
         bytes a second. Megabytes are resident; those of cameras are the benchmark's own.\n\n",
        pictures.bytes() / 1000,
        how_long.as_secs() / 60,
        fleet.start.as_secs_f64(),
        fleet.passed_over,
        fleet.bytes_a_second,
    );
    page += &taken(fleet);
    page += &times(fleet);
    page
}

/// The moments that are shown: the beginning, some between, the end.
fn shown(count: usize) -> Vec<usize> {
    let last = count.saturating_sub(1);
    let mut shown = vec![0, last / 4, last / 2, last * 3 / 4, last];
    shown.dedup();
    shown
}

fn taken(fleet: &Fleet) -> String {
    let shown = shown(fleet.moments.len());
    let minutes = LOOKED_AT_EVERY.as_secs() as usize / 60;
    let mut page = "| | cores |".to_owned();
    for &at in &shown {
        page += &match at {
            0 => " MB before any frame |".to_owned(),
            at => format!(" after {} min |", at * minutes),
        };
    }
    page += " at most |\n|---|---:|---:|";
    page += &"---:|".repeat(shown.len());
    page.push('\n');
    for part in PARTS {
        write!(page, "| {part} | {:.2} |", fleet.cores[part]).expect("a string takes everything");
        for &at in &shown {
            page += &format!(" {:.0} |", fleet.moments[at].megabytes[part].1);
        }
        let most = fleet.moments.iter().map(|it| it.megabytes[part].0);
        page += &format!(" {:.0} |\n", most.fold(0.0, f64::max));
    }
    for (index, server) in ["nats-server", "redis-server"].iter().enumerate() {
        page += &format!("| {server} on the disk | |");
        for &at in &shown {
            page += &format!(" {:.0} |", fleet.moments[at].on_disk[index]);
        }
        page += " |\n";
    }
    page.push('\n');
    page
}

fn times(fleet: &Fleet) -> String {
    let mut page =
        "| milliseconds | p50 | p95 | p99 | most | how many |\n|---|---:|---:|---:|---:|---:|\n"
            .to_owned();
    let kinds = [
        (
            "from publishing to the comparison",
            &fleet.latencies.comparisons,
        ),
        ("to the alert on NATS", &fleet.latencies.alerts),
        ("to the alert in Redis", &fleet.latencies.alerts_in_redis),
        ("until the overview is there", &fleet.opened),
    ];
    for (name, values) in kinds {
        let [middle, most_of_them, nearly_all, all] =
            [50.0, 95.0, 99.0, 100.0].map(|rank| percentile(values, rank).unwrap_or_default());
        writeln!(
            page,
            "| {name} | {middle:.1} | {most_of_them:.1} | {nearly_all:.1} | {all:.1} | {} |",
            values.len()
        )
        .expect("a string takes everything");
    }
    page
}
