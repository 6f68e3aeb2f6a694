//! What is said in a message: its alerts, their folders, the pictures behind them, where to go.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use event_bus::{Bus, Evidence, Exhibit, ExhibitKey, Folder, Objects, Telling};
use fingerprint::Limits;
use log_limiter::LogLimiter;
use proto::v1::{Alert, Phase, Subject};
use receivers::{Group, Links, Message, NoPicture, Occasion, Picture, Receiver, Shots, Told};
use service_runtime::{CpuQueue, NeedsMemory, NotDone};
use tokio::time::timeout;

use crate::{
    cases::OUTAGE,
    known::Knowledge,
    outbox::{Dispatch, Member},
    page::PageUrl,
    routes::Routes,
};

/// How long a message waits for its picture.
const PICTURE_WITHIN: Duration = Duration::from_secs(3);

/// The largest stored picture, in bytes, from which a message's picture is made.
const MAX_PICTURE_BYTES: usize = 8 * 1024 * 1024;

/// How many alerts of a message are tried until one has a picture to show.
const MOST_TRIED: usize = 3;

/// Makes messages.
#[derive(Clone)]
pub(crate) struct Messages {
    knowledge: Arc<Knowledge>,
    evidence: Objects<Evidence>,
    cpu: CpuQueue,
    complaints: Arc<LogLimiter>,
}

impl Messages {
    pub(crate) fn new(bus: &Bus, knowledge: &Arc<Knowledge>, cpu: CpuQueue) -> Self {
        Messages {
            knowledge: Arc::clone(knowledge),
            evidence: bus.evidence(),
            cpu,
            complaints: Arc::default(),
        }
    }

    /// The message that tells what was decided.
    pub(crate) async fn of(
        &self,
        routes: &Routes,
        receiver: &Receiver,
        dispatch: &Dispatch,
    ) -> Message {
        let told: Vec<Told> = dispatch
            .members
            .iter()
            .map(|member| self.told(routes, member, dispatch.telling))
            .collect();
        let shows = dispatch.telling != Telling::Resolved && receiver.takes_pictures();
        let picture = match shows {
            true => self.picture(&told).await,
            false => None,
        };
        Message {
            key: dispatch.key.clone(),
            occasion: occasion(dispatch.telling),
            group: self.group(dispatch, &told),
            links: links(routes, &told, dispatch),
            told,
            picture,
        }
    }

    fn told(&self, routes: &Routes, member: &Member, telling: Telling) -> Told {
        let known = self.knowledge.read();
        let episode = known.episodes.get(&member.notice.alert);
        let alert = match (episode, telling) {
            (Some(episode), Telling::Resolved) => episode.last().clone(),
            (Some(episode), _) => episode.alert.clone(),
            (None, _) => remembered(member, telling),
        };
        let details = known.details(&alert.folder);
        let ended = episode.and_then(|it| it.ended.as_ref());
        let ended = ended.and_then(|ended| Told::of(ended.clone()).ended);
        let told = Told::of(alert);
        Told {
            title: details.title,
            site: details.site,
            link: alert_link(routes, &told.alert),
            ended: told.ended.or(ended),
            ..told
        }
    }

    /// What the alerts have in common, as it was when the message was begun. For a site, with the number of cameras
    /// that it has now.
    fn group(&self, dispatch: &Dispatch, told: &[Told]) -> Option<Group> {
        let (_, group) = dispatch.members.first()?.notice.group.split_once(' ')?;
        let (by, name) = group.split_once('=')?;
        let by = if by == OUTAGE { "site" } else { by };
        let is_of_cameras = told.iter().all(|it| it.subject == Subject::Camera);
        let cameras = match (by, is_of_cameras, dispatch.telling) {
            ("site", true, Telling::Firing | Telling::Reminder | Telling::Escalation) => {
                let known = self.knowledge.read();
                let sites = known.sites();
                sites.get(name).map(|site| site.cameras)
            }
            _ => None,
        };
        Some(Group {
            by: by.to_owned(),
            name: name.to_owned(),
            cameras: cameras.filter(|all| *all >= told.len()),
        })
    }

    /// A picture of the first of these of which there is one.
    async fn picture(&self, told: &[Told]) -> Option<Picture> {
        let making = async {
            for told in told.iter().take(MOST_TRIED) {
                if let Some(picture) = self.picture_of(&told.alert).await {
                    return Some(picture);
                }
            }
            None
        };
        let made = timeout(PICTURE_WITHIN, making).await;
        if made.is_err() {
            self.complain("it was not there in time");
        }
        made.unwrap_or_default()
    }

    async fn picture_of(&self, alert: &Alert) -> Option<Picture> {
        let frame = self.exhibit(alert, Exhibit::Frame).await;
        let reference = self.exhibit(alert, Exhibit::Reference).await;
        if frame.is_none() && reference.is_none() {
            return None;
        }
        let made = self.cpu.run_within(move |max_alloc_bytes| {
            let shots = Shots {
                frame: frame.as_deref(),
                reference: reference.as_deref(),
                heat_map: None,
            };
            let limits = Limits {
                max_alloc_bytes,
                ..Limits::default()
            };
            match shots.side_by_side(limits) {
                Err(NoPicture::TooMuchMemory(needed)) => Err(NeedsMemory(needed)),
                made => Ok(made),
            }
        });
        match made.await {
            Ok(Ok(picture)) => Some(picture),
            Ok(Err(why)) => {
                self.complain(&why.to_string());
                None
            }
            Err(why @ NotDone::TooMuchMemory { .. }) => {
                self.complain(&why.to_string());
                None
            }
            Err(NotDone::Panicked(panic)) => {
                tracing::error!(%panic, "making a picture failed");
                None
            }
        }
    }

    async fn exhibit(&self, alert: &Alert, exhibit: Exhibit) -> Option<Bytes> {
        let key = ExhibitKey::new(alert.id.clone(), exhibit);
        match self.evidence.get(&key).await {
            Ok(bytes) => bytes.filter(|bytes| bytes.len() <= MAX_PICTURE_BYTES),
            Err(error) => {
                self.complain(&event_bus::with_causes(&error));
                None
            }
        }
    }

    fn complain(&self, why: &str) {
        metrics::counter!("framewatch_notices_without_picture_total").increment(1);
        if self.complaints.is_due(&()) {
            tracing::warn!(why, "a message goes without its picture");
        }
    }
}

/// What is still known of an alert whose events are gone.
fn remembered(member: &Member, telling: Telling) -> Alert {
    let notice = &member.notice;
    let phase = match telling {
        Telling::Resolved => Phase::Resolved,
        _ => Phase::Firing,
    };
    let subject = match notice.subject.as_str() {
        "camera" => Subject::Camera,
        _ => Subject::View,
    };
    Alert {
        id: notice.alert.clone(),
        folder: notice.folder.clone(),
        subject: subject.into(),
        phase: phase.into(),
        message: notice.what.clone(),
        ..Alert::default()
    }
}

fn occasion(telling: Telling) -> Occasion {
    match telling {
        Telling::Firing => Occasion::Firing,
        Telling::Reminder => Occasion::Reminder,
        Telling::Escalation => Occasion::Escalation,
        Telling::Resolved => Occasion::Resolved,
    }
}

fn alert_link(routes: &Routes, alert: &Alert) -> Option<String> {
    let link = routes.link.as_ref()?;
    // An id that somebody else has given may hold anything.
    let id: event_bus::AlertKey = alert.id.parse().ok()?;
    Some(format!("{link}/alerts/{id}"))
}

/// The links of a message. For a single alert: its page, and the page on which whoever has the link can acknowledge it
/// and silence its folder. For several: the list of those that fire.
fn links(routes: &Routes, told: &[Told], dispatch: &Dispatch) -> Links {
    let Some(link) = &routes.link else {
        return Links::default();
    };
    let ([one], [member]) = (told, &dispatch.members[..]) else {
        return Links {
            open: Some(format!("{link}/alerts?phase=firing")),
            ..Links::default()
        };
    };
    let open = one.link.clone();
    if dispatch.telling == Telling::Resolved {
        return Links {
            open,
            ..Links::default()
        };
    }
    match acting(link, one, member).filter(|_| !routes.links_ask_for_login) {
        Some(page) => Links {
            acknowledge: Some(format!("{page}#acknowledge")),
            snooze: Some(format!("{page}#silence")),
            open,
        },
        None => Links {
            acknowledge: open.as_ref().map(|page| format!("{page}#acknowledge")),
            snooze: silencing(link, one),
            open,
        },
    }
}

/// The page on which whoever has this address can act.
fn acting(link: &PageUrl, told: &Told, member: &Member) -> Option<String> {
    let secret = member.notice.pass.as_ref()?.secret();
    let id: event_bus::AlertKey = told.alert.id.parse().ok()?;
    let receiver = &member.key.receiver;
    Some(format!("{link}/told/{id}?to={receiver}&pass={secret}"))
}

/// The page on which who may do so silences a folder.
fn silencing(link: &PageUrl, told: &Told) -> Option<String> {
    let folder: Folder = told.alert.folder.parse().ok()?;
    Some(format!("{link}/silences?folder={folder}"))
}
