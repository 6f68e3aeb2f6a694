//! What a backup holds, and how each piece is named in its archive.

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use event_bus::{
    AlertKey, AlertSubject, CameraSettings, Exhibit, Folder, ReferenceChange, RuleScope,
};
use fingerprint::Format;
use proto::v1::{
    Acknowledgement, Alert, Change, Comparison, Folder as Details, NormalAdded, NormalRemoved,
    Rule, Upload, UploadRemoved,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::MAX_PICTURE;

/// One thing that a backup holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record {
    /// A folder that was made, and what people say of it.
    Folder(Folder, Details),
    Rule(RuleScope, Rule),
    /// A folder's camera that was set on the page or by API, its password encrypted.
    Camera(Folder, Box<CameraSettings>),
    Acknowledgement(AlertKey, Acknowledgement),
    /// A folder's last comparison.
    Comparison(Folder, Comparison),
    /// What was last said of a folder's reference.
    Upload(Folder, ReferenceChange),
    /// A change of a subject's alert state.
    Alert(AlertSubject, Alert),
    /// A change that somebody made.
    Change(RuleScope, Box<Change>),
    Reference(Folder, Upload, Bytes),
    Normal(Folder, Upload, Bytes),
    Evidence(AlertKey, Exhibit, Bytes),
}

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Folders,
    Rules,
    CameraSettings,
    Acknowledgements,
    Comparisons,
    Uploads,
    Alerts,
    Changes,
    References,
    Normals,
    Evidence,
}

impl Kind {
    const ALL: [Kind; 11] = [
        Kind::Folders,
        Kind::Rules,
        Kind::CameraSettings,
        Kind::Acknowledgements,
        Kind::Comparisons,
        Kind::Uploads,
        Kind::Alerts,
        Kind::Changes,
        Kind::References,
        Kind::Normals,
        Kind::Evidence,
    ];

    /// The folder of the archive that holds them: the name of their stream or bucket, in lower case.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Folders => "folders",
            Kind::Rules => "rules",
            Kind::CameraSettings => "camera-settings",
            Kind::Acknowledgements => "acknowledgements",
            Kind::Comparisons => "comparisons",
            Kind::Uploads => "uploads",
            Kind::Alerts => "alerts",
            Kind::Changes => "changes",
            Kind::References => "references",
            Kind::Normals => "normals",
            Kind::Evidence => "evidence",
        }
    }

    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// The longest id of an alert whose pictures are kept, so that their names fit into an archive.
const MAX_ALERT_ID: usize = 140;

/// A line of an entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<T> {
    key: String,
    value: T,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Announced {
    Uploaded(Upload),
    Removed(UploadRemoved),
    NormalAdded(NormalAdded),
    NormalRemoved(NormalRemoved),
}

impl From<ReferenceChange> for Announced {
    fn from(change: ReferenceChange) -> Self {
        match change {
            ReferenceChange::Uploaded(upload) => Announced::Uploaded(upload),
            ReferenceChange::Removed(removed) => Announced::Removed(removed),
            ReferenceChange::NormalAdded(added) => Announced::NormalAdded(added),
            ReferenceChange::NormalRemoved(removed) => Announced::NormalRemoved(removed),
        }
    }
}

impl From<Announced> for ReferenceChange {
    fn from(announced: Announced) -> Self {
        match announced {
            Announced::Uploaded(upload) => ReferenceChange::Uploaded(upload),
            Announced::Removed(removed) => ReferenceChange::Removed(removed),
            Announced::NormalAdded(added) => ReferenceChange::NormalAdded(added),
            Announced::NormalRemoved(removed) => ReferenceChange::NormalRemoved(removed),
        }
    }
}

impl Record {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Record::Folder(..) => Kind::Folders,
            Record::Rule(..) => Kind::Rules,
            Record::Camera(..) => Kind::CameraSettings,
            Record::Acknowledgement(..) => Kind::Acknowledgements,
            Record::Comparison(..) => Kind::Comparisons,
            Record::Upload(..) => Kind::Uploads,
            Record::Alert(..) => Kind::Alerts,
            Record::Change(..) => Kind::Changes,
            Record::Reference(..) => Kind::References,
            Record::Normal(..) => Kind::Normals,
            Record::Evidence(..) => Kind::Evidence,
        }
    }

    /// The size of its picture in bytes; 0 if it has none.
    pub(crate) fn picture_bytes(&self) -> u64 {
        match self {
            Record::Reference(_, _, picture)
            | Record::Normal(_, _, picture)
            | Record::Evidence(_, _, picture) => picture.len() as u64,
            _ => 0,
        }
    }

    /// The record as a line of JSON; `None` for pictures.
    pub(super) fn to_line(&self) -> Option<serde_json::Result<Vec<u8>>> {
        Some(match self {
            Record::Folder(folder, details) => line(folder, details),
            Record::Rule(scope, rule) => line(scope, rule),
            Record::Camera(folder, settings) => line(folder, settings),
            Record::Acknowledgement(alert, acknowledgement) => line(alert, acknowledgement),
            Record::Comparison(folder, comparison) => line(folder, comparison),
            Record::Upload(folder, change) => line(folder, Announced::from(change.clone())),
            Record::Alert(subject, alert) => line(subject, alert),
            Record::Change(scope, change) => line(scope, change),
            Record::Reference(..) | Record::Normal(..) | Record::Evidence(..) => return None,
        })
    }

    /// The record that such a line describes.
    pub(super) fn of_line(kind: Kind, line: &[u8]) -> anyhow::Result<Self> {
        Ok(match kind {
            Kind::Folders => {
                // Before format 2 of the data nothing was said of a folder.
                let Line { key, value } = parsed::<Option<Details>>(line)?;
                Record::Folder(key.parse()?, value.unwrap_or_default())
            }
            Kind::Rules => {
                let Line { key, value } = parsed(line)?;
                Record::Rule(key.parse()?, value)
            }
            Kind::CameraSettings => {
                let Line { key, value } = parsed(line)?;
                Record::Camera(key.parse()?, Box::new(value))
            }
            Kind::Acknowledgements => {
                let Line { key, value } = parsed(line)?;
                Record::Acknowledgement(key.parse()?, value)
            }
            Kind::Comparisons => {
                let Line { key, value } = parsed(line)?;
                Record::Comparison(key.parse()?, value)
            }
            Kind::Uploads => {
                let Line { key, value } = parsed::<Announced>(line)?;
                Record::Upload(key.parse()?, value.into())
            }
            Kind::Alerts => {
                let Line { key, value } = parsed(line)?;
                Record::Alert(key.parse()?, value)
            }
            Kind::Changes => {
                let Line { key, value } = parsed(line)?;
                Record::Change(key.parse()?, Box::new(value))
            }
            Kind::References | Kind::Normals | Kind::Evidence => {
                bail!("{} are no lines", kind.word())
            }
        })
    }

    /// Checks that it is as our services make it. This is checked when it is written and when it is read.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        match self {
            Record::Rule(_, rule) => Ok(rule.check()?),
            Record::Acknowledgement(alert, acknowledgement) => {
                ensure!(
                    acknowledgement.alert_id == alert.to_string(),
                    "the acknowledgement of {alert} names the alert {:?}",
                    acknowledgement.alert_id
                );
                Ok(acknowledgement.check()?)
            }
            Record::Reference(folder, upload, picture)
            | Record::Normal(folder, upload, picture) => check_picture(folder, upload, picture),
            Record::Evidence(alert, _, picture) => {
                let length = alert.to_string().len();
                ensure!(
                    length <= MAX_ALERT_ID,
                    "the alert's id has {length} characters"
                );
                check_size(picture)?;
                format_of(picture).map(drop)
            }
            Record::Folder(_, details) => Ok(details.check()?),
            // What each setting may be, whoever uses it looks: it may be newer than this.
            Record::Camera(..)
            | Record::Comparison(..)
            | Record::Upload(..)
            | Record::Alert(..)
            | Record::Change(..) => Ok(()),
        }
    }
}

fn line(key: &impl ToString, value: impl Serialize) -> serde_json::Result<Vec<u8>> {
    let key = key.to_string();
    let mut line = serde_json::to_vec(&Line { key, value })?;
    line.push(b'\n');
    Ok(line)
}

fn parsed<T: DeserializeOwned>(line: &[u8]) -> serde_json::Result<Line<T>> {
    serde_json::from_slice(line)
}

fn check_picture(folder: &Folder, upload: &Upload, picture: &[u8]) -> anyhow::Result<()> {
    let Upload { id, name, .. } = upload;
    ensure!(
        upload.folder == folder.as_str(),
        "the picture {id:?} is said to be of the folder {:?}",
        upload.folder
    );
    ensure!(is_id(id), "{id:?} is not the id of a picture");
    ensure!(
        name.chars().count() <= 100
            && !name.contains(['/', '\\'])
            && !name.contains(char::is_control),
        "{name:?} is not the name of a picture"
    );
    check_size(picture)?;
    let format = format_of(picture).with_context(|| format!("the picture {id}"))?;
    ensure!(
        upload.content_type == format.content_type(),
        "the picture {id} is {format} and is said to be {:?}",
        upload.content_type
    );
    ensure!(
        upload.size_bytes == picture.len() as u64,
        "the picture {id} has {} bytes and is said to have {}",
        picture.len(),
        upload.size_bytes
    );
    Ok(())
}

/// Letters, digits and `-`, few enough for the name of an entry.
fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
}

fn check_size(picture: &[u8]) -> anyhow::Result<()> {
    let size = picture.len() as u64;
    ensure!(
        size <= MAX_PICTURE,
        "a picture of {size} bytes is too large"
    );
    Ok(())
}

fn format_of(picture: &[u8]) -> anyhow::Result<Format> {
    Format::sniff(picture).context("it does not begin as a picture does")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use event_bus::{Backup, DECLARATIONS};

    use super::*;
    use crate::archive::Counts;

    #[test]
    fn there_is_a_kind_for_each_stream_and_bucket_that_is_declared_to_be_in_a_backup() {
        let declared = DECLARATIONS
            .iter()
            .filter(|declared| declared.backup.extent().is_some());
        let declared: BTreeSet<_> = declared.map(|one| one.name.to_lowercase()).collect();
        let kinds: BTreeSet<_> = Kind::ALL.map(|kind| kind.word().to_owned()).into();
        assert_eq!(kinds, declared);

        let mut counts = Counts::default();
        Kind::ALL.into_iter().for_each(|kind| counts.add(kind));
        let counts = serde_json::to_value(counts).unwrap();
        let counted: BTreeSet<_> = counts.as_object().unwrap().keys().cloned().collect();
        assert_eq!(counted, declared);
    }

    #[test]
    fn pictures_are_those_of_the_object_buckets() {
        for declared in &DECLARATIONS {
            let kind = Kind::of_word(&declared.name.to_lowercase());
            let is_of_pictures = matches!(
                kind,
                Some(Kind::References | Kind::Normals | Kind::Evidence)
            );
            assert_eq!(is_of_pictures, declared.backup == Backup::Pictures);
        }
    }
}
