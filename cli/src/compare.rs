//! `framewatch compare`: holds pictures in files against each other, without a server.

mod comparer;
mod pairs;

use std::{
    iter,
    path::{Path, PathBuf},
    process::ExitCode,
};

use alerting::sentences;
use anyhow::Context as _;
use clap::{ArgGroup, builder::PossibleValuesParser};
use comparison::check_areas;
use looks::{ModelConfig, heat_map};
use proto::{
    EffectiveRule, Measure,
    v1::{Finding, Rule, Verdict},
};
use serde::Serialize;
use service_runtime::Failure;
use upload::parse_threshold;

use self::comparer::Comparer;
use crate::{lines, rule::AreaFlags};

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
        let comparer = self.comparer()?;
        if let Some(pairs) = &self.pairs {
            pairs::answer_all(&comparer, pairs, |answer| self.line(answer))?;
            return Ok(ExitCode::SUCCESS);
        }
        let (Some(reference), Some(frame)) = (&self.reference, &self.frame) else {
            return Err(Failure::usage(anyhow::anyhow!(
                "REFERENCE and FRAME, or --pairs, are needed"
            )));
        };
        let right: Vec<PathBuf> = iter::once(reference).chain(&self.normal).cloned().collect();
        let answer = comparer.worker().answer(&right, frame);
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
        Ok(Comparer::new(rule, model))
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
