//! Puts what the benchmark has measured into docs/fingerprint.md, between its two marks, and draws its plot:
//! `report DOCS_FOLDER`.
//!
//! Times Python's imagehash on the same drawn pictures where Python and the package are there, and counts how often
//! `image_hasher` gives the same hash.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use bench::contenders::ImageHasher;
use bench::corpus;
use bench::pictures::{Coding, Size, frame};

/// Column heading and criterion's name, in the order of the table.
const CONTENDERS: [(&str, &str); 4] = [
    ("Framewatch", "framewatch"),
    ("of it the thumbnail", "framewatch-thumbnail"),
    ("libjpeg-turbo", "libjpeg-turbo"),
    ("`image` + `image_hasher`", "image-hasher"),
];
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";
const PYTHON: &str = "Pillow + `imagehash`";

/// Milliseconds by contender.
type Row = BTreeMap<String, f64>;

fn main() -> anyhow::Result<()> {
    let docs: PathBuf = std::env::args_os()
        .nth(1)
        .context("give the folder for the report")?
        .into();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let mut rows = measured(&target.join("criterion"))?;
    add_python(&mut rows, &target.join("bench-pictures"))?;
    std::fs::write(docs.join("fingerprint-speed.svg"), plot(&rows))?;
    let page = docs.join("fingerprint.md");
    let text = std::fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let (before, rest) = text
        .split_once(BEGIN)
        .context("the page has no first mark")?;
    let (_, after) = rest
        .split_once(END)
        .context("the page has no second mark")?;
    let text = format!("{before}{BEGIN}\n{}{END}{after}", measurements(&rows)?);
    Ok(std::fs::write(&page, text)?)
}

/// By case, criterion's medians.
fn measured(criterion: &Path) -> anyhow::Result<BTreeMap<String, Row>> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for case in std::fs::read_dir(criterion).context("run `cargo bench` first")? {
        let case = case?;
        for (name, id) in CONTENDERS {
            let path = case.path().join(id).join("new/estimates.json");
            if let Ok(text) = std::fs::read_to_string(path) {
                let estimates: serde_json::Value = serde_json::from_str(&text)?;
                let nanoseconds = estimates["median"]["point_estimate"].as_f64();
                let median = nanoseconds.context("an estimate has no median")? / 1e6;
                let case = case.file_name().to_string_lossy().into_owned();
                rows.entry(case)
                    .or_default()
                    .insert(name.to_owned(), median);
            }
        }
    }
    Ok(rows)
}

/// The drawn cases, in the order of the table.
fn drawn() -> impl Iterator<Item = (Size, Coding, String)> {
    let sizes = Size::ALL.into_iter();
    sizes.flat_map(|size| Coding::ALL.map(|coding| (size, coding, format!("{size}-{coding}"))))
}

fn add_python(rows: &mut BTreeMap<String, Row>, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut files = BTreeMap::new();
    for (size, coding, case) in drawn() {
        let path = folder.join(format!("{case}.jpg"));
        std::fs::write(&path, frame(size, coding)?)?;
        files.insert(path.display().to_string(), case);
    }
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("imagehash_speed.py");
    let mut command = Command::new(python);
    command
        .arg(script)
        .args(files.keys())
        .stderr(Stdio::inherit());
    let Ok(output) = command.output() else {
        return Ok(());
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (file, milliseconds) = line.split_once('\t').context("the script prints pairs")?;
        if let Some(row) = files.get(file).and_then(|case| rows.get_mut(case)) {
            row.insert(PYTHON.to_owned(), milliseconds.parse()?);
        }
    }
    Ok(())
}

fn measurements(rows: &BTreeMap<String, Row>) -> anyhow::Result<String> {
    let names: Vec<&str> = CONTENDERS
        .iter()
        .map(|(name, _)| *name)
        .chain([PYTHON])
        .collect();
    let mut page = machine();
    writeln!(page, "\n| picture | KB | {} |", names.join(" | "))?;
    writeln!(page, "|---|---:|{}", "---:|".repeat(names.len()))?;
    let mut line = |case: &str, kilobytes: String| -> anyhow::Result<()> {
        let Some(row) = rows.get(case) else {
            return Ok(());
        };
        let own = row.get(CONTENDERS[0].0).copied().unwrap_or(f64::NAN);
        write!(page, "| {} | {kilobytes} |", case.replace('-', " "))?;
        for name in &names {
            match row.get(*name) {
                Some(time) if *name == CONTENDERS[0].0 => write!(page, " **{time:.2}** |")?,
                Some(time) if *name == CONTENDERS[1].0 => write!(page, " {time:.2} |")?,
                Some(time) => write!(page, " {time:.2} ({:.1}×) |", time / own)?,
                None => write!(page, " |")?,
            }
        }
        writeln!(page)?;
        Ok(())
    };
    for (size, coding, case) in drawn() {
        line(&case, (frame(size, coding)?.len() / 1024).to_string())?;
    }
    for case in rows.keys().filter(|case| case.starts_with("corpus")) {
        line(case, String::new())?;
    }
    write!(page, "\n{}", image_hasher_distances()?)?;
    Ok(page)
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |line| {
        line.trim_start_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "Milliseconds for one picture on one core, medians of one run; in brackets, how many times what Framewatch\n\
         takes. A line of the corpus is for all its JPEGs together. On a virtual machine with {cores} cores of an\n\
         {model}, with `make bench`:\n"
    )
}

/// How far `image_hasher`'s hash is from ours.
fn image_hasher_distances() -> anyhow::Result<String> {
    let hasher = ImageHasher::default();
    let mut distances = BTreeMap::new();
    let mut pictures: Vec<Vec<u8>> = corpus::pictures(false)?
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect();
    for (size, coding, _) in drawn() {
        pictures.push(frame(size, coding)?);
    }
    for bytes in &pictures {
        if let (Ok(print), Ok(hash)) = (fingerprint::of(bytes), hasher.hash(bytes)) {
            *distances
                .entry((print.phash ^ hash).count_ones())
                .or_insert(0) += 1;
        }
    }
    let total: usize = distances.values().sum();
    let counts: Vec<String> = distances
        .iter()
        .map(|(bits, count)| format!("{count} by {bits}"))
        .collect();
    Ok(format!(
        "`image_hasher`'s DCT hash, its bits put in this order, beside this one, on {total} pictures: {} bits.\n",
        counts.join(", ")
    ))
}

/// Horizontal bars for the 1080p cases.
fn plot(rows: &BTreeMap<String, Row>) -> String {
    const BAR: f64 = 16.0;
    const WIDTH: f64 = 430.0;
    let names: Vec<&str> = [0, 2, 3]
        .map(|i| CONTENDERS[i].0)
        .into_iter()
        .chain([PYTHON])
        .collect();
    let cases: Vec<_> = Coding::ALL
        .map(|coding| format!("{}-{coding}", Size::P1080))
        .into();
    let times = || {
        cases
            .iter()
            .filter_map(|case| rows.get(case))
            .flat_map(Row::values)
    };
    let longest = times().copied().fold(1.0, f64::max);
    let (mut y, mut bars) = (10.0, String::new());
    for case in &cases {
        y += 18.0;
        bars += &format!(
            "<text x='10' y='{y}' font-weight='600'>{}</text>\n",
            case.replace('-', " ")
        );
        for name in &names {
            let Some(time) = rows.get(case).and_then(|row| row.get(*name)) else {
                continue;
            };
            y += BAR + 4.0;
            let length = time / longest * WIDTH;
            let colour = if *name == names[0] {
                "#1a6fb0"
            } else {
                "#9aa5ae"
            };
            let (label, middle) = (name.replace('`', ""), y - 3.5);
            bars += &format!(
                "<text x='190' y='{middle}' text-anchor='end'>{label}</text><rect x='198' y='{}' width='{length:.1}' height='{BAR}' fill='{colour}'/><text x='{:.1}' y='{middle}'>{time:.2} ms</text>\n",
                y - BAR,
                204.0 + length
            );
        }
        y += 12.0;
    }
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 720 {y}' font-family='system-ui, sans-serif' font-size='12' fill='#222'>\n<rect width='720' height='{y}' fill='#fff'/>\n{bars}</svg>\n"
    )
}
