//! The part of a folder's page in which an admin connects a camera.

use camera_settings::CameraSpec;
use event_bus::{CameraSettings, Folder};
use proto::{
    from_timestamp,
    v1::{SetBy, Source},
};

use crate::{access::Visitor, app::App, front_door::moment::Moment};

/// What the form shows.
#[derive(Default)]
pub(crate) struct CameraInput {
    pub(crate) source: String,
    pub(crate) username: String,
    pub(crate) has_password: bool,
    pub(crate) every_seconds: String,
    pub(crate) max_width: String,
    pub(crate) fallback_snapshot: String,
    pub(crate) pinned_certificate: String,
    pub(crate) watches_frozen: bool,
    /// Whether it is known what is set. What is not known is not to be replaced by what the form happens to show.
    pub(crate) is_known: bool,
    /// Whether a camera is set here.
    pub(crate) is_set: bool,
    /// Why no camera can be set here, or why the one that is set here is not in force; empty where nothing prevents it.
    pub(crate) hindrance: &'static str,
    /// The camera's state; empty where it is unknown.
    pub(crate) state: String,
    pub(crate) since: Option<Moment>,
    pub(crate) reason: String,
}

impl CameraInput {
    /// What this visitor is shown; `None` for those who may not set it.
    pub(crate) async fn of(app: &App, folder: &Folder, visitor: &Visitor) -> Option<Self> {
        if !visitor.may_administer() {
            return None;
        }
        let known = tokio::try_join!(app.cameras.of(folder), app.cameras.source(folder));
        let Ok((settings, source)) = known else {
            return Some(CameraInput {
                hindrance: "What is set of the camera cannot be read now; the log says why. Load the page again in a moment.",
                ..CameraInput::default()
            });
        };
        let mut input = settings.map_or_else(Self::unset, Self::set);
        if let Some(source) = source {
            input.stands(&source);
        }
        if !app.cameras.can_be_set() {
            input.hindrance =
                "Cameras cannot be set here: the service runs without --camera-key-file.";
        }
        Some(input)
    }

    /// What is usual, for hints.
    pub(crate) fn usual_every() -> u64 {
        CameraSpec::USUAL_EVERY.as_secs()
    }

    pub(crate) fn usual_max_width() -> u16 {
        CameraSpec::USUAL_MAX_WIDTH.get()
    }

    fn unset() -> Self {
        CameraInput {
            watches_frozen: true,
            is_known: true,
            ..CameraInput::default()
        }
    }

    fn set(settings: CameraSettings) -> Self {
        let number =
            |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
        CameraInput {
            source: settings.source,
            username: settings.username.unwrap_or_default(),
            has_password: settings.sealed_password.is_some(),
            every_seconds: number(settings.every_seconds),
            max_width: number(settings.max_width.map(f64::from)),
            fallback_snapshot: settings.fallback_snapshot.unwrap_or_default(),
            pinned_certificate: settings.pinned_certificate.unwrap_or_default(),
            watches_frozen: settings.watch_frozen != Some(false),
            is_known: true,
            is_set: true,
            ..CameraInput::default()
        }
    }

    fn stands(&mut self, source: &Source) {
        self.state = source.state().words();
        let since = source.since.as_ref().and_then(from_timestamp);
        self.since = since.and_then(Moment::new);
        self.reason.clone_from(&source.reason);
        self.hindrance = match source.set_by() {
            SetBy::File => {
                "The camera of this folder is set in cameras.toml. What is set here does not hold while it stands there."
            }
            SetBy::FileBeforeApi => {
                "cameras.toml has a camera for this folder, too. That one holds, and not the one that is set here."
            }
            SetBy::Api | SetBy::Unspecified => "",
        };
    }
}
