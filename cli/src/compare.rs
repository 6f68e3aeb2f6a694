//! `framewatch compare`: holds pictures in files against each other, without a server.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    iter,
    path::{Path, PathBuf},
    process::ExitCode,
};

use alerting::sentences;
use anyhow::Context as _;
use clap::{ArgGroup, builder::PossibleValuesParser};
use comparison::{
    Baseline, BaselinePicture, Depth, Look, MeasureError, Needs, check_areas, compare, is_too_dark,
    name,
};
use fingerprint::Limits;
use looks::{ModelConfig, Viewer, heat_map};
use proto::{
    EffectiveRule, Measure,
    v1::{Finding, Rule, Verdict},
};
use serde::Serialize;
use service_runtime::Failure;
use upload::parse_threshold;

use crate::{lines, progress::Progress, rule::AreaFlags};

/// Exit codes for one pair: 0 match, 1 mismatch, 2 indeterminate, 3 a picture cannot be read. With --pairs: 0 when every
/// line was answered.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("what").args(["reference", "pairs"]).required(true), after_help = EXIT_CODES)]
pub(crate) struct Compare {
    /// How the view should look
    #[arg(requires = "frame")]
    reference: Option<PathBuf>,

    /// How it looks
    #[arg(requires = "reference")]
    frame: Option<PathBuf>,

    /// Another picture that is right; may be given up to 16 times, and by the measure parts 64 times
    #[arg(long, value_name = "PICTURE", requires = "reference")]
    normal: Vec<PathBuf>,

    /// Read `REFERENCE<TAB>FRAME` lines from a file (`-`: standard input), with normal pictures between the two if there are
    /// any (`REFERENCE<TAB>NORMAL…<TAB>FRAME`), and answer each, in order, with `SIMILARITY<TAB>VERDICT<TAB>DETAIL`
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,

    /// The least similarity that counts as a match
    #[arg(long, default_value_t = Rule::DEFAULT_THRESHOLD, value_parser = parse_threshold, value_name = "0..1")]
    threshold: f64,

    /// How the similarity is measured; a threshold of one measure is none of another [default: view, or phash where the
    /// network's weights are not installed]
    #[arg(long, value_parser = PossibleValuesParser::new(Measure::WORDS))]
    measure: Option<String>,

    #[command(flatten)]
    areas: AreaFlags,

    /// Write how different each place of the frame is to a PNG, to be laid over the frame; by the measures view and parts
    #[arg(long, value_name = "FILE", requires = "reference")]
    heat_map: Option<PathBuf>,

    /// Answer in JSON, one object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    model: ModelConfig,
}

const EXIT_CODES: &str = "Exit codes for one pair: 0 match, 1 mismatch, 2 indeterminate, 3 a picture cannot be read.\n\
                          With --pairs: 0 when every line was answered.";

/// What is said of one pair.
#[derive(Serialize)]
struct Answer {
    reference: String,
    frame: String,
    similarity: Option<f64>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
    #[serde(skip)]
    patches: Vec<u8>,
}

const ERROR: &str = "error";

impl Compare {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut comparer = self.comparer()?;
        if let Some(pairs) = &self.pairs {
            self.compare_pairs(&mut comparer, pairs)?;
            return Ok(ExitCode::SUCCESS);
        }
        let (Some(reference), Some(frame)) = (&self.reference, &self.frame) else {
            return Err(Failure::usage(anyhow::anyhow!(
                "REFERENCE and FRAME, or --pairs, are needed"
            )));
        };
        let right: Vec<PathBuf> = iter::once(reference).chain(&self.normal).cloned().collect();
        let answer = comparer.answer(&right, frame);
        if let Some(file) = &self.heat_map {
            write_heat_map(&answer, file)?;
        }
        lines::print(self.line(&answer)?)?;
        Ok(ExitCode::from(match answer.verdict {
            ERROR => 3,
            verdict if verdict == Verdict::Match.word() => 0,
            verdict if verdict == Verdict::Mismatch.word() => 1,
            _ => 2,
        }))
    }

    fn compare_pairs(&self, comparer: &mut Comparer, pairs: &Path) -> Result<(), Failure> {
        let (input, progress) = open(pairs)?;
        for line in input.split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            let mut paths = line.trim_end_matches('\r').split('\t');
            let Some(frame) = paths.next_back().filter(|_| line.contains('\t')) else {
                progress.print(self.line(&Answer::not_a_pair(&line))?)?;
                continue;
            };
            let right: Vec<PathBuf> = paths.map(PathBuf::from).collect();
            let answer = comparer.answer(&right, Path::new(frame));
            progress.print(self.line(&answer)?)?;
        }
        Ok(())
    }

    /// By the measure that was asked for, or the best that there is.
    fn comparer(&self) -> Result<Comparer, Failure> {
        let asked = self.measure.as_deref().map(Measure::of);
        let model = match asked {
            Some(measure) if !measure.needs_network() => None,
            _ => self.model.load().map_err(Failure::unavailable)?,
        };
        let measure = match (asked, &model) {
            (Some(measure), None) if measure.needs_network() => {
                let word = measure.word().unwrap_or_default();
                return Err(Failure::Unavailable(anyhow::anyhow!(
                    "the measure {word} needs the network's weights, which are not installed: get them with \
                     scripts/get-tools.sh model, or name their file with --model"
                )));
            }
            (Some(measure), _) => measure,
            (None, Some(_)) => Measure::View,
            (None, None) => {
                lines::remark(
                    "compared by phash: the network's weights, which the measure view needs, are not installed \
                     (scripts/get-tools.sh model gets them); --measure phash says this no more",
                );
                Measure::Phash
            }
        };
        let mut own = Rule {
            threshold: Some(self.threshold),
            measure: measure.word().map(str::to_owned),
            ..Rule::default()
        };
        self.areas.clone().set(&mut own);
        own.check()
            .map_err(|error| Failure::usage(anyhow::Error::new(error)))?;
        let rule = EffectiveRule::of(Some(own), None);
        check_areas(&rule).map_err(|error| Failure::usage(anyhow::Error::new(error)))?;
        Ok(Comparer {
            rule,
            viewer: Viewer::new(Limits::default(), model),
            last: None,
        })
    }

    /// An answer as it is printed.
    fn line(&self, answer: &Answer) -> Result<String, Failure> {
        if self.json {
            return Ok(serde_json::to_string(answer)?);
        }
        let similarity = answer
            .similarity
            .map_or_else(String::new, |value| value.to_string());
        let detail = answer
            .detail
            .as_deref()
            .unwrap_or_default()
            .replace(['\t', '\n', '\r'], " ");
        Ok(format!("{similarity}\t{}\t{detail}", answer.verdict))
    }
}

/// Compares pictures in files by one rule.
struct Comparer {
    rule: EffectiveRule,
    viewer: Viewer,
    /// The pictures that the last frame was held against, which the next often is as well.
    last: Option<(Vec<PathBuf>, Result<Baseline, String>)>,
}

impl Comparer {
    /// Holds a frame against pictures that are right, of which the first is the reference.
    fn answer(&mut self, right: &[PathBuf], frame: &Path) -> Answer {
        let baseline = match self.last.take() {
            Some((paths, baseline)) if paths == right => baseline,
            _ => self.baseline_of(right),
        };
        let held = baseline.as_ref().map_err(String::clone);
        let both = held.and_then(|baseline| Ok((baseline, self.look(frame)?)));
        let reference = right
            .first()
            .map_or_else(String::new, |path| path.display().to_string());
        let mut answer = Answer::new(reference, frame.display().to_string());
        let compared = both.map(|(baseline, look)| {
            let compared = compare(baseline, &look, &self.rule)?;
            Ok::<_, MeasureError>((compared, look))
        });
        match compared {
            Ok(Ok((mut compared, look))) => {
                name(&mut compared, &look, Depth::Turns, &[]);
                let can_tell = !is_too_dark(compared.verdict, &compared.findings);
                answer.similarity = compared.told_similarity().filter(|_| can_tell);
                answer.verdict = compared.verdict.word();
                answer.detail = detail(&compared.findings);
                answer.findings = compared.findings;
                answer.patches = compared.patches;
            }
            Ok(Err(error)) => answer.detail = Some(error.to_string()),
            Err(why) => answer.detail = Some(why),
        }
        self.last = Some((right.to_vec(), baseline));
        answer
    }

    fn baseline_of(&mut self, right: &[PathBuf]) -> Result<Baseline, String> {
        let most = 1 + Baseline::max_normals(self.rule.measure);
        if right.len() > most {
            let normals = right.len() - 1;
            return Err(format!(
                "{normals} normal pictures are given, and by this measure at most {} count",
                most - 1
            ));
        }
        let mut pictures = Vec::new();
        for path in right {
            let name = path.display().to_string();
            pictures.push(BaselinePicture {
                id: name.clone(),
                name,
                look: self.look(path)?,
            });
        }
        let reference = pictures.remove(0);
        Ok(Baseline::new(reference, pictures))
    }

    fn look(&mut self, path: &Path) -> Result<Look, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        self.viewer
            .look(&bytes, &Needs::of(&self.rule))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// What is wrong: its kind, and what more can be said of it.
fn detail(findings: &[Finding]) -> Option<String> {
    let kind = findings.first()?.kind().words();
    let more = sentences::more_of(findings);
    Some(match more.is_empty() {
        true => kind,
        false => format!("{kind}: {more}"),
    })
}

fn write_heat_map(answer: &Answer, file: &Path) -> Result<(), Failure> {
    let png = heat_map(&answer.patches).ok_or_else(|| {
        Failure::usage(anyhow::anyhow!(
            "there is no heat map: the measures view and parts make one, of pictures that can be read"
        ))
    })?;
    let written = std::fs::write(file, png);
    Ok(written.with_context(|| format!("cannot write {}", file.display()))?)
}

impl Answer {
    fn new(reference: String, frame: String) -> Self {
        Answer {
            reference,
            frame,
            similarity: None,
            verdict: ERROR,
            detail: None,
            findings: Vec::new(),
            patches: Vec::new(),
        }
    }

    fn not_a_pair(line: &str) -> Self {
        Answer {
            detail: Some("the line has no tab between a reference and a frame".to_owned()),
            ..Answer::new(line.to_owned(), String::new())
        }
    }
}

/// The pairs, and how far they are read; of standard input nobody knows how much there is.
fn open(pairs: &Path) -> Result<(Box<dyn BufRead>, Progress), Failure> {
    if pairs == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), Progress::hidden()));
    }
    let file = File::open(pairs)
        .with_context(|| format!("cannot read the pairs in {}", pairs.display()))
        .map_err(Failure::Usage)?;
    let progress = Progress::of_bytes(file.metadata().map_or(0, |metadata| metadata.len()));
    let input = BufReader::new(progress.through(file));
    Ok((Box::new(input), progress))
}
