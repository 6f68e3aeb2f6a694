//! Whether an episode is to be told to a receiver.

use std::time::Duration;

use event_bus::{Notice, Telling};
use proto::v1::Phase;
use time::OffsetDateTime;

use super::Now;

/// The state of an episode, as far as one receiver is concerned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    pub(crate) phase: Phase,
    /// When that began.
    pub(crate) since: OffsetDateTime,
    pub(crate) is_acknowledged: bool,
    /// What holds back telling that it fires.
    pub(crate) held: Option<Hold>,
    /// Why it is told to this receiver.
    pub(crate) part: Part,
    /// The group in which it is told with others.
    pub(crate) group: String,
    /// How long others of the group are waited for.
    pub(crate) group_wait: Duration,
    /// How long after a message of the same group the next one may be sent.
    pub(crate) group_interval: Duration,
    /// After how long it is told again that it is still so.
    pub(crate) remind: Option<Duration>,
    /// Whether it is told again whatever people say, since the receiver forgets it otherwise.
    pub(crate) forgets: bool,
    /// Whether the end is told as well.
    pub(crate) tells_end: bool,
}

/// What holds back telling of a firing alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    Silence,
    /// Its camera's alert fires.
    Camera,
    Hours,
}

/// Why an episode is told to a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A route says so.
    First,
    /// A route says so where nobody has it in hand so long after others were told; `None` before that was begun.
    Escalation {
        after: Duration,
        begun: Option<OffsetDateTime>,
    },
    /// No route says so any more; it was told while one did.
    Former,
}

/// What a receiver must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Held(Hold),
    Tell(Telling),
}

/// What a receiver must be told of an episode, while no message about it is on its way.
pub(crate) fn due(notice: &Notice, standing: &Standing, now: Now) -> Due {
    match (standing.phase, notice.told_at) {
        (Phase::Firing, None) => first(notice, standing, now),
        (Phase::Firing, Some(_)) => again(notice, standing, now),
        // Whoever did not hear of it need not hear of its end.
        (_, None) => Due::Nothing,
        // Silences, hours and acknowledgements hold no end back.
        (_, Some(_)) => end(notice, standing),
    }
}

fn first(notice: &Notice, standing: &Standing, now: Now) -> Due {
    if notice.failed.is_some() {
        return Due::Nothing;
    }
    let telling = match standing.part {
        Part::First => Telling::Firing,
        Part::Former => return Due::Nothing,
        Part::Escalation { after, begun } => {
            let is_time = begun.is_some_and(|begun| has_passed(after, begun, now));
            if standing.is_acknowledged || !is_time {
                return Due::Nothing;
            }
            Telling::Escalation
        }
    };
    standing.held.map_or(Due::Tell(telling), Due::Held)
}

fn again(notice: &Notice, standing: &Standing, now: Now) -> Due {
    let failed_at = notice.failed.as_ref().map(|failed| failed.at);
    let last = notice.last_told_at.max(failed_at).max(notice.told_at);
    let is_time = standing
        .remind
        .zip(last)
        .is_some_and(|(remind, last)| has_passed(remind, last, now));
    match standing.forgets {
        _ if !is_time => Due::Nothing,
        true => Due::Tell(Telling::Reminder),
        false if standing.is_acknowledged || standing.part == Part::Former => Due::Nothing,
        false => standing
            .held
            .map_or(Due::Tell(Telling::Reminder), Due::Held),
    }
}

fn end(notice: &Notice, standing: &Standing) -> Due {
    let was_refused = notice
        .failed
        .as_ref()
        .is_some_and(|failed| failed.telling == Telling::Resolved);
    match notice.end_told_at.is_none() && standing.tells_end && !was_refused {
        true => Due::Tell(Telling::Resolved),
        false => Due::Nothing,
    }
}

fn has_passed(wait: Duration, since: OffsetDateTime, now: Now) -> bool {
    now.wall - since >= wait
}
