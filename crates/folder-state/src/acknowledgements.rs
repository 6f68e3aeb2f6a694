//! Who has which alert in hand, as the bucket says it.

use std::collections::{BTreeMap, HashMap};

use event_bus::{AcknowledgementChange, Stored};
use proto::v1::Acknowledgement;
use time::OffsetDateTime;

/// Who acknowledged which alert: the latest, as many as there are episodes in memory.
#[derive(Default)]
pub struct Acknowledgements {
    by_alert: HashMap<String, Held>,
    alerts_by_sequence: BTreeMap<u64, String>,
    /// The number of the last change that was taken in.
    reached: u64,
}

struct Held {
    acknowledgement: Acknowledgement,
    sequence: u64,
    stored_at: OffsetDateTime,
}

/// What was new in a change.
#[derive(Debug, PartialEq)]
pub(crate) enum Learnt {
    Acknowledged(Acknowledgement),
    /// It was this one that held before.
    TakenBack(Acknowledgement),
}

const KEPT: usize = crate::episodes::KEPT;

impl Acknowledgements {
    /// Takes in a change of the bucket; taking one in again is no news.
    pub(crate) fn learn(&mut self, stored: Stored<AcknowledgementChange>) -> Option<Learnt> {
        self.reached = stored.sequence;
        let alert = stored.key.to_string();
        let before = self.forget(&alert);
        let Some(acknowledgement) = stored.event.value else {
            return before.map(|held| Learnt::TakenBack(held.acknowledgement));
        };
        let is_known = before.is_some_and(|held| {
            (held.sequence, held.stored_at) == (stored.sequence, stored.stored_at)
        });
        self.alerts_by_sequence
            .insert(stored.sequence, alert.clone());
        let held = Held {
            acknowledgement: acknowledgement.clone(),
            sequence: stored.sequence,
            stored_at: stored.stored_at,
        };
        self.by_alert.insert(alert, held);
        if self.alerts_by_sequence.len() > KEPT
            && let Some((_, oldest)) = self.alerts_by_sequence.pop_first()
        {
            self.by_alert.remove(&oldest);
        }
        (!is_known).then_some(Learnt::Acknowledged(acknowledgement))
    }

    fn forget(&mut self, alert: &str) -> Option<Held> {
        let held = self.by_alert.remove(alert)?;
        self.alerts_by_sequence.remove(&held.sequence);
        Some(held)
    }

    /// The acknowledgement that holds for this alert.
    pub fn get(&self, alert: &str) -> Option<&Acknowledgement> {
        self.by_alert.get(alert).map(|held| &held.acknowledgement)
    }

    /// The number of the change that holds for this alert.
    pub fn sequence(&self, alert: &str) -> Option<u64> {
        self.by_alert.get(alert).map(|held| held.sequence)
    }

    /// Whether the changes up to this number were taken in.
    pub fn has_reached(&self, sequence: u64) -> bool {
        self.reached >= sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(sequence: u64, alert: &str, name: Option<&str>) -> Stored<AcknowledgementChange> {
        Stored {
            key: alert.parse().unwrap(),
            event: AcknowledgementChange {
                value: name.map(|name| by(alert, name)),
            },
            stored_at: OffsetDateTime::UNIX_EPOCH,
            sequence,
            by: String::new(),
            first_said_at: None,
            origin: event_bus::Origin::default(),
        }
    }

    fn by(alert: &str, name: &str) -> Acknowledgement {
        Acknowledgement {
            alert_id: alert.to_owned(),
            name: name.to_owned(),
            ..Acknowledgement::default()
        }
    }

    #[test]
    fn the_last_holds_and_a_repetition_is_no_news() {
        let mut known = Acknowledgements::default();
        let jo = change(1, "a", Some("Jo"));
        assert_eq!(
            known.learn(jo.clone()),
            Some(Learnt::Acknowledged(by("a", "Jo")))
        );
        assert_eq!(known.learn(jo), None);
        let kim = known.learn(change(2, "a", Some("Kim")));
        assert_eq!(kim, Some(Learnt::Acknowledged(by("a", "Kim"))));
        assert_eq!(known.get("a"), Some(&by("a", "Kim")));
        assert!(known.has_reached(2) && !known.has_reached(3));

        let back = known.learn(change(3, "a", None));
        assert_eq!(back, Some(Learnt::TakenBack(by("a", "Kim"))));
        assert_eq!(known.learn(change(4, "a", None)), None);
        assert_eq!(known.get("a"), None);
    }

    #[test]
    fn the_oldest_go_first() {
        let mut known = Acknowledgements::default();
        for sequence in 1..=KEPT as u64 + 5 {
            known.learn(change(sequence, &sequence.to_string(), Some("Jo")));
        }
        assert_eq!(known.by_alert.len(), KEPT);
        assert_eq!(known.alerts_by_sequence.len(), KEPT);
        assert!(known.get("5").is_none() && known.get("6").is_some());
    }
}
