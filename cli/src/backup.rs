//! `framewatch backup`: what people and comparators have made, in a file.

mod collect;

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use event_bus::{Bus, BusConfig, Role};
use futures::future::{Either, select};
use service_runtime::Failure;
use tempfile::NamedTempFile;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::spawn_blocking,
};

use crate::{
    archive::{Counts, Record, Writer},
    lines, up,
};
use collect::{Collector, Damage, Exhibits};

#[derive(clap::Args)]
pub(crate) struct Backup {
    /// Where to write it. A file that is there is replaced when the new one is whole
    file: PathBuf,

    /// Leave out the pictures behind alerts, which are most of it
    #[arg(long)]
    without_evidence: bool,

    #[command(flatten)]
    site: Site,
}

/// What is backed up or restored.
#[derive(clap::Args)]
pub(crate) struct Site {
    /// The data folder of a `framewatch up` that does not run at the moment, in place of a NATS server
    #[arg(long, value_name = "DIR", conflicts_with = "nats_url")]
    data: Option<PathBuf>,

    #[command(flatten)]
    bus: BusConfig,
}

/// What is sent to the task that writes the file.
enum Item {
    /// One more.
    Record(Box<Record>),
    /// There is no more. Without this the file must not be kept.
    End,
}

impl Backup {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        if let Some(data) = &self.site.data
            && !data.join("nats").is_dir()
        {
            return Err(Failure::Usage(anyhow!(
                "{} is not the data folder of a `framewatch up`",
                data.display()
            )));
        }
        let Backup {
            file,
            without_evidence,
            site,
        } = self;
        site.open(async |config| {
            let bus = Bus::connect(config, "framewatch backup", Role::Worker)
                .await
                .map_err(Failure::unavailable)?;
            let exhibits = if without_evidence {
                Exhibits::LeftOut
            } else {
                Exhibits::Included
            };
            let (written, damage) = unless_interrupted(write(&bus, &file, exhibits)).await?;
            lines::print(format!("{}: {}", file.display(), written.summary()))?;
            if !damage.is_none() {
                return Err(Failure::Incomplete(anyhow!(
                    "{} is written, without what NATS cannot read any more because its store is damaged: {damage}",
                    file.display()
                )));
            }
            Ok(())
        })
        .await
    }
}

impl Site {
    /// Does the work with this address of the NATS server.
    pub(crate) async fn open(
        self,
        work: impl AsyncFnOnce(&BusConfig) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self.data {
            Some(data) => up::with_nats_of(&data, work).await,
            None => work(&self.bus).await,
        }
    }
}

/// Gives up at SIGINT and SIGTERM, so that what was begun is removed.
async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let told = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    match select(Box::pin(work), Box::pin(told)).await {
        Either::Left((result, _)) => result,
        Either::Right(((), _)) => Err(anyhow!("interrupted; nothing was written").into()),
    }
}

async fn write(bus: &Bus, path: &Path, exhibits: Exhibits) -> Result<(Counts, Damage), Failure> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let file = NamedTempFile::with_prefix_in(".framewatch-backup-", &folder)
        .with_context(|| format!("cannot write in {}", folder.display()))
        .map_err(Failure::Usage)?;
    let (records, queue) = mpsc::channel(1);
    let path = path.to_owned();
    let writing = spawn_blocking(move || write_file(file, &path, queue));
    let collected = Collector::new(bus, &records).collect(exhibits).await;
    if collected.is_ok() {
        // Where nobody takes it, the file's error says why.
        records.send(Item::End).await.ok();
    }
    drop(records);
    let written = writing.await.map_err(anyhow::Error::new)?;
    match (collected, written) {
        (_, Err(error)) => Err(Failure::Internal(error)),
        (Err(failure), Ok(_)) => Err(failure),
        (Ok(damage), Ok(counts)) => {
            let counts = counts.ok_or_else(|| anyhow!("the end was not written"))?;
            Ok((counts, damage))
        }
    }
}

/// Gives nothing, and leaves nothing, where the end did not come.
fn write_file(
    file: NamedTempFile,
    path: &Path,
    mut queue: mpsc::Receiver<Item>,
) -> anyhow::Result<Option<Counts>> {
    let failed = || format!("cannot write {}", path.display());
    let mut writer = Writer::new(BufWriter::new(file)).with_context(failed)?;
    loop {
        match queue.blocking_recv() {
            Some(Item::Record(record)) => writer.add(&record).with_context(failed)?,
            Some(Item::End) => break,
            None => return Ok(None),
        }
    }
    let (output, counts) = writer.finish().with_context(failed)?;
    let mut file = output.into_inner().with_context(failed)?;
    file.flush().with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    let folder = file.path().parent().map(Path::to_owned);
    file.persist(path).with_context(failed)?;
    if let Some(folder) = folder {
        File::open(folder)?.sync_all().with_context(failed)?;
    }
    Ok(Some(counts))
}
