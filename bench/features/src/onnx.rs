//! ONNX Runtime in a Python of its own, asked over pipes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context as _;
use features::{Features, Input, Stage};

pub(crate) struct OnnxRuntime {
    /// What it says of itself.
    pub(crate) version: String,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl OnnxRuntime {
    /// Nothing where that Python, or a package, is missing.
    pub(crate) fn start(python: &Path, weights: &Path) -> anyhow::Result<Option<Self>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("onnx_runtime.py");
        let mut command = Command::new(python);
        command.arg(script).arg(weights);
        let Ok(mut child) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
            return Ok(None);
        };
        let questions = child.stdin.take().context("its input is a pipe")?;
        let mut answers = BufReader::new(child.stdout.take().context("its output is a pipe")?);
        let mut version = String::new();
        if answers.read_line(&mut version)? == 0 {
            child.wait()?;
            return Ok(None);
        }
        let version = version.trim().to_owned();
        Ok(Some(Self {
            version,
            child,
            questions,
            answers,
        }))
    }

    /// What it sees in a picture, which it keeps for [`OnnxRuntime::time`].
    pub(crate) fn of(&mut self, picture: &Input) -> anyhow::Result<Features> {
        self.questions.write_all(b"features\n")?;
        self.questions.write_all(picture.bytes())?;
        Ok(Features {
            stage5: self.numbers(Stage::FIVE)?,
            stage7: self.numbers(Stage::SEVEN)?,
        })
    }

    fn numbers(&mut self, stage: Stage) -> anyhow::Result<Vec<f32>> {
        let mut bytes = vec![0; 4 * stage.rows * stage.columns * stage.channels];
        self.answers.read_exact(&mut bytes)?;
        let numbers = bytes.as_chunks().0.iter();
        Ok(numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// The milliseconds of some runs.
    pub(crate) fn time(&mut self, runs: usize) -> anyhow::Result<Vec<f64>> {
        writeln!(self.questions, "time {runs}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        line.split_whitespace()
            .map(|word| word.parse().context("it prints milliseconds"))
            .collect()
    }

    /// Ends it.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        let Self {
            mut child,
            questions,
            ..
        } = self;
        drop(questions);
        child.wait()?;
        Ok(())
    }
}
