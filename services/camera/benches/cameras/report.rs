//! What was found, as a table of docs/performance.md.

use std::{
    fmt::{self, Write as _},
    fs, io,
    path::Path,
};

use crate::{CAMERAS, MEASURED, ROUNDS, contender::Contender};

const BEGIN: &str = "<!-- cameras: begin -->";
const END: &str = "<!-- cameras: end -->";

/// What one took in one round, for each camera.
pub(crate) struct Measured {
    pub(crate) contender: Contender,
    pub(crate) cores: f64,
    pub(crate) bytes: u64,
}

impl Measured {
    fn megabytes(&self) -> f64 {
        self.bytes as f64 / 1e6
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {:.2} % of a core and {:.1} MB a camera",
            self.contender,
            self.cores * 100.0,
            self.megabytes()
        )
    }
}

/// Puts the table into performance.md.
pub(crate) fn write(docs: &Path, measured: &[Measured]) -> io::Result<()> {
    let page = docs.join("performance.md");
    let before = fs::read_to_string(&page)?;
    let (head, rest) = before.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    fs::write(
        page,
        format!("{head}{BEGIN}\n{}{END}{tail}", text(measured)),
    )
}

fn text(measured: &[Measured]) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |line| {
        line.trim_start_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let mut text = format!(
        "One run of `make bench-cameras` on a virtual machine with {cores} cores of an {model}, which the RTSP server shares; the\n\
         machine's load at the end was {load}. {ROUNDS} rounds in turns, {CAMERAS} cameras each, {} s counted: medians, with the least and the\n\
         greatest of the rounds.\n\n\
         | | % of a core a camera | cameras a core | MB a camera | CPU beside framewatch-camera |\n\
         |---|---:|---:|---:|---:|\n",
        MEASURED.as_secs()
    );
    let of = |contender, value: fn(&Measured) -> f64| {
        let mut values: Vec<f64> = measured
            .iter()
            .filter(|one| one.contender == contender)
            .map(value)
            .collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (values.first().copied()?, values.last().copied()?);
        Some((values[values.len() / 2], least, most))
    };
    let cores = |one: &Measured| one.cores;
    let (ours, ..) = of(Contender::Framewatch, cores).unwrap();
    for contender in Contender::ALL {
        let Some((median, least, most)) = of(contender, cores) else {
            writeln!(text, "| {contender} | not there | | | |").unwrap();
            continue;
        };
        let (megabytes, ..) = of(contender, Measured::megabytes).unwrap();
        writeln!(
            text,
            "| {contender} | **{:.1}** ({:.1} to {:.1}) | {:.0} | {megabytes:.1} | {:.1}× |",
            median * 100.0,
            least * 100.0,
            most * 100.0,
            1.0 / median,
            median / ours
        )
        .unwrap();
    }
    text
}
