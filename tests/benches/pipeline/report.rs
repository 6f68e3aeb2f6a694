//! What was found, as a page.

use std::{collections::BTreeMap, fmt::Write as _, fs, io, path::Path};

use plotters::{
    chart::ChartBuilder,
    prelude::{
        BLACK, IntoDrawingArea, IntoLogRange, LineSeries, RGBColor, SVGBackend,
        SeriesLabelPosition, WHITE,
    },
    series::DashedLineSeries,
    style::Color,
};
use proto::Measure;

use crate::{
    observed::percentile,
    pictures::{Pictures, Size},
    scenario::{Flooded, LOADS, Measured},
};

/// All that was found, as a page.
#[derive(Default)]
pub(crate) struct Report {
    sizes: BTreeMap<Size, OfSize>,
    measured: Vec<Measured>,
    flooded: Vec<(Size, Flooded)>,
}

/// What belongs to a size of pictures alone.
#[derive(Default)]
struct OfSize {
    kilobytes: usize,
    /// Looks a second that one core makes for a measure.
    alone: BTreeMap<&'static str, f64>,
    old_way: Option<f64>,
}

const OLD: RGBColor = RGBColor(0x9a, 0xa5, 0xae);
const COLOURS: [RGBColor; 3] = [
    RGBColor(0x1a, 0x6f, 0xb0),
    RGBColor(0xd0, 0x7b, 0x1e),
    RGBColor(0x3b, 0x8f, 0x5a),
];

/// Folders for which latencies are drawn.
const TYPICAL: usize = 100;

impl Report {
    pub(crate) fn alone(&mut self, size: Size, pictures: &Pictures, by: Measure, looks: f64) {
        let of_size = self.sizes.entry(size).or_default();
        of_size.kilobytes = pictures.bytes() / 1000;
        of_size.alone.insert(word(by), looks);
    }

    pub(crate) fn measured(&mut self, measured: Measured) {
        let scenario = measured.scenario;
        eprintln!("{scenario}: {:.0} frames a second", measured.sustained);
        self.measured.push(measured);
    }

    pub(crate) fn flooded(&mut self, size: Size, flooded: Flooded) {
        self.flooded.push((size, flooded));
    }

    /// Frames a second of one comparator and a usual number of folders.
    pub(crate) fn sustained(&self, size: Size) -> f64 {
        let typical = self.typical(size);
        typical.map_or(0.0, |typical| typical.sustained)
    }

    fn typical(&self, size: Size) -> Option<&Measured> {
        self.measured.iter().find(|it| {
            let scenario = it.scenario;
            scenario.by == Measure::Phash
                && (scenario.size, scenario.folders, scenario.comparators) == (size, TYPICAL, 1)
        })
    }

    pub(crate) fn old_way(&mut self, size: Size, comparisons: Option<f64>) {
        self.sizes.entry(size).or_default().old_way = comparisons;
    }

    pub(crate) fn write(&self, docs: &Path) -> io::Result<()> {
        write_between(docs, "measured", &self.tables().unwrap())?;
        self.draw_rates(&docs.join("performance-rate.svg"));
        self.draw_latencies(&docs.join("performance-latency.svg"));
        Ok(())
    }

    fn tables(&self) -> Result<String, std::fmt::Error> {
        let mut page = String::new();
        writeln!(page, "{}", machine("bench-pipeline"))?;
        self.rates(&mut page)?;
        self.latencies(&mut page)?;
        self.costs(&mut page)?;
        self.floods(&mut page)?;
        Ok(page)
    }

    fn rates(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "### Frames a second, sustained\n")?;
        for (size, of_size) in &self.sizes {
            let alone = of_size.alone.iter();
            let alone: Vec<String> = alone
                .map(|(by, looks)| format!("{looks:.0} a second for {by}"))
                .collect();
            writeln!(
                page,
                "{size}: {} KB a frame; one core that does nothing else looks at {}; {}.",
                of_size.kilobytes,
                alone.join(" and "),
                of_size.old_way.map_or_else(
                    || "the old way was not measured".to_owned(),
                    |old| format!("the old way makes {old:.0} comparisons a second")
                )
            )?;
        }
        writeln!(
            page,
            "\n| picture | measure | folders | comparators | frames a second | of the old way | of looking alone | Redis behind by |"
        )?;
        writeln!(page, "|---|---|---:|---:|---:|---:|---:|---:|")?;
        for it in &self.measured {
            let of_size = &self.sizes[&it.scenario.size];
            let old = of_size
                .old_way
                .map_or(String::new(), |old| format!("{:.1}×", it.sustained / old));
            writeln!(
                page,
                "| {} | **{:.0}** | {old} | {:.0} % | {:.0} ms |",
                row(it),
                it.sustained,
                100.0 * it.sustained
                    / (of_size.alone[word(it.scenario.by)] * it.cores_left_by_broker()),
                it.redis_lag.as_secs_f64() * 1000.0,
            )?;
        }
        writeln!(page)
    }

    fn latencies(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "### Milliseconds from publishing a frame\n")?;
        writeln!(
            page,
            "| picture | measure | folders | comparators | load | comparison p50 / p95 / p99 | alert on NATS p50 / p95 / p99 | alert in Redis p50 / p95 / p99 | alerts |"
        )?;
        writeln!(page, "|---|---|---:|---:|---:|---:|---:|---:|---:|")?;
        for it in &self.measured {
            for (percent, found) in &it.latencies {
                writeln!(
                    page,
                    "| {} | {percent} % | {} | {} | {} | {} |",
                    row(it),
                    percentiles(&found.comparisons),
                    percentiles(&found.alerts),
                    percentiles(&found.alerts_in_redis),
                    found.alerts.len(),
                )?;
            }
        }
        writeln!(page)
    }

    fn costs(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "### What it takes\n")?;
        writeln!(
            page,
            "| picture | measure | folders | comparators | cores: comparator | nats-server | sink | redis-server | cameras | comparator MB: idle, most | nats-server MB | start | passed over |"
        )?;
        writeln!(
            page,
            "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
        )?;
        for it in &self.measured {
            write!(page, "| {} |", row(it))?;
            for part in [
                "comparator",
                "nats-server",
                "sink",
                "redis-server",
                "cameras",
            ] {
                write!(page, " {:.2} |", it.cores[part])?;
            }
            writeln!(
                page,
                " {:.0}, {:.0} | {:.0} | {:.2} s | {} |",
                it.idle_megabytes,
                it.most_megabytes,
                it.nats_megabytes,
                it.start.as_secs_f64(),
                it.passed_over
            )?;
        }
        Ok(())
    }

    fn floods(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "\n### Beside a folder that floods\n")?;
        writeln!(
            page,
            "| picture | frames a second of 100 other folders | their comparisons p50 / p95 / p99 without | with | comparator MB without, with |"
        )?;
        writeln!(page, "|---|---:|---:|---:|---:|")?;
        for (size, it) in &self.flooded {
            writeln!(
                page,
                "| {size} | {:.0} | {} | {} | {:.0}, {:.0} |",
                it.rate,
                percentiles(&it.without),
                percentiles(&it.with),
                it.megabytes.0,
                it.megabytes.1
            )?;
        }
        Ok(())
    }

    /// Frames a second over folders.
    fn draw_rates(&self, path: &Path) {
        let area = SVGBackend::new(path, (720, 360)).into_drawing_area();
        area.fill(&WHITE).unwrap();
        let most = self.measured.iter().map(|it| it.sustained);
        let most = most.fold(1.0, f64::max) * 1.2;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(28)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d((6.0..10_000.0).log_scale(), 0.0..most)
            .unwrap();
        chart
            .configure_mesh()
            .x_desc("folders")
            .y_desc("frames a second")
            .light_line_style(WHITE)
            .x_label_formatter(&|folders| format!("{folders:.0}"))
            .y_label_formatter(&|rate| format!("{rate:.0}"))
            .draw()
            .unwrap();
        for ((size, of_size), colour) in self.sizes.iter().zip(COLOURS) {
            let alone = self
                .measured
                .iter()
                .filter(|it| it.scenario.by == Measure::Phash && it.scenario.comparators == 1);
            let points = alone
                .filter(|it| it.scenario.size == *size)
                .map(|it| (it.scenario.folders as f64, it.sustained));
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(4))
                .unwrap()
                .label(format!("{size}"))
                .legend(move |at| legend(at, colour));
            if let Some(old) = of_size.old_way {
                let line = [(6.0, old), (10_000.0, old)];
                chart
                    .draw_series(DashedLineSeries::new(line, 4, 4, OLD.stroke_width(2)))
                    .unwrap()
                    .label(format!("{size}, the old way"))
                    .legend(|at| legend(at, OLD));
            }
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.2))
            .draw()
            .unwrap();
    }

    /// From publishing to the alert on NATS, over the load.
    fn draw_latencies(&self, path: &Path) {
        let area = SVGBackend::new(path, (720, 360)).into_drawing_area();
        area.fill(&WHITE).unwrap();
        let typical = self.typical(Size::P1080);
        let of = |percent: u32, rank: f64| {
            percentile(&typical.unwrap().latencies[&percent].alerts, rank).unwrap_or_default()
        };
        let most = LOADS.map(|load| of(load, 99.0)).into_iter();
        let most = most.fold(1.0, f64::max) * 1.3;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(28)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d(20.0..85.0, 0.0..most)
            .unwrap();
        chart
            .configure_mesh()
            .x_desc("load, percent of the sustained rate")
            .y_desc("milliseconds from frame to alert")
            .light_line_style(WHITE)
            .draw()
            .unwrap();
        for (rank, colour) in [50.0, 95.0, 99.0].into_iter().zip(COLOURS) {
            let points = LOADS.map(|load| (f64::from(load), of(load, rank)));
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(4))
                .unwrap()
                .label(format!("p{rank:.0}"))
                .legend(move |at| legend(at, colour));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.2))
            .draw()
            .unwrap();
    }
}

fn legend((x, y): (i32, i32), colour: RGBColor) -> plotters::element::PathElement<(i32, i32)> {
    plotters::element::PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2))
}

fn word(by: Measure) -> &'static str {
    by.word().unwrap()
}

/// The first cells of a row of any table.
fn row(it: &Measured) -> String {
    let scenario = it.scenario;
    format!(
        "{} | {} | {} | {}",
        scenario.size,
        scenario.way(),
        scenario.folders,
        scenario.comparators
    )
}

impl Measured {
    fn cores_left_by_broker(&self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        cores as f64 - self.cores["nats-server"]
    }
}

/// Puts a text between the two marks of this name in performance.md.
pub(crate) fn write_between(docs: &Path, name: &str, text: &str) -> io::Result<()> {
    let page = docs.join("performance.md");
    let (begin, end) = (
        format!("<!-- {name}: begin -->"),
        format!("<!-- {name}: end -->"),
    );
    let before = fs::read_to_string(&page)?;
    let (head, rest) = before.split_once(&begin).unwrap();
    let (_, tail) = rest.split_once(&end).unwrap();
    fs::write(page, format!("{head}{begin}\n{text}{end}{tail}"))
}

pub(crate) fn percentiles(values: &[f64]) -> String {
    let of = |rank| {
        percentile(values, rank).map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"))
    };
    format!("{} / {} / {}", of(50.0), of(95.0), of(99.0))
}

/// Where a target of make has measured.
pub(crate) fn machine(target: &str) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |line| {
        line.trim_start_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "One run of `make {target}` on a virtual machine with {cores} cores of an {model}, which servers, services\n\
         and cameras share.\n"
    )
}
