use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use event_bus::{AlertKey, Exhibit, Folder, ReferenceChange, RuleScope};
use fingerprint::Format;
use proto::v1::{Acknowledgement, Alert, Comparison, Rule, Upload, UploadRemoved};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::MAX_PICTURE;

/// One thing that a backup holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record {
    /// A folder that was made.
    Folder(Folder),
    Rule(RuleScope, Rule),
    Acknowledgement(AlertKey, Acknowledgement),
    /// A folder's last comparison.
    Comparison(Folder, Comparison),
    /// What was last said of a folder's reference.
    Change(Folder, ReferenceChange),
    /// A change of a folder's alert state.
    Alert(Folder, Alert),
    Reference(Folder, Upload, Bytes),
    Evidence(AlertKey, Exhibit, Bytes),
}

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Folders,
    Rules,
    Acknowledgements,
    Comparisons,
    Uploads,
    Alerts,
    References,
    Evidence,
}

impl Kind {
    /// The folder of the archive that holds them.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Folders => "folders",
            Kind::Rules => "rules",
            Kind::Acknowledgements => "acknowledgements",
            Kind::Comparisons => "comparisons",
            Kind::Uploads => "uploads",
            Kind::Alerts => "alerts",
            Kind::References => "references",
            Kind::Evidence => "evidence",
        }
    }

    pub(super) fn of_word(word: &str) -> Option<Self> {
        [
            Kind::Folders,
            Kind::Rules,
            Kind::Acknowledgements,
            Kind::Comparisons,
            Kind::Uploads,
            Kind::Alerts,
            Kind::References,
            Kind::Evidence,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
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
enum Change {
    Uploaded(Upload),
    Removed(UploadRemoved),
}

impl From<ReferenceChange> for Change {
    fn from(change: ReferenceChange) -> Self {
        match change {
            ReferenceChange::Uploaded(upload) => Change::Uploaded(upload),
            ReferenceChange::Removed(removed) => Change::Removed(removed),
        }
    }
}

impl From<Change> for ReferenceChange {
    fn from(change: Change) -> Self {
        match change {
            Change::Uploaded(upload) => ReferenceChange::Uploaded(upload),
            Change::Removed(removed) => ReferenceChange::Removed(removed),
        }
    }
}

impl Record {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Record::Folder(_) => Kind::Folders,
            Record::Rule(..) => Kind::Rules,
            Record::Acknowledgement(..) => Kind::Acknowledgements,
            Record::Comparison(..) => Kind::Comparisons,
            Record::Change(..) => Kind::Uploads,
            Record::Alert(..) => Kind::Alerts,
            Record::Reference(..) => Kind::References,
            Record::Evidence(..) => Kind::Evidence,
        }
    }

    /// How many bytes its picture has; 0 where it is none.
    pub(crate) fn picture_bytes(&self) -> u64 {
        match self {
            Record::Reference(_, _, picture) | Record::Evidence(_, _, picture) => {
                picture.len() as u64
            }
            _ => 0,
        }
    }

    /// What is no picture, as a line of JSON.
    pub(super) fn to_line(&self) -> Option<serde_json::Result<Vec<u8>>> {
        Some(match self {
            Record::Folder(folder) => line(folder, ()),
            Record::Rule(scope, rule) => line(scope, rule),
            Record::Acknowledgement(alert, acknowledgement) => line(alert, acknowledgement),
            Record::Comparison(folder, comparison) => line(folder, comparison),
            Record::Change(folder, change) => line(folder, Change::from(change.clone())),
            Record::Alert(folder, alert) => line(folder, alert),
            Record::Reference(..) | Record::Evidence(..) => return None,
        })
    }

    /// What such a line says.
    pub(super) fn of_line(kind: Kind, line: &[u8]) -> anyhow::Result<Self> {
        Ok(match kind {
            Kind::Folders => Record::Folder(parsed::<()>(line)?.key.parse()?),
            Kind::Rules => {
                let Line { key, value } = parsed(line)?;
                Record::Rule(key.parse()?, value)
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
                let Line { key, value } = parsed::<Change>(line)?;
                Record::Change(key.parse()?, value.into())
            }
            Kind::Alerts => {
                let Line { key, value } = parsed(line)?;
                Record::Alert(key.parse()?, value)
            }
            Kind::References | Kind::Evidence => bail!("{} are no lines", kind.word()),
        })
    }

    /// Whether it is as our services make it: so are those that are written and those that are read.
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
            Record::Reference(folder, upload, picture) => check_reference(folder, upload, picture),
            Record::Evidence(alert, _, picture) => {
                let length = alert.to_string().len();
                ensure!(
                    length <= MAX_ALERT_ID,
                    "the alert's id has {length} characters"
                );
                check_size(picture)?;
                format_of(picture).map(drop)
            }
            Record::Folder(_) | Record::Comparison(..) | Record::Change(..) | Record::Alert(..) => {
                Ok(())
            }
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

fn check_reference(folder: &Folder, upload: &Upload, picture: &[u8]) -> anyhow::Result<()> {
    let Upload { id, name, .. } = upload;
    ensure!(
        upload.folder == folder.as_str(),
        "the reference {id:?} is said to be of the folder {:?}",
        upload.folder
    );
    ensure!(is_id(id), "{id:?} is not the id of a reference");
    ensure!(
        name.chars().count() <= 100
            && !name.contains(['/', '\\'])
            && !name.contains(char::is_control),
        "{name:?} is not the name of a reference"
    );
    check_size(picture)?;
    let format = format_of(picture).with_context(|| format!("the reference {id}"))?;
    ensure!(
        upload.content_type == format.content_type(),
        "the reference {id} is {format} and is said to be {:?}",
        upload.content_type
    );
    ensure!(
        upload.size_bytes == picture.len() as u64,
        "the reference {id} has {} bytes and is said to have {}",
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
