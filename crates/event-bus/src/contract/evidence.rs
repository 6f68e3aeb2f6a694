//! The bucket `evidence`: the pictures behind each alert, as they were, kept as long as the alerts.

use std::{collections::HashMap, fmt, str::FromStr};

use super::{
    alerts,
    declaration::Declaration,
    rights::{Right, Service},
};
use crate::nats::{
    bucket::BucketNames,
    bus::Bus,
    event::Undecodable,
    objects::{ObjectBucket, ObjectChange, Objects, object_names},
    store_error::StoreError,
};

pub(super) const DECLARATION: Declaration = Declaration {
    max_age: Some(alerts::MAX_AGE),
    rights: &[
        (Service::Comparator, &[Right::Write, Right::Ask]),
        (Service::Upload, &[Right::Ask]),
        (Service::Notifier, &[Right::Ask]),
    ],
    ..Declaration::objects(Evidence::NAMES, "The pictures behind each alert")
};

/// The pictures behind each alert: the bucket `evidence`, objects `<alert>/frame` and `<alert>/reference`. Storing one
/// again changes nothing: an alert's id is that of one frame and one reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence;

/// A picture behind an alert was stored, or removed (`None`).
pub type ExhibitChange = ObjectChange<Evidence>;

/// A picture behind an alert.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExhibitKey {
    /// The alert's id.
    pub alert: String,
    /// Which of its pictures.
    pub exhibit: Exhibit,
}

/// A text that names no picture behind an alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExhibitKey {
    /// It has no two parts.
    #[error("it is not named <alert>/<picture>")]
    Unnamed,
    /// Its second part is no picture.
    #[error(transparent)]
    Exhibit(#[from] InvalidExhibit),
}

/// Which of the two pictures behind an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exhibit {
    /// The frame that opened the episode.
    Frame,
    /// The reference that it was compared with.
    Reference,
}

impl Exhibit {
    /// One lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Exhibit::Frame => "frame",
            Exhibit::Reference => "reference",
        }
    }
}

/// A word that names no picture behind an alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither frame nor reference")]
pub struct InvalidExhibit(String);

impl FromStr for Exhibit {
    type Err = InvalidExhibit;

    fn from_str(word: &str) -> Result<Self, InvalidExhibit> {
        match word {
            "frame" => Ok(Exhibit::Frame),
            "reference" => Ok(Exhibit::Reference),
            _ => Err(InvalidExhibit(word.chars().take(32).collect())),
        }
    }
}

impl ExhibitKey {
    /// This picture behind the alert of this id.
    pub fn new(alert: impl Into<String>, exhibit: Exhibit) -> Self {
        ExhibitKey {
            alert: alert.into(),
            exhibit,
        }
    }
}

impl fmt::Display for ExhibitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.alert, self.exhibit.word())
    }
}

impl FromStr for ExhibitKey {
    type Err = InvalidExhibitKey;

    fn from_str(name: &str) -> Result<Self, InvalidExhibitKey> {
        let parts = name.rsplit_once('/');
        let (alert, exhibit) = parts.ok_or(InvalidExhibitKey::Unnamed)?;
        Ok(ExhibitKey::new(alert, exhibit.parse()?))
    }
}

impl ObjectBucket for Evidence {
    const NAMES: BucketNames = object_names!("evidence");
    type Key = ExhibitKey;
    type About = ();

    fn metadata((): &()) -> Result<HashMap<String, String>, StoreError> {
        Ok(HashMap::new())
    }

    fn about(_: &HashMap<String, String>) -> Result<(), Undecodable> {
        Ok(())
    }
}

impl Bus {
    /// The pictures behind the alerts.
    pub fn evidence(&self) -> Objects<Evidence> {
        self.objects()
    }
}
