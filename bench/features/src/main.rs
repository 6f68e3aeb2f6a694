//! The network beside ONNX Runtime, alternated in one run, and beside what the processor can do at most:
//! `bench-features [WEIGHTS]`.
//!
//! `FRAMEWATCH_MODEL` names the weights where no argument does. ONNX Runtime runs in the Python that `ONNX_PYTHON`
//! names; without it the network is timed alone. Equality is checked on drawn pictures and on those below
//! `FRAMEWATCH_CORPUS`.

mod clock;
mod onnx;
mod peak;
mod pictures;

use std::hint::black_box;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use features::{Features, Input, Level, Network, Weights};
use onnx::OnnxRuntime;

/// The multiply-adds of one picture, in billions: 0.494 in 1×1 convolutions and the stem, 0.052 depthwise. The padding
/// of panels is not counted.
const MULTIPLY_ADDS: f64 = 0.5461;
/// How often the two take turns, and how many runs each makes in its turn.
const ROUNDS: usize = 20;
const RUNS: usize = 25;

fn main() -> anyhow::Result<()> {
    let path = std::env::args_os()
        .nth(1)
        .or_else(|| std::env::var_os("FRAMEWATCH_MODEL"));
    let path: PathBuf = path
        .context("name the weights: FRAMEWATCH_MODEL=FILE")?
        .into();
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let weights = Weights::from_safetensors(&bytes)?;
    let python = std::env::var_os("ONNX_PYTHON").unwrap_or_else(|| "python3".into());
    let mut onnx = OnnxRuntime::start(Path::new(&python), &path)?;
    let pictures = pictures::all()?;
    let networks: Vec<_> = Level::all()
        .into_iter()
        .map(|level| Network::with_level(&weights, level))
        .collect();
    if let Some(onnx) = &mut onnx {
        compare(&networks, &pictures, onnx)?;
    }
    print_peaks(&networks, &pictures[0]);
    if let (Some(mut onnx), Some(network)) = (onnx, networks.first()) {
        alternate(network, &pictures[0], &mut onnx)?;
        onnx.stop()?;
    }
    Ok(())
}

/// How far each level is from ONNX Runtime at worst.
fn compare(networks: &[Network], pictures: &[Input], onnx: &mut OnnxRuntime) -> anyhow::Result<()> {
    let mut worst = vec![[0.0_f64; 2]; networks.len()];
    for picture in pictures {
        let expected = onnx.of(picture)?;
        for (worst, network) in worst.iter_mut().zip(networks) {
            let found = network.of(picture);
            for (worst, distance) in worst.iter_mut().zip(distances(&found, &expected)) {
                *worst = worst.max(distance);
            }
        }
    }
    println!(
        "largest relative L2 from ONNX Runtime {} on {} pictures:",
        onnx.version,
        pictures.len()
    );
    for (network, [stage5, stage7]) in networks.iter().zip(worst) {
        println!(
            "  {:7} stage 5 {stage5:.1e}, stage 7 {stage7:.1e}",
            network.level()
        );
    }
    Ok(())
}

fn distances(found: &Features, expected: &Features) -> [f64; 2] {
    let pairs = [
        (&found.stage5, &expected.stage5),
        (&found.stage7, &expected.stage7),
    ];
    pairs.map(|(found, expected)| {
        let (mut difference, mut norm) = (0.0, 0.0);
        for (found, expected) in found.iter().zip(expected) {
            difference += f64::from(found - expected).powi(2);
            norm += f64::from(*expected).powi(2);
        }
        (difference / norm).sqrt()
    })
}

/// Each level alone: its time, and how much of the peak of multiply-adds that is.
fn print_peaks(networks: &[Network], picture: &Input) {
    println!(
        "alone, the median of {} runs, and the share of the peak:",
        2 * RUNS
    );
    for network in networks {
        let peak = peak::measure(network.level().instructions());
        let time = median(&mut times(network, picture, 2 * RUNS));
        let rate = MULTIPLY_ADDS / (time / 1e3);
        println!(
            "  {:7} {time:6.2} ms, {rate:5.1} of {peak:5.1} billion multiply-adds a second, {:.0} %",
            network.level(),
            100.0 * rate / peak
        );
    }
}

fn alternate(network: &Network, picture: &Input, onnx: &mut OnnxRuntime) -> anyhow::Result<()> {
    onnx.of(picture)?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let ours = median(&mut times(network, picture, RUNS));
        let theirs = median(&mut onnx.time(RUNS)?);
        rounds.push((ours, theirs));
    }
    let mut ratios: Vec<f64> = rounds.iter().map(|(ours, theirs)| ours / theirs).collect();
    let (mut ours, mut theirs): (Vec<f64>, Vec<f64>) = rounds.into_iter().unzip();
    println!(
        "in turns with ONNX Runtime {} on one thread, {ROUNDS} rounds of {RUNS}: {} {:.2} ms, ONNX Runtime {:.2} ms",
        onnx.version,
        network.level(),
        median(&mut ours),
        median(&mut theirs)
    );
    let middle = median(&mut ratios);
    println!(
        "median ratio {middle:.3} ({:.3} to {:.3})",
        ratios[0],
        ratios[ROUNDS - 1]
    );
    Ok(())
}

/// Milliseconds of each run, of the processor's time: other work on the machine counts little.
fn times(network: &Network, picture: &Input, runs: usize) -> Vec<f64> {
    let time = |_| {
        let began = clock::seconds();
        black_box(network.of(black_box(picture)));
        1e3 * (clock::seconds() - began)
    };
    (0..runs).map(time).collect()
}

/// Sorts them.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
