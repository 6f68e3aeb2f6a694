use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{ArgGroup, builder::PossibleValuesParser};
use comparison::{Baseline, BaselinePicture, Look, compare};
use fingerprint::{Fingerprinter, Limits};
use proto::{
    EffectiveRule, Measure,
    v1::{Rule, Verdict},
};
use serde::Serialize;
use service_runtime::Failure;
use upload::parse_threshold;

use crate::{lines, progress::Progress};

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

    /// Read `REFERENCE<TAB>FRAME` lines from a file (`-`: standard input) and answer each, in order, with
    /// `SIMILARITY<TAB>VERDICT<TAB>DETAIL`
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,

    /// The least similarity that counts as a match
    #[arg(long, default_value_t = Rule::DEFAULT_THRESHOLD, value_parser = parse_threshold, value_name = "0..1")]
    threshold: f64,

    /// How the similarity is measured; a threshold of one measure is none of another
    #[arg(long, default_value = Measure::PHASH, value_parser = PossibleValuesParser::new(Measure::WORDS))]
    measure: String,

    /// Answer in JSON, one object a line
    #[arg(long)]
    json: bool,
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
}

const ERROR: &str = "error";

impl Compare {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if let Some(pairs) = &self.pairs {
            self.compare_pairs(pairs)?;
            return Ok(ExitCode::SUCCESS);
        }
        let (Some(reference), Some(frame)) = (&self.reference, &self.frame) else {
            return Err(Failure::usage(anyhow::anyhow!(
                "REFERENCE and FRAME, or --pairs, are needed"
            )));
        };
        let mut fingerprinter = Fingerprinter::new(Limits::default());
        let baseline = self.baseline_of(&mut fingerprinter, reference);
        let answer = self.answer(&mut fingerprinter, &baseline, reference, frame);
        lines::print(self.line(&answer)?)?;
        Ok(ExitCode::from(match answer.verdict {
            ERROR => 3,
            verdict if verdict == Verdict::Match.word() => 0,
            verdict if verdict == Verdict::Mismatch.word() => 1,
            _ => 2,
        }))
    }

    fn compare_pairs(&self, pairs: &Path) -> Result<(), Failure> {
        let (input, progress) = open(pairs)?;
        let mut fingerprinter = Fingerprinter::new(Limits::default());
        let mut last: Option<(PathBuf, Result<Baseline, String>)> = None;
        for line in input.split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            let Some((reference, frame)) = line.trim_end_matches('\r').split_once('\t') else {
                progress.print(self.line(&Answer::not_a_pair(&line))?)?;
                continue;
            };
            let (reference, frame) = (Path::new(reference), Path::new(frame));
            let baseline = match last.take() {
                Some((path, baseline)) if path == reference => baseline,
                _ => self.baseline_of(&mut fingerprinter, reference),
            };
            let answer = self.answer(&mut fingerprinter, &baseline, reference, frame);
            last = Some((reference.to_owned(), baseline));
            progress.print(self.line(&answer)?)?;
        }
        Ok(())
    }

    fn answer(
        &self,
        fingerprinter: &mut Fingerprinter,
        baseline: &Result<Baseline, String>,
        reference: &Path,
        frame: &Path,
    ) -> Answer {
        let both = baseline
            .as_ref()
            .map_err(String::clone)
            .and_then(|baseline| Ok((baseline, self.read(fingerprinter, frame)?)));
        let (similarity, verdict, detail) = match both {
            Ok((baseline, look)) => match compare(baseline, &look, &self.rule()) {
                Ok(compared) => (Some(compared.similarity), compared.verdict.word(), None),
                Err(error) => (None, ERROR, Some(error.to_string())),
            },
            Err(why) => (None, ERROR, Some(why)),
        };
        Answer {
            reference: reference.display().to_string(),
            frame: frame.display().to_string(),
            similarity,
            verdict,
            detail,
        }
    }

    /// What frames are held against that are compared with this picture alone.
    fn baseline_of(
        &self,
        fingerprinter: &mut Fingerprinter,
        path: &Path,
    ) -> Result<Baseline, String> {
        let look = self.read(fingerprinter, path)?;
        let name = path.display().to_string();
        Ok(Baseline::new(BaselinePicture {
            id: name.clone(),
            name,
            look,
        }))
    }

    fn read(&self, fingerprinter: &mut Fingerprinter, path: &Path) -> Result<Look, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        fingerprinter
            .with_hash(&bytes, self.rule().measure.hash())
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    fn rule(&self) -> EffectiveRule {
        let own = Rule {
            threshold: Some(self.threshold),
            measure: Some(self.measure.clone()),
            ..Rule::default()
        };
        EffectiveRule::of(Some(own), None)
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

impl Answer {
    fn not_a_pair(line: &str) -> Self {
        Answer {
            reference: line.to_owned(),
            frame: String::new(),
            similarity: None,
            verdict: ERROR,
            detail: Some("the line has no tab between a reference and a frame".to_owned()),
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
