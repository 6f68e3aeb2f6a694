//! Messages that were begun, by this copy or one before it, and that the receiver has neither taken nor refused yet.

use std::{collections::BTreeMap, time::Duration};

use event_bus::Sending;

use super::{Case, Dispatch, Member, Now, backoff};

/// The messages that are on their way, by their keys.
pub(super) fn begun(cases: &[Case]) -> BTreeMap<&str, Vec<(&Case, &Sending)>> {
    let mut begun: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for case in cases {
        if let Some(sending) = &case.notice.sending {
            begun.entry(&sending.key).or_default().push((case, sending));
        }
    }
    begun
}

/// The message that was begun first, of those that may be tried again now.
pub(super) fn ready_again(
    begun: &BTreeMap<&str, Vec<(&Case, &Sending)>>,
    now: Now,
    next_at: &mut Option<Duration>,
) -> Option<Dispatch> {
    let mut first = None;
    for (key, members) in begun {
        let waits = members.iter().map(|(_, sending)| waits(sending, now)).min();
        let waits = waits.unwrap_or_default();
        if !waits.is_zero() {
            sooner(next_at, now.running + waits);
            continue;
        }
        let since = members.iter().map(|(_, sending)| sending.since).min();
        if first.is_none_or(|(_, earliest)| since < earliest) {
            first = Some((*key, since));
        }
    }
    let (key, _) = first?;
    let members = &begun[key];
    Some(Dispatch {
        key: key.to_owned(),
        telling: members.first()?.1.telling,
        members: members
            .iter()
            .map(|(case, _)| Member {
                key: case.key.clone(),
                notice: case.notice.clone(),
                revision: case.revision,
            })
            .collect(),
    })
}

/// How much longer a message is to wait. If a clock was set back, it does not wait longer than it ever would.
fn waits(sending: &Sending, now: Now) -> Duration {
    let waits = sending.not_before.map(|not_before| not_before - now.wall);
    let waits = waits.and_then(|waits| Duration::try_from(waits).ok());
    waits
        .filter(|waits| *waits <= backoff::LONGEST)
        .unwrap_or_default()
}

/// Takes in that something is due then.
pub(super) fn sooner(at: &mut Option<Duration>, other: Duration) {
    *at = Some(at.map_or(other, |at| at.min(other)));
}
