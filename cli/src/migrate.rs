//! `framewatch migrate`: what the system that this one replaces has on disk, taken over through the HTTP API. A migration
//! that was interrupted is repeated; it goes on where it was.

mod old;
mod pages;
mod transfer;

use std::path::PathBuf;

use anyhow::anyhow;
use proto::{Measure, v1::Rule};
use serde::Deserialize;
use service_runtime::Failure;

use crate::{
    api::{Api, ApiConfig},
    lines,
};
use old::{Installation, Threshold};
use pages::all_folders;
use transfer::Transfer;

#[derive(clap::Args)]
pub(crate) struct Migrate {
    /// The folder of the old system: it has `uploads`, `cctv_inputs` and docker-compose.yml
    #[arg(value_name = "DIR")]
    root: PathBuf,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    /// The threshold of the default rule [default: SIMILARITY_THRESHOLD as the old system's files have it]
    #[arg(long, value_parser = upload::parse_threshold, value_name = "0..1")]
    threshold: Option<f64>,

    #[command(flatten)]
    api: ApiConfig,
}

/// What the service says of the default rule.
#[derive(Deserialize)]
struct RuleAnswer {
    rule: Option<Rule>,
}

const DEFAULT_RULE: &str = "/api/v1/rules/_default";

impl Migrate {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let old = Installation::read(&self.root).map_err(Failure::usage)?;
        let threshold = self.threshold()?;
        let api = Api::new(&self.api)?;
        let there = all_folders(&api).await?;
        let mut left_out = 0;
        for folder in &old.folders {
            let transfer = Transfer {
                api: &api,
                old: folder,
                is_there: there.iter().any(|name| name == folder.folder.as_str()),
            };
            left_out += transfer.run(self.dry_run).await?;
        }
        for path in &old.misnamed {
            lines::print(format!(
                "{}: left out; a folder's name has up to 64 small letters, digits, - and _: rename it",
                path.display()
            ))?;
        }
        self.set_threshold(&api, threshold).await?;
        self.explain(&old)?;
        match left_out + old.misnamed.len() {
            0 => Ok(()),
            count => Err(Failure::usage(anyhow!(
                "{count} things were not taken over; the lines above say which and why"
            ))),
        }
    }

    /// The threshold, and where it is from.
    fn threshold(&self) -> Result<Option<(f64, String)>, Failure> {
        if let Some(threshold) = self.threshold {
            return Ok(Some((threshold, String::new())));
        }
        let found = old::threshold(&self.root).map_err(Failure::usage)?;
        Ok(found.map(|Threshold { value, path }| {
            (
                value,
                format!(" (SIMILARITY_THRESHOLD in {})", path.display()),
            )
        }))
    }

    /// Sets the threshold where no default rule is set, and the measure that it is one of.
    async fn set_threshold(
        &self,
        api: &Api,
        threshold: Option<(f64, String)>,
    ) -> Result<(), Failure> {
        let Some((threshold, from)) = threshold else {
            return lines::print(format!(
                "no SIMILARITY_THRESHOLD is set there: {} holds, as before",
                Rule::DEFAULT_THRESHOLD
            ));
        };
        let answer: RuleAnswer = api.get(DEFAULT_RULE).await?;
        let there = answer.rule.unwrap_or_default();
        let measure = there.measure.as_deref().unwrap_or(Measure::PHASH);
        if there.threshold.is_some_and(|set| set != threshold) || measure != Measure::PHASH {
            return lines::print(format!(
                "the default rule is set already (threshold {}, measure {measure}) and stays; {threshold}{from} would be set by: \
                 framewatch rule set _default --measure {} --threshold {threshold}",
                there.threshold.unwrap_or(Rule::DEFAULT_THRESHOLD),
                Measure::PHASH,
            ));
        }
        if !self.dry_run && there.threshold.is_none() {
            let rule = Rule::of_phash(threshold).or(there);
            api.put::<serde_json::Value>(DEFAULT_RULE, &rule).await?;
        }
        lines::print(format!("threshold: {threshold}{from}"))
    }

    fn explain(&self, old: &Installation) -> Result<(), Failure> {
        let watch = old
            .camera_inputs
            .as_ref()
            .map_or_else(String::new, |inputs| {
                format!(" --watch {}", inputs.display())
            });
        lines::print(format!(
            "\n\
             From now on it is started so, which goes on with the folders of cameras and with sentences in alert_<folder>:\n\
             \n  framewatch up{watch} --redis-alerts sentence\n\
             \n\
             What is different:\n\
             - A picture's time is that of this migration; their order is that of the files.\n\
             - Cameras may as well publish each frame on NATS, on frames.<folder>, and are then judged within milliseconds.\n\
             - An alert fires once and resolves once: alert_<folder> is there exactly while it fires.\n\
             - docs/migrating.md has all that the old system promised, and where it is now."
        ))
    }
}
