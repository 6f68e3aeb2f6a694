//! Alerts by episode: the latest of all folders, and which of them are asked for.

use std::collections::{BTreeMap, HashMap};

use event_bus::{Folder, Stored};
use proto::{
    from_timestamp,
    v1::{Alert, Phase},
};
use time::OffsetDateTime;

use crate::Acknowledgements;

/// The latest episodes of all folders, each with its latest phase.
#[derive(Default)]
pub(crate) struct Episodes {
    by_place: BTreeMap<Place, Alert>,
    places: HashMap<String, Place>,
    streams_before: u32,
}

/// Where an episode begins: which of the streams that were followed one after another, and which event of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    stream: u32,
    sequence: u64,
}

/// Which episodes, newest first.
#[derive(Debug, Clone, Default)]
pub struct AlertQuery {
    /// Only those of this folder.
    pub folder: Option<Folder>,
    /// Only those in this phase.
    pub phase: Option<Phase>,
    /// Only those that fired at this time or later.
    pub since: Option<OffsetDateTime>,
    /// Only those that fired before this time.
    pub until: Option<OffsetDateTime>,
    /// Only those that are acknowledged, or those that are not.
    pub acknowledged: Option<bool>,
    /// Only those that began before the episode of this id.
    pub before: Option<String>,
    /// No more than this many.
    pub limit: usize,
}

/// Some of the episodes that a query asks for.
#[derive(Debug)]
pub struct Selection {
    /// Each in its latest phase, the newest first.
    pub alerts: Vec<Alert>,
    /// How many match in all, whatever the limit and wherever the list begins.
    pub total: usize,
}

/// No episode has the id that a query wants to begin at.
#[derive(Debug, thiserror::Error)]
#[error("no episode has the id at which the list is to go on")]
pub struct UnknownEpisode;

/// How many episodes are in memory.
pub(crate) const KEPT: usize = 10_000;

impl Episodes {
    /// Takes in an event of the stream; taking one in again changes nothing.
    pub(crate) fn learn(&mut self, stored: Stored<Alert>) {
        let alert = stored.event;
        let place = *self.places.entry(alert.id.clone()).or_insert(Place {
            stream: self.streams_before,
            sequence: stored.sequence,
        });
        let known = self.by_place.get(&place);
        if known.is_some_and(|known| known.phase() == Phase::Resolved) {
            return;
        }
        self.by_place.insert(place, alert);
        if self.by_place.len() > KEPT
            && let Some((_, oldest)) = self.by_place.pop_first()
        {
            self.places.remove(&oldest.id);
        }
    }

    /// From now on events are of a stream that was made anew, and are counted from the beginning.
    pub(crate) fn begin_anew(&mut self) {
        self.streams_before += 1;
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Alert> {
        self.by_place.get(self.places.get(id)?)
    }

    pub(crate) fn select(
        &self,
        query: &AlertQuery,
        acknowledgements: &Acknowledgements,
    ) -> Result<Selection, UnknownEpisode> {
        let end = match &query.before {
            Some(id) => Some(*self.places.get(id).ok_or(UnknownEpisode)?),
            None => None,
        };
        let wanted = self.by_place.iter().rev().filter(|(_, alert)| {
            let is_acknowledged = acknowledgements.get(&alert.id).is_some();
            query.asks_for(alert, is_acknowledged)
        });
        let mut selection = Selection {
            alerts: Vec::new(),
            total: 0,
        };
        for (place, alert) in wanted {
            selection.total += 1;
            if end.is_none_or(|end| *place < end) && selection.alerts.len() < query.limit {
                selection.alerts.push(alert.clone());
            }
        }
        Ok(selection)
    }
}

impl AlertQuery {
    fn asks_for(&self, alert: &Alert, is_acknowledged: bool) -> bool {
        let fired_at = alert.fired_at.as_ref().and_then(from_timestamp);
        let folder = self.folder.as_ref().map(Folder::as_str);
        folder.is_none_or(|folder| folder == alert.folder)
            && self.phase.is_none_or(|phase| phase == alert.phase())
            && self.since.is_none_or(|since| fired_at >= Some(since))
            && self.until.is_none_or(|until| fired_at < Some(until))
            && self
                .acknowledged
                .is_none_or(|acknowledged| acknowledged == is_acknowledged)
    }
}

#[cfg(test)]
mod tests {
    use event_bus::AlertSubject;

    use super::*;

    fn event(sequence: u64, id: &str, phase: Phase) -> Stored<Alert> {
        Stored {
            key: AlertSubject::view(&"folder1".parse().unwrap()),
            event: Alert {
                id: id.to_owned(),
                folder: "folder1".to_owned(),
                phase: phase.into(),
                ..Alert::default()
            },
            stored_at: OffsetDateTime::UNIX_EPOCH,
            sequence,
            by: String::new(),
            first_said_at: None,
            origin: event_bus::Origin::default(),
        }
    }

    fn ids(episodes: &Episodes, phase: Option<Phase>, before: Option<&str>) -> Vec<String> {
        let query = AlertQuery {
            phase,
            before: before.map(str::to_owned),
            limit: 10,
            ..AlertQuery::default()
        };
        let selected = episodes.select(&query, &Acknowledgements::default());
        let selected = selected.unwrap().alerts;
        selected.into_iter().map(|alert| alert.id).collect()
    }

    #[test]
    fn an_episode_is_one_entry_with_its_latest_phase_and_a_repetition_changes_nothing() {
        let mut episodes = Episodes::default();
        for _ in 0..2 {
            episodes.learn(event(1, "a", Phase::Firing));
            episodes.learn(event(2, "a", Phase::Resolved));
            episodes.learn(event(3, "b", Phase::Firing));
        }
        assert_eq!(ids(&episodes, None, None), ["b", "a"]);
        assert_eq!(ids(&episodes, Some(Phase::Resolved), None), ["a"]);
        assert_eq!(ids(&episodes, None, Some("b")), ["a"]);
    }

    #[test]
    fn the_oldest_episodes_go_first() {
        let mut episodes = Episodes::default();
        for sequence in 1..=KEPT as u64 + 5 {
            episodes.learn(event(sequence, &sequence.to_string(), Phase::Firing));
        }
        assert_eq!(episodes.by_place.len(), KEPT);
        assert_eq!(episodes.places.len(), KEPT);
        assert!(episodes.get("5").is_none() && episodes.get("6").is_some());
    }
}
