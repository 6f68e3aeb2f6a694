//! The bucket `evidence`: the pictures behind each alert, as they were, kept as long as the alerts.

use std::{collections::HashMap, fmt, str::FromStr};

use super::{
    alerts,
    declaration::Declaration,
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{
        bucket::BucketNames,
        bus::Bus,
        event::Undecodable,
        objects::{ObjectBucket, ObjectChange, Objects, object_names},
        store_error::StoreError,
    },
};

pub(super) const DECLARATION: Declaration = Declaration {
    max_age: Some(alerts::MAX_AGE),
    rights: &[
        (
            Service::Comparator,
            &[Right::Write, Right::Follow, Right::Ask],
        ),
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// The folder whose alert it is, by the alert's id: `<folder>-<milliseconds>-<checksum>`, and that of a camera's alert with
    /// `-camera` behind it. `None` where the id is made otherwise.
    pub fn folder(&self) -> Option<Folder> {
        let id = self.alert.strip_suffix("-camera").unwrap_or(&self.alert);
        let mut parts = id.rsplitn(3, '-');
        let (checksum, at, folder) = (parts.next()?, parts.next()?, parts.next()?);
        let is_checksum = checksum.len() == 8 && checksum.bytes().all(|it| it.is_ascii_hexdigit());
        let is_time = !at.is_empty() && at.bytes().all(|it| it.is_ascii_digit());
        match is_checksum && is_time {
            true => folder.parse().ok(),
            false => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alerts_id_says_whose_it_is() {
        for (id, folder) in [
            ("gate-1796015590123-0a1b2c3d", Some("gate")),
            ("gate-1796015590123-0a1b2c3d-camera", Some("gate")),
            (
                "dock-2-camera-1796015590123-0a1b2c3d",
                Some("dock-2-camera"),
            ),
            ("alert-1", None),
            ("gate-1796015590123-0a1b", None),
            ("gate-today-0a1b2c3d", None),
            ("-1796015590123-0a1b2c3d", None),
        ] {
            let key = ExhibitKey::new(id, Exhibit::Frame);
            let folder = folder.map(|name| name.parse().unwrap());
            assert_eq!(key.folder(), folder, "{id}");
        }
    }
}
