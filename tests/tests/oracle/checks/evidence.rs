//! The pictures behind alerts.

use std::time::{Duration, SystemTime};

use event_bus::{Bus, Exhibit, ExhibitKey};
use proto::v1::Phase;
use time::OffsetDateTime;

use super::{Verdicts, folder::Folder};
use crate::{
    cameras::frame,
    history::{History, number_of},
    losses::Outage,
    people::reference,
};

/// The alerts that are under way when evidence can no longer be stored are out by then.
const ATTEMPT: Duration = Duration::from_millis(2500);

impl Verdicts {
    /// The pictures behind each alert are those that were sent, and all are kept but what was deleted, or what the
    /// alert says is missing.
    pub(super) async fn check_evidence(
        &mut self,
        bus: &Bus,
        folder: &Folder<'_>,
        lost: Option<SystemTime>,
    ) {
        let lost = lost.map(|lost| lost + ATTEMPT);
        let evidence = bus.evidence();
        for alert in &folder.history.alerts {
            if alert.event.phase() != Phase::Firing {
                continue;
            }
            let id = &alert.event.id;
            let number = number_of(alert.event.frame.as_ref());
            let sent = folder.log.get(number);
            let sent = sent.map(|sent| frame(sent.view, folder.number, number));
            let with = alert.event.reference.as_ref().unwrap();
            let (_, uploaded) = reference(&with.name);
            for (exhibit, expected) in
                [(Exhibit::Frame, sent), (Exhibit::Reference, Some(uploaded))]
            {
                let kept = evidence.get(&ExhibitKey::new(id, exhibit)).await;
                let missing = format!("its {}", exhibit.word());
                let may_be_missing = alert.event.evidence_missing.contains(&missing)
                    || lost.is_some_and(|lost| alert.stored_at <= lost);
                let Ok(Some(kept)) = kept else {
                    if may_be_missing {
                        self.without_evidence += 1;
                    } else {
                        let unreadable =
                            format!("{folder}: the {} behind {id}: {kept:?}", exhibit.word());
                        self.unreadable_evidence.push(unreadable);
                    }
                    continue;
                };
                self.require(Some(&kept[..]) == expected.as_deref(), || {
                    format!(
                        "{folder}: the {} behind {id} is not what was sent",
                        exhibit.word()
                    )
                });
                self.evidence += 1;
            }
        }
    }

    /// Checks that no more of the evidence is unreadable than was damaged.
    pub(super) fn check_damaged_evidence(&mut self, damaged: usize) {
        if self.unreadable_evidence.len() > damaged {
            self.wrong.append(&mut self.unreadable_evidence);
        }
    }

    /// While no evidence could be stored, alerts fired as ever; some do in each second.
    pub(super) fn check_alerts_wait_for_no_evidence(
        &mut self,
        history: &History,
        without: &[Outage],
    ) {
        for Outage { from, to } in without {
            let fired = history.alerts.iter().any(|alert| {
                let from = OffsetDateTime::from(*from + ATTEMPT);
                alert.event.phase() == Phase::Firing
                    && (from..OffsetDateTime::from(*to)).contains(&alert.stored_at)
            });
            self.require(fired, || {
                format!("nothing fired while no evidence could be stored, from {from:?} to {to:?}")
            });
        }
    }
}
