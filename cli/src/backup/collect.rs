//! What belongs to a backup, read from NATS piece by piece.

use std::{collections::BTreeMap, fmt};

use anyhow::anyhow;
use bytes::Bytes;
use event_bus::{
    AcknowledgementChange, Bus, CameraSettingsChange, Declaration, Event, ExhibitChange,
    ExhibitKey, Extent, Folder, FolderChange, ObjectBucket, ObjectChange, Objects, PictureKey,
    ReferenceChange, RuleChange, StoreError, Stored,
};
use proto::v1::{Alert, Change, Comparison, Upload};
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
    damage: Damage,
}

/// How many messages of each stream or bucket NATS itself can no longer read.
#[derive(Default)]
pub(super) struct Damage(BTreeMap<&'static str, u64>);

impl Damage {
    pub(super) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, stream: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry(stream).or_default() += count;
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (stream, count)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{} of {stream}", things(*count))?;
        }
        Ok(())
    }
}

const LATEST: Extent = Extent::LatestOfEachKey;

impl<'a> Collector<'a> {
    pub(super) fn new(bus: &'a Bus, records: &'a mpsc::Sender<Item>) -> Self {
        Collector {
            bus,
            records,
            progress: Progress::hidden(),
            passed_over: 0,
            damage: Damage::default(),
        }
    }

    /// What refers to another thing is read before that thing: an acknowledgement before the alerts, an event before
    /// its picture. So after a restore, what changed meanwhile looks as it may look after a crash, and services heal
    /// that.
    pub(super) async fn collect(mut self, exhibits: Exhibits) -> Result<Damage, Failure> {
        self.events::<FolderChange>(|Stored { key, event, .. }| {
            let (folder, details) = key.folder().zip(event.value)?;
            Some(Record::Folder(folder, details))
        })
        .await?;
        self.events::<RuleChange>(|Stored { key, event, .. }| {
            event.value.map(|rule| Record::Rule(key, rule))
        })
        .await?;
        self.events::<CameraSettingsChange>(|Stored { key, event, .. }| {
            let settings = event.value?;
            Some(Record::Camera(key, Box::new(settings)))
        })
        .await?;
        self.events::<AcknowledgementChange>(|Stored { key, event, .. }| {
            event
                .value
                .map(|acknowledgement| Record::Acknowledgement(key, acknowledgement))
        })
        .await?;
        self.events::<Comparison>(|Stored { key, event, .. }| Some(Record::Comparison(key, event)))
            .await?;
        self.events::<ReferenceChange>(|Stored { key, event, .. }| {
            Some(Record::Upload(key, event))
        })
        .await?;
        self.events::<Change>(|Stored { key, event, .. }| {
            Some(Record::Change(key, Box::new(event)))
        })
        .await?;
        self.events::<Alert>(|Stored { key, event, .. }| Some(Record::Alert(key, event)))
            .await?;
        self.pictures(exhibits).await?;
        if self.passed_over > 0 {
            lines::print(format!(
                "{} could not be read or is not as our services make it, and is not in the backup",
                things(self.passed_over)
            ))?;
        }
        Ok(self.damage)
    }

    /// As much of a stream as is declared to be in a backup.
    async fn events<E: Event>(
        &mut self,
        record: impl Fn(Stored<E>) -> Option<Record>,
    ) -> Result<(), Failure> {
        let declared = Declaration::of::<E>();
        let Some(extent) = declared.and_then(|declared| declared.backup.extent()) else {
            return Ok(());
        };
        let mut events = self.bus.snapshot::<E>(extent).await.map_err(unavailable)?;
        while let Some(stored) = events.next().await.map_err(unavailable)? {
            if let Some(record) = record(stored) {
                self.add(record).await?;
            }
        }
        self.passed_over += events.unreadable();
        self.damage.add(E::STREAM, events.damaged());
        Ok(())
    }

    async fn pictures(&mut self, exhibits: Exhibits) -> Result<(), Failure> {
        let (pictures, normals) = (self.bus.references(), self.bus.normals());
        let evidence = self.bus.evidence();
        let mut bytes = pictures.size().await.map_err(unavailable)?;
        bytes += normals.size().await.map_err(unavailable)?;
        if exhibits == Exhibits::Included {
            bytes += evidence.size().await.map_err(unavailable)?;
        }
        self.progress = Progress::of_bytes(bytes);

        self.pictures_of(&pictures, Record::Reference).await?;
        self.pictures_of(&normals, Record::Normal).await?;
        if exhibits == Exhibits::LeftOut {
            return Ok(());
        }
        for key in self.exhibits().await? {
            let picture = evidence.get(&key).await;
            let picture = self.unless_damaged::<ExhibitChange, _>(picture)?;
            match (picture, key.alert.parse()) {
                (Some(picture), Ok(alert)) => {
                    self.add(Record::Evidence(alert, key.exhibit, picture))
                        .await?;
                }
                (Some(_), Err(_)) => self.passed_over += 1,
                (None, _) => {}
            }
        }
        Ok(())
    }

    /// All pictures of a bucket, each with what is known of it.
    async fn pictures_of<B: ObjectBucket<Key = PictureKey, About = Upload>>(
        &mut self,
        pictures: &Objects<B>,
        record: impl Fn(Folder, Upload, Bytes) -> Record,
    ) -> Result<(), Failure> {
        let mut found = Vec::new();
        let changes = self.bus.snapshot::<ObjectChange<B>>(LATEST).await;
        let mut changes = changes.map_err(unavailable)?;
        while let Some(change) = changes.next().await.map_err(unavailable)? {
            found.extend(change.event.about.map(|upload| (change.key, upload)));
        }
        self.passed_over += changes.unreadable();
        self.damage
            .add(ObjectChange::<B>::STREAM, changes.damaged());
        for (key, upload) in found {
            let picture = pictures.get(&key).await;
            let picture = self.unless_damaged::<ObjectChange<B>, _>(picture)?;
            // Otherwise it was removed a moment ago.
            if let Some(picture) = picture {
                self.add(record(key.folder, upload, picture)).await?;
            }
        }
        Ok(())
    }

    async fn exhibits(&mut self) -> Result<Vec<ExhibitKey>, Failure> {
        let mut found = Vec::new();
        let changes = self.bus.snapshot::<ExhibitChange>(LATEST).await;
        let mut changes = changes.map_err(unavailable)?;
        while let Some(change) = changes.next().await.map_err(unavailable)? {
            if change.event.about.is_some() {
                found.push(change.key);
            }
        }
        self.passed_over += changes.unreadable();
        self.damage.add(ExhibitChange::STREAM, changes.damaged());
        Ok(found)
    }

    /// One that is damaged is as good as gone.
    fn unless_damaged<E: Event, T>(
        &mut self,
        read: Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, Failure> {
        match read {
            Err(StoreError::Damaged { .. }) => {
                self.damage.add(E::STREAM, 1);
                Ok(None)
            }
            other => other.map_err(unavailable),
        }
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
