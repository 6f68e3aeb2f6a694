//! A folder in words, as its card shows it.

use folder_state::{FolderState, Normal, Summary};
use proto::{
    Measure, from_timestamp,
    v1::{Proposal, Upload},
};

use crate::{front_door::moment::Moment, references::images::address};

/// After so many seconds a picture is marked as old.
pub(crate) const OLD_SECONDS: u32 = 60;

/// A folder in words.
#[derive(Clone)]
pub(crate) struct Card {
    pub(crate) folder: String,
    /// What people call it; empty where they have not said.
    pub(crate) title: String,
    pub(crate) site: String,
    pub(crate) area: String,
    pub(crate) tags: Vec<String>,
    pub(crate) words: &'static str,
    pub(crate) slug: &'static str,
    pub(crate) explanation: String,
    /// What is wrong with the camera, if its alert is firing.
    pub(crate) camera_alert: Option<String>,
    /// The address of the latest frame, while it is there.
    pub(crate) frame: Option<String>,
    pub(crate) frame_moment: Option<Moment>,
    pub(crate) camera: String,
    /// How often the camera usually sends, and after how long a silence its alert fires; empty where nobody knows.
    pub(crate) sends: String,
    pub(crate) reference: Option<String>,
    pub(crate) reference_moment: Option<Moment>,
    pub(crate) similarity: String,
    /// Whether the latest frame was compared.
    pub(crate) has_similarity: bool,
    pub(crate) threshold: f64,
    /// Whether it is known in which places frames differ.
    pub(crate) has_heat_map: bool,
    /// The similarity of the last minutes, separated by commas; empty where nothing was compared.
    pub(crate) recent: String,
    /// The ten seconds that the last of them stands for, counted from 1970; and the last two.
    pub(crate) recent_end: (i64, [Option<f64>; 2]),
    /// When the last frame came by which its view could be judged.
    pub(crate) seen: Option<Moment>,
    /// Until when it is taken that it looks as it did then.
    pub(crate) known_until: Option<Moment>,
    pub(crate) alert_moment: Option<Moment>,
    /// Who has the alert in hand: that of the view, or else of the camera.
    pub(crate) acknowledged_by: Option<String>,
    pub(crate) images: usize,
}

pub(crate) fn upload_moment(upload: &Upload) -> Option<Moment> {
    Moment::new(from_timestamp(upload.uploaded_at.as_ref()?)?)
}

pub(crate) fn closest_moment(normal: &Normal) -> Option<Moment> {
    Moment::new(normal.last_closest_at?)
}

pub(crate) fn proposal_moment(proposal: &Proposal) -> Option<Moment> {
    let stored_at = proposal.frame.as_ref()?.stored_at;
    Moment::new(from_timestamp(stored_at.as_ref()?)?)
}

/// Bytes in the unit that fits.
pub(crate) fn size(bytes: &u64) -> String {
    match *bytes {
        bytes @ 0..1_000 => format!("{bytes} bytes"),
        bytes @ 1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        bytes => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// Whether the last frame can still be looked at. That of a silent camera is kept.
fn has_picture(summary: &Summary) -> bool {
    let is_kept = summary.frame_is_current || summary.state == FolderState::Silent;
    is_kept && summary.state != FolderState::Unreadable
}

fn sends(summary: &Summary) -> String {
    let usual = match summary.frame_interval_seconds {
        Some(seconds) if seconds < 2.0 => "a frame every second or sooner".to_owned(),
        Some(seconds) => format!("a frame every {seconds:.0} s"),
        None => return String::new(),
    };
    match summary.silent_after_seconds {
        Some(seconds) => format!("{usual}; silent after {seconds:.0} s without one"),
        None => format!("{usual}; never called silent"),
    }
}

impl Card {
    pub(crate) fn new(summary: Summary) -> Self {
        let moment = |at| Moment::new(from_timestamp(&at)?);
        let stored_at = summary.frame.as_ref().and_then(|frame| frame.stored_at);
        let frame_moment = stored_at.and_then(moment);
        let reference = summary.reference.as_ref();
        let acknowledgement = match summary.alert {
            Some(_) => summary.acknowledgement.as_ref(),
            None => summary.camera_acknowledgement.as_ref(),
        };
        Card {
            words: summary.state_words,
            slug: summary.state.slug(),
            // Where nothing else is to be said, the explanation says it.
            camera_alert: summary
                .camera_alert
                .as_ref()
                .map(|it| it.message.clone())
                .filter(|message| *message != summary.explanation),
            sends: sends(&summary),
            frame: frame_moment
                .as_ref()
                .filter(|_| has_picture(&summary))
                .map(|at| frame_address(&summary.folder, at)),
            frame_moment,
            camera: summary
                .frame
                .as_ref()
                .map(|frame| frame.camera.clone())
                .unwrap_or_default(),
            reference: reference
                .map(|upload| format!("{}/content", address(&summary.folder, &upload.id))),
            reference_moment: reference.and_then(upload_moment),
            similarity: summary
                .similarity
                .map_or("–".to_owned(), |similarity| format!("{similarity:.3}")),
            has_similarity: summary.similarity.is_some(),
            threshold: summary.rule.threshold.unwrap_or_default(),
            has_heat_map: Measure::of(summary.rule.measure()).needs_network(),
            recent: summary.recent.to_string(),
            recent_end: (summary.recent.newest(), summary.recent.last_two()),
            seen: summary.seen_at.and_then(moment),
            known_until: summary.known_until.and_then(moment),
            alert_moment: summary
                .alert
                .as_ref()
                .and_then(|alert| alert.fired_at)
                .and_then(moment),
            acknowledged_by: acknowledgement.map(|it| it.name.clone()),
            images: summary.images,
            explanation: summary.explanation,
            folder: summary.folder,
            title: summary.title,
            site: summary.site,
            area: summary.area,
            tags: summary.tags,
        }
    }

    /// What people call it, or its name.
    pub(crate) fn called(&self) -> &str {
        match self.title.as_str() {
            "" => &self.folder,
            title => title,
        }
    }

    /// Since when its camera has sent nothing, where that is all that is to be said of it.
    pub(crate) fn silent_since(&self) -> Option<&Moment> {
        let is_silent = self.slug == FolderState::NoFrames.slug();
        self.frame_moment.as_ref().filter(|_| is_silent)
    }

    /// From when on, while its alert fires, nothing is known of the view.
    pub(crate) fn unknown_from(&self) -> Option<&Moment> {
        self.known_until
            .as_ref()
            .filter(|_| self.alert_moment.is_some())
    }

    /// When the last frame came by which the view could be judged, while its alert fires.
    pub(crate) fn seen_while_firing(&self) -> Option<&Moment> {
        self.seen.as_ref().filter(|_| self.alert_moment.is_some())
    }

    /// Without what changes with every frame, but for whether there is one.
    pub(crate) fn at_rest(self) -> Self {
        Card {
            frame: self.frame.map(|_| String::new()),
            frame_moment: None,
            similarity: String::new(),
            has_similarity: false,
            recent: String::new(),
            recent_end: (0, [None; 2]),
            seen: None,
            known_until: None,
            ..self
        }
    }

    /// Site, area and tags in a line; empty where nothing is said.
    pub(crate) fn place(&self) -> String {
        let tags = self.tags.join(", ");
        let parts = [self.site.as_str(), &self.area, &tags];
        let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        said.join(" · ")
    }
}

fn frame_address(folder: &str, at: &Moment) -> String {
    format!("/api/v1/folders/{folder}/frame?at={}", at.milliseconds())
}
