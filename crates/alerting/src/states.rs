//! The alert states and holds of all folders as the folds over their streams have them.

use std::{collections::HashMap, time::Duration};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use event_bus::{AlertSubject, Folder, Hold, Stored};
use proto::v1::{Alert, Phase};
use time::OffsetDateTime;

/// What is known of alerts and holds. It is written by the folds over their streams, and by whoever has just published
/// an alert or a hold. Everybody reads it. No lock is held across an await.
#[derive(Default)]
pub struct AlertStates(RwLock<Known>);

#[derive(Default)]
struct Known {
    alerts: HashMap<AlertSubject, Stored<Alert>>,
    holds: HashMap<Folder, Stored<Hold>>,
    /// When something was heard of a subject that the stream has not handed on yet.
    heard: HashMap<AlertSubject, OffsetDateTime>,
    /// On which connection the broker was last asked about a subject.
    asked_on: HashMap<AlertSubject, u64>,
}

/// By then the broker has stored what was heard, if it ever does.
const STORED_WITHIN: Duration = Duration::from_secs(1);

impl AlertStates {
    /// The subject's last alert: its alert state.
    pub fn alert(&self, subject: &AlertSubject) -> Option<Stored<Alert>> {
        self.read().alerts.get(subject).cloned()
    }

    /// What was last remembered of a hold in this folder.
    pub fn hold(&self, folder: &Folder) -> Option<Stored<Hold>> {
        self.read().holds.get(folder).cloned()
    }

    /// Whether the subject's alert is firing.
    pub fn is_firing(&self, subject: &AlertSubject) -> bool {
        let known = self.read();
        let alert = known.alerts.get(subject);
        alert.is_some_and(|alert| alert.event.phase() == Phase::Firing)
    }

    /// The subjects whose alerts are firing.
    pub fn firing(&self) -> Vec<AlertSubject> {
        let known = self.read();
        let alerts = known.alerts.iter();
        alerts
            .filter(|(_, alert)| alert.event.phase() == Phase::Firing)
            .map(|(subject, _)| subject.clone())
            .collect()
    }

    /// Takes in an alert unless it or a later one is known; says whether it was news.
    pub fn learn_alert(&self, alert: Stored<Alert>) -> bool {
        let mut known = self.write();
        let before = known.alerts.get(&alert.key);
        let is_news = before.is_none_or(|before| before.sequence < alert.sequence);
        if is_news {
            known.heard.remove(&alert.key);
            known.alerts.insert(alert.key.clone(), alert);
        }
        is_news
    }

    /// Takes in that somebody is publishing an alert. The stream may hand it on late, or never take it.
    pub fn hear(&self, subject: AlertSubject, now: OffsetDateTime) {
        self.write().heard.insert(subject, now);
    }

    /// Whether more may have been said of a subject than is known here. Either something was heard of it that the
    /// stream has not handed on yet. Or this connection, the n-th of the process, came after the last answer, and what
    /// was said between was not heard.
    pub(crate) fn is_doubtful(&self, subject: &AlertSubject, connection: u64) -> bool {
        let known = self.read();
        let asked_on = known.asked_on.get(subject).copied().unwrap_or(1);
        asked_on < connection || known.heard.contains_key(subject)
    }

    /// Takes in that the broker was asked about a subject then, on that connection.
    pub(crate) fn asked(&self, subject: &AlertSubject, connection: u64, then: OffsetDateTime) {
        let mut known = self.write();
        known.asked_on.insert(subject.clone(), connection);
        let heard = known.heard.get(subject);
        if heard.is_some_and(|heard| then - *heard >= STORED_WITHIN) {
            known.heard.remove(subject);
        }
    }

    /// Begins to count anew, since the stream of alerts was made anew: what it says from now on is later than all that is
    /// known. What is known still holds until then.
    pub fn alerts_are_anew(&self) {
        let alerts = &mut self.write().alerts;
        alerts.values_mut().for_each(|alert| alert.sequence = 0);
    }

    /// The same of the bucket of holds.
    pub fn holds_are_anew(&self) {
        let holds = &mut self.write().holds;
        holds.values_mut().for_each(|hold| hold.sequence = 0);
    }

    /// Takes in a hold unless it or a later one is known.
    pub fn learn_hold(&self, hold: Stored<Hold>) {
        let holds = &mut self.write().holds;
        let known = holds.get(&hold.key);
        if known.is_none_or(|known| known.sequence < hold.sequence) {
            holds.insert(hold.key.clone(), hold);
        }
    }

    /// Replaces what is known of the subject's alert by what the stream ends with.
    pub(crate) fn set_alert(&self, alert: Stored<Alert>) {
        self.write().alerts.insert(alert.key.clone(), alert);
    }

    /// Takes in that the stream holds nothing of the subject: it was made anew, or what is known has ended by age. That still
    /// holds until the stream says something.
    pub(crate) fn alert_is_gone(&self, subject: &AlertSubject) {
        if let Some(alert) = self.write().alerts.get_mut(subject) {
            alert.sequence = 0;
        }
    }

    /// Replaces what is known of the folder's hold by what the bucket holds.
    pub(crate) fn set_hold(&self, folder: &Folder, hold: Option<Stored<Hold>>) {
        let holds = &mut self.write().holds;
        match hold {
            Some(hold) => holds.insert(folder.clone(), hold),
            None => holds.remove(folder),
        };
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write()
    }
}

#[cfg(test)]
mod tests;
