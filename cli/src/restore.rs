//! `framewatch restore`: what a backup holds, put back.

use std::{
    fs::File,
    io::{BufReader, Seek as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use event_bus::{Bus, BusConfig, ExhibitKey, PictureKey, Restoration, Role, StoreError};
use proto::rfc3339;
use service_runtime::Failure;
use time::OffsetDateTime;
use tokio::{sync::mpsc, task::spawn_blocking, time::sleep};

use crate::{
    archive::{self, ArchiveError, Record, Whole},
    backup::Site,
    lines,
    progress::Progress,
};

#[derive(clap::Args)]
pub(crate) struct Restore {
    /// What `framewatch backup` has written
    file: PathBuf,

    /// Remove the references, normal pictures, rules, folders, alerts and acknowledgements that are there; without this, there may be none
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    site: Site,
}

/// How far a clock may be behind the clock of the machine that made the backup.
const CLOCKS_DIFFER: time::Duration = time::Duration::minutes(1);

impl Restore {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let Restore {
            file: path,
            replace,
            site,
        } = self;
        let opened = File::open(&path)
            .with_context(|| format!("cannot read {}", path.display()))
            .map_err(Failure::Usage)?;
        let file = opened.try_clone()?;
        let checking = spawn_blocking(move || read(&file, |_| Ok(())));
        let backup = checking.await.map_err(anyhow::Error::new)?;
        let backup = backup.map_err(|error| unusable(&path, error))?;
        check_clock(&backup)?;

        site.open(async |config| {
            let target = Target::open(config, &backup).await?;
            target.check(replace).await?;
            target.restore(opened, &path).await?;
            let made = rfc3339(backup.header.created_at);
            lines::print(format!(
                "Restored what {} holds, of {made}: {}",
                path.display(),
                backup.counts.summary()
            ))?;
            lines::print(
                "Start the services now. Where Redis is not new, empty it before: it knows what was there until now.",
            )
        })
        .await
    }
}

/// Reads the file from its beginning, with a bar.
fn read(
    mut file: &File,
    take: impl FnMut(Record) -> Result<(), ArchiveError>,
) -> Result<Whole, ArchiveError> {
    let damaged = |error: std::io::Error| ArchiveError::Damaged(error.into());
    file.rewind().map_err(damaged)?;
    let progress = Progress::of_bytes(file.metadata().map_err(damaged)?.len());
    archive::read(progress.through(BufReader::new(file)), take)
}

fn unusable(path: &Path, error: ArchiveError) -> Failure {
    let what = format!("nothing was restored from {}", path.display());
    Failure::Usage(anyhow::Error::new(error).context(what))
}

/// Frames are compared with references and alerts by the broker's clock: one that is behind would make all new frames look
/// older than the last alert.
fn check_clock(backup: &Whole) -> Result<(), Failure> {
    let made = backup.header.created_at;
    if made > OffsetDateTime::now_utc() + CLOCKS_DIFFER {
        let made = rfc3339(made);
        return Err(Failure::Usage(anyhow!(
            "the backup was made at {made}, which is still to come by this machine's clock; set the clock right first"
        )));
    }
    Ok(())
}

/// The system that is restored to.
struct Target {
    bus: Bus,
    /// The checksum of the backup.
    sha256: String,
}

impl Target {
    async fn open(config: &BusConfig, backup: &Whole) -> Result<Self, Failure> {
        let bus = Bus::connect(config, "framewatch restore", Role::Restorer).await;
        let bus = bus.map_err(Failure::unavailable)?;
        Ok(Target {
            sha256: backup.sha256.clone(),
            bus,
        })
    }

    /// Checks that the restore may be done.
    async fn check(&self, replace: bool) -> Result<(), Failure> {
        if self.is_in_use().await? {
            return Err(Failure::Usage(anyhow!(
                "services are running there; stop the upload service and all comparators first, and start them afterwards"
            )));
        }
        let begun = self.bus.unfinished_restoration().await;
        match begun.map_err(unavailable)? {
            _ if replace => Ok(()),
            Some(begun) if begun == self.sha256 => {
                lines::print("A restore of this backup was broken off; beginning it again.")
            }
            Some(_) => Err(Failure::Usage(anyhow!(
                "a restore of another backup was broken off there; run that again, or this one with --replace"
            ))),
            None if self.bus.is_unused().await.map_err(unavailable)? => Ok(()),
            None => Err(Failure::Usage(anyhow!(
                "there are references, rules or alerts already; --replace removes them"
            ))),
        }
    }

    /// A service asks for events all the time, but for a moment now and then.
    async fn is_in_use(&self) -> Result<bool, Failure> {
        for _ in 0..3 {
            if self.bus.is_in_use().await.map_err(unavailable)? {
                return Ok(true);
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(false)
    }

    async fn restore(&self, file: File, path: &Path) -> Result<(), Failure> {
        let (sender, mut records) = mpsc::channel(1);
        let reading = spawn_blocking(move || {
            read(&file, |record| {
                sender
                    .blocking_send(record)
                    .map_err(|_| ArchiveError::GivenUp)
            })
        });
        let begun = self.bus.begin_restoration(&self.sha256).await;
        let mut restoration = begun.map_err(unavailable)?;
        while let Some(record) = records.recv().await {
            let put = self.put(&mut restoration, record).await;
            put.map_err(unavailable)?;
        }
        let read = reading.await.map_err(anyhow::Error::new)?;
        let read = read.map_err(|error| changed(path, error.into()))?;
        if read.sha256 != self.sha256 {
            return Err(changed(path, anyhow!("it is another backup now")));
        }
        let folders = self.bus.folders();
        folders.mark_seeded().await.map_err(unavailable)?;
        restoration.finish().await.map_err(unavailable)
    }

    async fn put(&self, restoration: &mut Restoration, record: Record) -> Result<(), StoreError> {
        let bus = &self.bus;
        match record {
            Record::Folder(folder, details) => {
                bus.folders().describe(&folder, &details).await.map(drop)
            }
            Record::Camera(folder, settings) => {
                let bucket = bus.camera_settings();
                bucket.set(&folder, &settings).await.map(drop)
            }
            Record::Rule(scope, rule) => bus.rules().set(&scope, &rule).await.map(drop),
            Record::Acknowledgement(alert, acknowledgement) => {
                let set = bus.acknowledgements().set(&alert, &acknowledgement).await;
                set.map(drop)
            }
            Record::Comparison(folder, last) => restoration.comparison(&folder, &last).await,
            Record::Upload(folder, last) => restoration.reference(&folder, &last).await,
            Record::Change(scope, change) => restoration.change(&scope, &change).await,
            Record::Alert(subject, alert) => restoration.alert(&subject, &alert).await,
            Record::Reference(folder, upload, picture) => {
                let key = PictureKey::new(&folder, &upload.id);
                bus.references().put(&key, &upload, &picture).await
            }
            Record::Normal(folder, upload, picture) => {
                let key = PictureKey::new(&folder, &upload.id);
                bus.normals().put(&key, &upload, &picture).await
            }
            Record::Evidence(alert, exhibit, picture) => {
                let key = ExhibitKey::new(alert.to_string(), exhibit);
                bus.evidence().put(&key, &(), &picture).await
            }
        }
    }
}

fn changed(path: &Path, error: anyhow::Error) -> Failure {
    Failure::Internal(error.context(format!(
        "{} changed while it was read; the restore is not finished: run it again",
        path.display()
    )))
}

fn unavailable(error: StoreError) -> Failure {
    Failure::Unavailable(
        anyhow!(error)
            .context("NATS did not do what was asked; where the restore had begun, run it again"),
    )
}
