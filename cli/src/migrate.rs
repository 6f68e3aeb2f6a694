//! `framewatch migrate`: what the system that this one replaces has on disk, taken over through the HTTP API. A migration
//! that was interrupted is repeated; it goes on where it was.

mod old;

use std::{collections::HashMap, path::PathBuf};

use anyhow::anyhow;
use event_bus::Folder;
use proto::{
    Measure,
    v1::{Folder as Details, Rule, Upload},
};
use serde::{Deserialize, de::DeserializeOwned};
use service_runtime::Failure;

use crate::{
    api::{Api, ApiConfig},
    lines,
    progress::Progress,
};
use old::{Installation, OldFolder, OldPicture, Threshold};

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

#[derive(Deserialize)]
struct FolderPage {
    folders: Vec<Named>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    folder: String,
}

#[derive(Deserialize)]
struct ImagePage {
    images: Vec<Upload>,
    next: Option<String>,
}

/// What the service says of the default rule.
#[derive(Deserialize)]
struct RuleAnswer {
    rule: Option<Rule>,
}

trait Page: DeserializeOwned {
    type Entry;
    fn split(self) -> (Vec<Self::Entry>, Option<String>);
}

/// No service can be set to take more.
const LARGEST: u64 = 1_000_000_000;

const DEFAULT_RULE: &str = "/api/v1/rules/_default";

impl Migrate {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let old = Installation::read(&self.root).map_err(Failure::usage)?;
        let threshold = self.threshold()?;
        let api = Api::new(&self.api)?;
        let there = all::<FolderPage>(&api, "/api/v1/folders?limit=200").await?;
        let mut refused = 0;
        for folder in &old.folders {
            let is_there = there
                .iter()
                .any(|known| known.folder == folder.folder.as_str());
            refused += self.take_over(&api, folder, is_there).await?;
        }
        for path in &old.misnamed {
            lines::print(format!(
                "{}: left out; a folder's name has up to 64 small letters, digits, - and _: rename it",
                path.display()
            ))?;
        }
        self.set_threshold(&api, threshold).await?;
        self.explain(&old)?;
        match refused + old.misnamed.len() {
            0 => Ok(()),
            count => Err(Failure::usage(anyhow!(
                "{count} things were not taken over; the lines above say which and why"
            ))),
        }
    }

    /// Uploads a folder's pictures in order of their age; says how many were refused.
    async fn take_over(
        &self,
        api: &Api,
        OldFolder { folder, pictures }: &OldFolder,
        is_there: bool,
    ) -> Result<usize, Failure> {
        let known = match is_there {
            true => {
                all::<ImagePage>(api, &format!("/api/v1/folders/{folder}/images?limit=200")).await?
            }
            false => Vec::new(),
        };
        let mut known = Known::of(&known);
        let new: Vec<_> = pictures
            .iter()
            .filter(|picture| !known.takes(picture))
            .collect();
        lines::print(format!(
            "{folder}: {} pictures, {} of them there already{}",
            pictures.len(),
            pictures.len() - new.len(),
            if self.dry_run {
                "; nothing is done"
            } else {
                ""
            }
        ))?;
        if self.dry_run {
            return Ok(0);
        }
        if !is_there {
            let path = format!("/api/v1/folders/{folder}");
            api.put::<serde_json::Value>(&path, &Details::default())
                .await?;
        }
        upload_all(api, folder, &new).await
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
        if let Some(set) = there.threshold.filter(|set| *set != threshold) {
            return lines::print(format!(
                "the default rule has the threshold {set} already, which stays; {threshold}{from} would be set by: \
                 framewatch rule set _default --threshold {threshold}"
            ));
        }
        if !self.dry_run {
            let rule = Rule {
                threshold: Some(threshold),
                measure: Some(Measure::PHASH.to_owned()),
                ..Rule::default()
            };
            api.put::<serde_json::Value>(DEFAULT_RULE, &rule.or(there))
                .await?;
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

async fn upload_all(
    api: &Api,
    folder: &Folder,
    pictures: &[&OldPicture],
) -> Result<usize, Failure> {
    let progress = Progress::of_bytes(pictures.iter().map(|picture| picture.bytes).sum());
    let mut refused = 0;
    for picture in pictures {
        let path = &picture.path;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let uploaded = match read(picture).await {
            Ok(bytes) => {
                let length = bytes.len();
                let body = progress.through_body(bytes.into());
                api.upload(folder.as_str(), &name, length, body).await
            }
            Err(error) => Err(Failure::usage(error)),
        };
        match uploaded {
            Ok(_) => {}
            Err(Failure::Usage(error)) => {
                refused += 1;
                progress.print(format!("{}: not taken; {error:#}", path.display()))?;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(refused)
}

async fn read(picture: &OldPicture) -> anyhow::Result<Vec<u8>> {
    if picture.bytes > LARGEST {
        return Err(anyhow!(
            "it has {} bytes; no service takes so large a picture",
            picture.bytes
        ));
    }
    Ok(tokio::fs::read(&picture.path).await?)
}

/// The pictures that a folder has, each of which stands for one file.
struct Known(HashMap<(String, u64), usize>);

impl Known {
    fn of(images: &[Upload]) -> Self {
        let mut counts = HashMap::new();
        for image in images {
            *counts
                .entry((letters(&image.name), image.size_bytes))
                .or_default() += 1;
        }
        Known(counts)
    }

    /// Whether one of them is this file's.
    fn takes(&mut self, picture: &OldPicture) -> bool {
        let name = picture
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let count = self.0.get_mut(&(letters(&name), picture.bytes));
        match count {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

/// What of a name the service leaves as it is.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// All entries of a list, page by page.
async fn all<P: Page>(api: &Api, first: &str) -> Result<Vec<P::Entry>, Failure> {
    let mut all = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page: P = api.get(&path).await?;
        let (entries, following) = page.split();
        all.extend(entries);
        next = following;
    }
    Ok(all)
}

impl Page for FolderPage {
    type Entry = Named;

    fn split(self) -> (Vec<Named>, Option<String>) {
        (self.folders, self.next)
    }
}

impl Page for ImagePage {
    type Entry = Upload;

    fn split(self) -> (Vec<Upload>, Option<String>) {
        (self.images, self.next)
    }
}
