//! Why a text is not a camera's specification.

use event_bus::InvalidFolder;

use crate::incident::IncidentError;
use crate::scene::UnknownScene;

/// Why a text is not a camera's specification.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// There is no `=` between folder and source.
    #[error(
        "{0:?} is no camera: write FOLDER=SOURCE[,key=value...], such as folder1=drawn:dock,rate=2"
    )]
    Form(String),
    /// The folder cannot be one.
    #[error(transparent)]
    Folder(#[from] InvalidFolder),
    /// The source is none.
    #[error("source {0:?} is not known: drawn:SCENE, pictures:DIR and video:FILE are")]
    Source(String),
    /// The scene cannot be drawn.
    #[error("source \"drawn\": {0}")]
    Scene(#[from] UnknownScene),
    /// There is no such key.
    #[error(
        "key {0:?} is not known: name, rate, size, quality, seed, order, repeat, watch and incident are"
    )]
    UnknownKey(String),
    /// The key has been given before.
    #[error("key {0:?} is given twice: only incident can be repeated")]
    Repeated(String),
    /// The key means nothing for this kind of source.
    #[error("key {key:?} does not apply to a {source_kind} source: it is for {applies_to}")]
    NotForSource {
        /// The key.
        key: &'static str,
        /// The source's kind.
        source_kind: &'static str,
        /// Which kinds have it.
        applies_to: &'static str,
    },
    /// Two keys exclude each other.
    #[error(
        "keys \"watch\" and {0:?} exclude each other: a watched folder sends its files as they come, without end"
    )]
    WithWatch(&'static str),
    /// The value is not allowed.
    #[error("{key}={value:?} is not allowed: {allowed}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it was given.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The incident is none.
    #[error("incident={value:?} is not allowed: {source}")]
    Incident {
        /// What was given.
        value: String,
        /// What is wrong with it.
        #[source]
        source: IncidentError,
    },
    /// Only a drawn scene has objects that can come and go.
    #[error(
        "incident={0:?} needs a drawn scene: covered, turned, defocused, dark, frozen and silent go with any source"
    )]
    NeedsDrawnScene(String),
}

/// A line that is no specification.
#[derive(Debug, thiserror::Error)]
#[error("line {line}, {text:?}: {source}")]
pub struct SpecsError {
    /// Its number, from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
    /// What is wrong with it.
    #[source]
    pub source: Box<SpecError>,
}
