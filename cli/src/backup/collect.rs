use anyhow::anyhow;
use event_bus::{
    AcknowledgementChange, Bus, Event, Exhibit, ExhibitChange, Extent, FolderChange, PictureChange,
    PictureKey, ReferenceChange, RuleChange, StoreError, Stored,
};
use proto::v1::{Alert, Comparison, Upload};
use service_runtime::Failure;
use tokio::sync::mpsc;

use super::Item;
use crate::{archive::Record, lines, progress::Progress};

/// Whether the pictures behind alerts belong to a backup.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exhibits {
    Included,
    LeftOut,
}

/// Reads what there is and hands it on. The names of all pictures are in memory, and one of the pictures.
pub(super) struct Collector<'a> {
    bus: &'a Bus,
    records: &'a mpsc::Sender<Item>,
    progress: Progress,
    passed_over: u64,
}

const LATEST: Extent = Extent::LatestOfEachKey;

impl<'a> Collector<'a> {
    pub(super) fn new(bus: &'a Bus, records: &'a mpsc::Sender<Item>) -> Self {
        Collector {
            bus,
            records,
            progress: Progress::hidden(),
            passed_over: 0,
        }
    }

    /// What says something of another thing is read before it: an acknowledgement before the alerts, an event before its
    /// picture. So what changes meanwhile looks, once it is restored, like what a crash may leave, which services heal.
    pub(super) async fn collect(mut self, exhibits: Exhibits) -> Result<(), Failure> {
        self.events::<FolderChange>(LATEST, |stored| {
            let FolderChange(is_made) = stored.event;
            stored.key.filter(|_| is_made).map(Record::Folder)
        })
        .await?;
        self.events::<RuleChange>(LATEST, |Stored { key, event, .. }| {
            event.0.map(|rule| Record::Rule(key, rule))
        })
        .await?;
        self.events::<AcknowledgementChange>(LATEST, |Stored { key, event, .. }| {
            event
                .0
                .map(|acknowledgement| Record::Acknowledgement(key, acknowledgement))
        })
        .await?;
        self.events::<Comparison>(LATEST, |Stored { key, event, .. }| {
            Some(Record::Comparison(key, event))
        })
        .await?;
        self.events::<ReferenceChange>(LATEST, |Stored { key, event, .. }| {
            Some(Record::Change(key, event))
        })
        .await?;
        self.events::<Alert>(Extent::Everything, |Stored { key, event, .. }| {
            Some(Record::Alert(key, event))
        })
        .await?;
        self.pictures(exhibits).await?;
        if self.passed_over > 0 {
            lines::print(format!(
                "{} could not be read or is not as our services make it, and is not in the backup",
                things(self.passed_over)
            ))?;
        }
        Ok(())
    }

    async fn events<E: Event>(
        &mut self,
        extent: Extent,
        record: impl Fn(Stored<E>) -> Option<Record>,
    ) -> Result<(), Failure> {
        let mut events = self.bus.snapshot::<E>(extent).await.map_err(unavailable)?;
        while let Some(stored) = events.next().await.map_err(unavailable)? {
            if let Some(record) = record(stored) {
                self.add(record).await?;
            }
        }
        self.passed_over += events.unreadable();
        Ok(())
    }

    async fn pictures(&mut self, exhibits: Exhibits) -> Result<(), Failure> {
        let pictures = self.bus.pictures().await.map_err(unavailable)?;
        let evidence = self.bus.evidence().await.map_err(unavailable)?;
        let mut bytes = pictures.size().await.map_err(unavailable)?;
        if exhibits == Exhibits::Included {
            bytes += evidence.size().await.map_err(unavailable)?;
        }
        self.progress = Progress::of_bytes(bytes);

        for (PictureKey { folder, id }, upload) in self.references().await? {
            let picture = pictures.get(&folder, &id).await.map_err(unavailable)?;
            // Otherwise it was removed a moment ago.
            if let Some(picture) = picture {
                self.add(Record::Reference(folder, upload, picture)).await?;
            }
        }
        if exhibits == Exhibits::LeftOut {
            return Ok(());
        }
        for (alert, exhibit) in self.exhibits().await? {
            let picture = evidence.get(&alert, exhibit).await.map_err(unavailable)?;
            match (picture, alert.parse()) {
                (Some(picture), Ok(alert)) => {
                    self.add(Record::Evidence(alert, exhibit, picture)).await?;
                }
                (Some(_), Err(_)) => self.passed_over += 1,
                (None, _) => {}
            }
        }
        Ok(())
    }

    async fn references(&mut self) -> Result<Vec<(PictureKey, Upload)>, Failure> {
        let mut found = Vec::new();
        let changes = self.bus.snapshot::<PictureChange>(LATEST).await;
        let mut changes = changes.map_err(unavailable)?;
        while let Some(change) = changes.next().await.map_err(unavailable)? {
            found.extend(change.event.0.map(|upload| (change.key, upload)));
        }
        self.passed_over += changes.unreadable();
        Ok(found)
    }

    async fn exhibits(&mut self) -> Result<Vec<(String, Exhibit)>, Failure> {
        let mut found = Vec::new();
        let changes = self.bus.snapshot::<ExhibitChange>(LATEST).await;
        let mut changes = changes.map_err(unavailable)?;
        while let Some(change) = changes.next().await.map_err(unavailable)? {
            if change.event.0 {
                found.push(change.key);
            }
        }
        self.passed_over += changes.unreadable();
        Ok(found)
    }

    async fn add(&mut self, record: Record) -> Result<(), Failure> {
        self.progress.advance_by(record.picture_bytes());
        if record.check().is_err() {
            self.passed_over += 1;
            return Ok(());
        }
        let sent = self.records.send(Item::Record(Box::new(record))).await;
        sent.map_err(|_| anyhow!("the file is not written any more").into())
    }
}

fn things(count: u64) -> String {
    match count {
        1 => "1 thing".to_owned(),
        _ => format!("{count} things"),
    }
}

fn unavailable(error: StoreError) -> Failure {
    Failure::Unavailable(anyhow!(error).context("NATS cannot be read"))
}
