//! What each receiver is to be told of, by what is known and by the file of routes.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use event_bus::{AlertKey, Notice, NoticeKey, ReceiverName, WouldBeTold, WouldTell};
use proto::v1::{Alert, Folder as Details, Phase, Silence, Subject};
use receivers::Group;
use time::OffsetDateTime;

use crate::{
    known::{Episode, Known, Site},
    outbox::{Case, Hold, Now, Part, Standing},
    routes::{Route, Routes},
};

/// How long others are waited for, for receivers that were told by a route that no longer exists.
const GROUP_WAIT: Duration = Duration::from_secs(10);

/// The least time between messages of a site's outage, since cameras fall silent and come back one after another.
const OUTAGE_INTERVAL: Duration = Duration::from_secs(60);

/// By what the alerts of a site's cameras are grouped where half of the site is silent.
pub(crate) const OUTAGE: &str = "outage";

/// All cases of a receiver.
pub(crate) fn cases(
    known: &Known,
    routes: &Routes,
    receiver: &ReceiverName,
    now: Now,
) -> Vec<Case> {
    let view = Situation::new(known, routes, receiver, now);
    let mut cases: Vec<Case> = known
        .episodes
        .values()
        .filter_map(|episode| view.case(episode))
        .collect();
    cases.extend(view.unknown());
    cases
}

/// Who would be told of this alert, were it to fire now.
pub(crate) fn would_tell(known: &Known, routes: &Routes, alert: Alert, now: Now) -> WouldTell {
    let details = known.details(&alert.folder);
    let episode = Episode {
        key: AlertKey::of_episode("supposed"),
        since: now.wall,
        ended: None,
        alert,
    };
    let mut told = WouldTell::default();
    for receiver in routes.receivers.keys() {
        let view = Situation::new(known, routes, receiver, now);
        let held = match view.held(&episode, &details, None) {
            Some(Hold::Silence) => "silence",
            Some(Hold::Camera) => "camera",
            Some(Hold::Hours) | None => "",
        };
        held.clone_into(&mut told.held);
        let Some((index, part)) = view.find(&episode, &details) else {
            continue;
        };
        let hours = routes.routes[index].hours.as_ref();
        told.receivers.push(WouldBeTold {
            receiver: receiver.clone(),
            route: index + 1,
            escalates_after: match part {
                Part::Escalation { after, .. } => Some(after.as_secs()),
                Part::First | Part::Former => None,
            },
            is_open: hours.is_none_or(|hours| hours.contain(now.wall)),
        });
    }
    told
}

struct Situation<'a> {
    known: &'a Known,
    routes: &'a Routes,
    receiver: &'a ReceiverName,
    forgets: Option<Duration>,
    silences: Vec<&'a Silence>,
    without_camera: HashSet<&'a str>,
    sites: HashMap<&'a str, Site>,
    now: OffsetDateTime,
}

impl<'a> Situation<'a> {
    fn new(known: &'a Known, routes: &'a Routes, receiver: &'a ReceiverName, now: Now) -> Self {
        let addressee = routes.receivers.get(receiver);
        Situation {
            known,
            routes,
            receiver,
            forgets: addressee.and_then(|addressee| addressee.receiver.repeats_every()),
            silences: known.silences(now.wall),
            without_camera: known.folders_without_camera(),
            sites: known.sites(),
            now: now.wall,
        }
    }

    fn key(&self, episode: &AlertKey, receiver: &ReceiverName) -> NoticeKey {
        NoticeKey {
            episode: episode.clone(),
            receiver: receiver.clone(),
        }
    }

    fn case(&self, episode: &Episode) -> Option<Case> {
        let key = self.key(&episode.key, self.receiver);
        let stored = self.known.notices.get(&key);
        if stored.is_none() && episode.ended.is_some() {
            // Whoever did not hear of it need not hear of its end.
            return None;
        }
        let details = self.known.details(&episode.alert.folder);
        let found = self.find(episode, &details);
        let (route, part) = match (found, stored) {
            (Some((index, part)), _) => (Some(index), part),
            // It was told by a route that is no more.
            (None, Some(_)) => (None, Part::Former),
            (None, None) => return None,
        };
        let told_in = stored.map_or("", |stored| &stored.notice.group);
        let standing = self.standing(episode, &details, route, part, told_in);
        let (notice, revision) = match stored {
            Some(stored) => (stored.notice.clone(), stored.revision),
            None => (first(&episode.alert), 0),
        };
        Some(Case {
            key,
            notice,
            revision,
            standing: Some(standing),
        })
    }

    /// The route by which the receiver is told, and why.
    fn find(&self, episode: &Episode, details: &Details) -> Option<(usize, Part)> {
        let routes = self.routes.routes.iter().enumerate();
        let matching: Vec<(usize, &Route)> = routes
            .filter(|(_, route)| route.matcher.means(&episode.alert, details))
            .collect();
        let first = matching
            .iter()
            .find(|(_, route)| route.to.contains(self.receiver));
        if let Some((index, _)) = first {
            return Some((*index, Part::First));
        }
        matching.iter().find_map(|(index, route)| {
            let escalate = route.escalate.as_ref()?;
            escalate.to.contains(self.receiver).then(|| {
                let begun = self.begun(episode, route);
                let after = escalate.after;
                (*index, Part::Escalation { after, begun })
            })
        })
    }

    /// Since when a route's receivers are told of an episode.
    fn begun(&self, episode: &Episode, route: &Route) -> Option<OffsetDateTime> {
        let begun = route.to.iter().filter_map(|receiver| {
            let stored = self.known.notices.get(&self.key(&episode.key, receiver))?;
            let sending = stored.notice.sending.as_ref().map(|it| it.since);
            let failed = stored.notice.failed.as_ref().map(|it| it.at);
            stored.notice.told_at.or(sending).or(failed)
        });
        begun.min()
    }

    fn standing(
        &self,
        episode: &Episode,
        details: &Details,
        index: Option<usize>,
        part: Part,
        told_in: &str,
    ) -> Standing {
        let route = index.map(|index| &self.routes.routes[index]);
        let group = match self.outage(episode, details, told_in) {
            Some(group) => Some(group),
            None => route.and_then(|route| route.group(&episode.alert, details)),
        };
        let is_of_outage = group.as_ref().is_some_and(|group| group.by == OUTAGE);
        let interval = route.map(|route| route.group_interval).unwrap_or_default();
        let remind = route.and_then(|route| route.remind);
        Standing {
            phase: episode.phase(),
            since: episode.since,
            is_acknowledged: self.known.is_acknowledged(&episode.key),
            held: self.held(episode, details, route),
            part,
            group: group_id(index, group.as_ref()),
            group_wait: route.map_or(GROUP_WAIT, |route| route.group_wait),
            group_interval: match is_of_outage {
                true => interval.max(OUTAGE_INTERVAL),
                false => interval,
            },
            remind: match self.forgets {
                Some(forgets) => Some(remind.map_or(forgets, |remind| remind.min(forgets))),
                None => remind,
            },
            forgets: self.forgets.is_some(),
            tells_end: route.is_none_or(|route| route.tells_ends),
        }
    }

    /// The outage of its site that an alert is part of. It is told with that outage, whatever its route groups by, and
    /// its end with the alerts that it was told with.
    fn outage(&self, episode: &Episode, details: &Details, told_in: &str) -> Option<Group> {
        let of_site = |name: &str| Group {
            by: OUTAGE.to_owned(),
            name: name.to_owned(),
            cameras: None,
        };
        if episode.phase() != Phase::Firing {
            let (_, group) = told_in.split_once(' ')?;
            let (by, site) = group.split_once('=')?;
            return (by == OUTAGE).then(|| of_site(site));
        }
        let is_of_camera = episode.alert.subject() == Subject::Camera;
        let site = self.sites.get(details.site.as_str());
        let is_out = is_of_camera && site.is_some_and(|site| site.is_out());
        is_out.then(|| of_site(&details.site))
    }

    fn held(&self, episode: &Episode, details: &Details, route: Option<&Route>) -> Option<Hold> {
        let alert = &episode.alert;
        if self.silences.iter().any(|it| it.means(alert, details)) {
            return Some(Hold::Silence);
        }
        let is_of_view = alert.subject() != Subject::Camera;
        if is_of_view && self.without_camera.contains(alert.folder.as_str()) {
            return Some(Hold::Camera);
        }
        let hours = route.and_then(|route| route.hours.as_ref());
        let is_closed = hours.is_some_and(|hours| !hours.contain(self.now));
        is_closed.then_some(Hold::Hours)
    }

    /// The messages that are on their way about episodes of which nothing is known any more.
    fn unknown(&self) -> impl Iterator<Item = Case> {
        let known: HashSet<&AlertKey> = self.known.episodes.values().map(|it| &it.key).collect();
        self.known
            .notices
            .iter()
            .filter(move |(key, stored)| {
                key.receiver == *self.receiver
                    && stored.notice.sending.is_some()
                    && !known.contains(&key.episode)
            })
            .map(|(key, stored)| Case {
                key: key.clone(),
                notice: stored.notice.clone(),
                revision: stored.revision,
                standing: None,
            })
    }
}

/// The id of a group: its route, and what its alerts have in common.
fn group_id(route: Option<usize>, group: Option<&Group>) -> String {
    let route = route.map_or_else(|| "-".to_owned(), |index| (index + 1).to_string());
    match group {
        Some(group) => format!("{route} {}={}", group.by, group.name),
        None => route,
    }
}

/// The notice of whoever was told nothing yet.
pub(crate) fn first(alert: &Alert) -> Notice {
    Notice {
        alert: alert.id.clone(),
        folder: alert.folder.clone(),
        subject: alert.subject().word().to_owned(),
        what: alert.message.chars().take(500).collect(),
        ..Notice::default()
    }
}

#[cfg(test)]
mod tests;
