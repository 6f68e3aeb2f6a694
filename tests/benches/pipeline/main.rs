//! The whole pipeline measured on one machine: `pipeline DOCS_FOLDER` writes what it finds into performance.md there,
//! between its two marks, and draws the plots. Real servers and the services' own processes share the machine's cores
//! with the cameras, which are in this process. `pipeline viewers DOCS_FOLDER` measures only what viewers cost,
//! `pipeline fleet DOCS_FOLDER` what ten thousand cameras take in `MINUTES` minutes, `pipeline by-view DOCS_FOLDER` whether
//! two cores keep up with five hundred cameras by `view`.
//!
//! `PYTHON` names an interpreter with Pillow and ImageHash for the old way; without one, that line is left out.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(
    clippy::print_stderr,
    reason = "whoever runs it wants to see how far it is"
)]

mod by_view;
mod fleet;
mod fleet_report;
mod load;
mod observed;
mod old_way;
mod pictures;
mod report;
mod rig;
mod scenario;
mod viewers;
mod viewers_report;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use proto::Measure;

use crate::{
    pictures::{Pictures, Size},
    report::{Report, machine, write_between},
    scenario::{Scenario, looks_a_second},
};

#[tokio::main]
async fn main() {
    // Cargo adds a flag of its own.
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|text| !text.starts_with("--"));
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let first = arguments.next();
    let mut docs = || -> PathBuf { arguments.next().unwrap_or_else(|| "docs".into()).into() };
    match first.as_deref() {
        Some(viewers::WATCH) => viewers::watch(&arguments.next().unwrap()).await,
        Some("fleet") => measure_fleet(&docs()).await,
        Some("by-view") => measure_by_view(&docs()).await,
        Some("viewers") => measure_viewers(&docs()).await,
        _ => measure_everything(&first.map_or_else(docs, PathBuf::from)).await,
    }
}

async fn measure_viewers(docs: &Path) {
    let pictures = Pictures::of(Size::P720).await;
    let rounds = viewers::measure(&pictures).await;
    let text = format!(
        "{}\n{}",
        machine("bench-viewers"),
        viewers_report::table(&rounds)
    );
    write_between(docs, "viewers", &text).unwrap();
}

/// How long is measured: `MINUTES`, or else as long as this.
fn how_long(usually: u64) -> Duration {
    let minutes = std::env::var("MINUTES").map_or(usually, |text| text.parse().unwrap());
    Duration::from_mins(minutes)
}

async fn measure_by_view(docs: &Path) {
    let pictures = Pictures::of(Size::P1080).await;
    let table = by_view::measure(&pictures, how_long(10)).await;
    let text = format!("{}\n{table}", machine("bench-by-view"));
    write_between(docs, "by-view", &text).unwrap();
}

async fn measure_fleet(docs: &Path) {
    let how_long = how_long(20);
    let pictures = Pictures::of(Size::Vga).await;
    let fleet = fleet::measure(&pictures, how_long).await;
    let text = format!(
        "{}\n{}",
        machine("bench-fleet"),
        fleet_report::tables(&fleet, &pictures, how_long)
    );
    write_between(docs, "fleet", &text).unwrap();
}

/// What is measured of a size, by measures. By `view` each frame goes through the network, unless it is carried on.
fn scenarios(size: Size) -> [(Measure, Vec<Scenario>); 2] {
    let of = |by, cascade, counts: &[(usize, usize)]| -> Vec<Scenario> {
        let scenario = |&(folders, comparators)| Scenario {
            size,
            by,
            cascade,
            folders,
            comparators,
        };
        counts.iter().map(scenario).collect()
    };
    let by_phash = [(6, 1), (100, 1), (1_000, 1), (10_000, 1), (100, 2)];
    let in_full = of(
        Measure::View,
        false,
        &[(6, 1), (100, 1), (1_000, 1), (100, 2)],
    );
    let carried_on = of(Measure::View, true, &[(6, 1), (100, 1)]);
    [
        (Measure::Phash, of(Measure::Phash, true, &by_phash)),
        (Measure::View, [in_full, carried_on].concat()),
    ]
}

async fn measure_everything(docs: &Path) {
    let mut report = Report::default();
    for size in [Size::P720, Size::P1080] {
        let pictures = Pictures::of(size).await;
        for (by, scenarios) in scenarios(size) {
            let Some(alone) = looks_a_second(&pictures, by) else {
                eprintln!(
                    "{by:?} is left out: scripts/get-tools.sh model gets the network's weights"
                );
                continue;
            };
            report.alone(size, &pictures, by, alone);
            for scenario in scenarios {
                report.measured(scenario.measure(&pictures).await);
            }
        }
        eprintln!("{size}: a folder that floods");
        let rate = report.sustained(size) / 4.0;
        report.flooded(size, scenario::flood(&pictures, rate).await);
        eprintln!("{size}: the old way");
        report.old_way(size, old_way::comparisons_a_second(&pictures).await);
    }
    report.write(docs).unwrap();
}
