//! What viewers cost, as a table.

use std::fmt::Write as _;

use crate::{
    observed::{Latencies, percentile},
    viewers::{FOLDERS, OF_EVERYTHING, OF_FOLDERS, Part, RATE, Round},
};

/// Something that is measured: its name, and its times in milliseconds.
type Kind = (&'static str, fn(&Latencies) -> &[f64]);

const KINDS: [Kind; 3] = [
    ("comparison", |it| &it.comparisons),
    ("alert on NATS", |it| &it.alerts),
    ("alert in Redis", |it| &it.alerts_in_redis),
];

/// What viewers cost, as a table: medians over the rounds, and of the rounds' ratios.
pub(crate) fn table(rounds: &[Round]) -> String {
    let mut page = format!(
        "{FOLDERS} folders, {RATE} frames of 720p a second; {} rounds, each without viewers and then with {}: {OF_FOLDERS}\n\
         on `/api/v1/events/folders` and {OF_EVERYTHING} on `/api/v1/events`, which together were sent {:.0} MB a second.\n\
         The upload service took {:.2} cores without them, {:.2} with them.\n\n",
        rounds.len(),
        OF_FOLDERS + OF_EVERYTHING,
        median(rounds.iter().map(|it| it.with.bytes_a_second)) / 1e6,
        median(rounds.iter().map(|it| it.without.cores)),
        median(rounds.iter().map(|it| it.with.cores)),
    );
    page += "| milliseconds from publishing a frame | without viewers | with them | ratio: median (least to greatest) |\n\
             |---|---:|---:|---:|\n";
    for (name, values) in KINDS {
        for percent in [50.0, 95.0] {
            let of = |part: &Part| percentile(values(&part.latencies), percent).unwrap_or_default();
            let ratios = || rounds.iter().map(|it| of(&it.with) / of(&it.without));
            writeln!(
                page,
                "| {name}, p{percent} | {:.1} | {:.1} | {:.2} ({:.2} to {:.2}) |",
                median(rounds.iter().map(|it| of(&it.without))),
                median(rounds.iter().map(|it| of(&it.with))),
                median(ratios()),
                ratios().fold(f64::INFINITY, f64::min),
                ratios().fold(0.0, f64::max),
            )
            .expect("a string takes everything");
        }
    }
    page
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    percentile(&values.collect::<Vec<_>>(), 50.0).unwrap_or_default()
}
