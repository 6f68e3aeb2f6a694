//! Compares what receivers heard with what fired and ended. Nothing is invented. Each beginning comes before its end.
//! Either is heard again only with the same key, and nothing is heard after the end. All that lasts is heard, and the
//! end of all that was heard. No receiver is sent more than its rate.

use std::{
    collections::{HashMap, HashSet},
    fmt::{self, Write as _},
    path::Path,
    time::Duration,
};

use event_bus::{AlertSubject, Bus, NoticeChange, Stored};
use proto::v1::{Alert, Phase, Subject};
use test_support::Came;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use crate::{losses::Losses, receivers::Receiver, witness::Witness};

/// How much later than its group's wait an alert that lasts may be told; and how much later on a busy machine.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
const BUSY: Duration = Duration::from_secs(3);

/// A rate may hold back a message for a minute.
const SETTLED_WITHIN: Duration = Duration::from_secs(75);

const MINUTE: Duration = Duration::from_secs(60);

/// A notifier counts in milliseconds.
const TICK: Duration = Duration::from_millis(2);

/// A time in which nothing goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calm {
    pub(crate) from: OffsetDateTime,
    pub(crate) to: OffsetDateTime,
}

/// The result of checking what people were told.
#[derive(Default)]
pub(crate) struct Told {
    messages: usize,
    /// How many beginnings and ends were heard, and how often one of them again.
    beginnings: usize,
    ends: usize,
    repeated: usize,
    /// How many beginnings and ends had to be heard by a certain time, since nothing went wrong.
    due: usize,
    /// For how long the last of it was waited for.
    waited: Duration,
    /// The faults that more time does not mend.
    wrong: Vec<String>,
    /// What is still to be heard.
    open: Vec<String>,
}

/// From a beginning to an end.
struct Episode {
    id: String,
    subject: AlertSubject,
    fired_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    /// Whether the message that said so was damaged. Whoever begins to read afterwards knows nothing of the episode.
    is_damaged: bool,
}

/// What a receiver heard of an episode.
#[derive(Debug, Clone)]
struct Heard {
    occasion: String,
    key: String,
    at: OffsetDateTime,
}

/// Two moments by two clocks, which are one.
#[derive(Clone, Copy)]
struct Clocks(Instant, OffsetDateTime);

impl Told {
    /// Waits until all is heard that is to be, and gives up waiting after a while. Nothing goes wrong from `calm` on, nor did it
    /// `before`.
    pub(crate) async fn settled(
        receivers: &[Receiver],
        bus: &Bus,
        witness: &Witness,
        losses: &Losses,
        before: Calm,
        calm: OffsetDateTime,
    ) -> Self {
        let begun = Instant::now();
        let longest = receivers.iter().map(in_time).max().unwrap_or_default();
        loop {
            // What is heard by now was published before.
            let came: Vec<Vec<Came>> = receivers.iter().map(Receiver::came).collect();
            let now = OffsetDateTime::now_utc();
            let calms = [
                before,
                Calm {
                    from: calm,
                    to: now,
                },
            ];
            let episodes = episodes(&witness.alerts.all(), &losses.damaged_of("ALERTS"));
            let notices = bus.all::<NoticeChange>().await;
            let mut told = Told {
                waited: begun.elapsed(),
                ..Told::default()
            };
            for (receiver, came) in receivers.iter().zip(&came) {
                told.check(receiver, came, &episodes, &notices, &calms);
            }
            let is_settled = told.open.is_empty() && now > calm + longest;
            if is_settled || told.waited > SETTLED_WITHIN {
                return told;
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// All that is wrong.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let idle = match self.beginnings == 0 || self.ends == 0 || self.repeated == 0 {
            true => vec!["people were told nothing, or nothing again".to_owned()],
            false => Vec::new(),
        };
        [&self.wrong[..], &self.open, &idle].concat()
    }

    fn check(
        &mut self,
        receiver: &Receiver,
        came: &[Came],
        episodes: &[Episode],
        notices: &[Stored<NoticeChange>],
        calms: &[Calm],
    ) {
        let name = receiver.name();
        self.messages += came.len();
        self.check_rate(receiver, came);
        let heard = heard(came);
        let ids: HashSet<&str> = episodes.iter().map(|it| it.id.as_str()).collect();
        for (id, heard) in &heard {
            if !ids.contains(id.as_str()) {
                let unknown = format!("{name} heard of {id}, of which nobody else knows");
                self.open.push(unknown);
            }
            self.check_order(&format!("{name}: {id}"), heard);
        }
        for episode in episodes.iter().filter(|it| !it.is_damaged) {
            let heard = heard.get(&episode.id).map_or(&[][..], |heard| heard);
            let what = format!("{name}: {} of {}", episode.id, episode.subject);
            let free = free(episode, episodes);
            self.check_end(&what, episode, heard, &free);
            // What a rate holds back is not told in time.
            if receiver.rate().is_none() {
                self.check_in_time(&what, episode, heard, &free, calms, in_time(receiver));
            }
        }
        for notice in notices {
            if notice.key.receiver.as_str() == name {
                self.check_notice(&heard, notice);
            }
        }
    }

    /// In no minute are there more messages than the rate allows, whatever was answered.
    fn check_rate(&mut self, receiver: &Receiver, came: &[Came]) {
        let Some(rate) = receiver.rate() else { return };
        let mut at: Vec<Instant> = came.iter().map(|came| came.at).collect();
        at.sort();
        let too_many = at.windows(rate + 1);
        let too_many = too_many.filter(|at| at[rate] - at[0] + TICK < MINUTE);
        if let Some(at) = too_many.map(|at| at[rate] - at[0]).min() {
            let name = receiver.name();
            let wrong = format!("{name} was sent {} messages within {at:?}", rate + 1);
            self.wrong.push(wrong);
        }
    }

    /// A beginning, then perhaps the end; each again with the same key only.
    fn check_order(&mut self, what: &str, heard: &[Heard]) {
        let mut parts: Vec<&Heard> = heard.iter().collect();
        parts.dedup_by(|one, other| one.occasion == other.occasion && one.key == other.key);
        self.repeated += heard.len() - parts.len();
        let said: Vec<&str> = parts.iter().map(|it| it.occasion.as_str()).collect();
        self.beginnings += 1;
        match said[..] {
            ["firing"] => {}
            ["firing", "resolved"] => self.ends += 1,
            _ => self.wrong.push(format!("{what}: it heard {parts:?}")),
        }
    }

    /// Checks that an alert that lasts was heard, and that the end was heard of each that was.
    fn check_end(
        &mut self,
        what: &str,
        episode: &Episode,
        heard: &[Heard],
        free: &[(OffsetDateTime, Option<OffsetDateTime>)],
    ) {
        let is_free = free.last().is_some_and(|(_, until)| until.is_none());
        match (episode.ended_at, heard.last()) {
            (None, None) if is_free => self.open.push(format!(
                "{what} fires since {}, and nobody was told",
                episode.fired_at
            )),
            (Some(ended_at), Some(last)) if last.occasion != "resolved" => {
                self.open.push(format!(
                    "{what}: its end of {ended_at} was not told, but that it fires, at {}",
                    last.at
                ));
            }
            _ => {}
        }
    }

    /// Checks that it is heard in time that an alert fires and that it is over, where nothing goes wrong for long
    /// enough.
    fn check_in_time(
        &mut self,
        what: &str,
        episode: &Episode,
        heard: &[Heard],
        free: &[(OffsetDateTime, Option<OffsetDateTime>)],
        calms: &[Calm],
        within: Duration,
    ) {
        let first = heard.first().map(|it| it.at);
        let end = heard.iter().find(|it| it.occasion == "resolved");
        let end = end.map(|it| it.at);
        for calm in calms {
            for (from, to) in free {
                let due = calm.from.max(*from) + within;
                let until = to.map_or(calm.to, |to| to.min(calm.to));
                self.require_by(what, "that it fires", first, due, until);
            }
            if let Some((ended_at, first)) = episode.ended_at.zip(first) {
                let due = calm.from.max(ended_at).max(first) + within;
                self.require_by(what, "its end", end, due, calm.to);
            }
        }
    }

    fn require_by(
        &mut self,
        what: &str,
        of_what: &str,
        heard_at: Option<OffsetDateTime>,
        due: OffsetDateTime,
        until: OffsetDateTime,
    ) {
        if due >= until {
            return;
        }
        self.due += 1;
        if heard_at.is_none_or(|at| at > due) {
            let heard = heard_at.map_or("never".to_owned(), |at| format!("at {at}"));
            self.wrong.push(format!(
                "{what}: {of_what} was to be told by {due}, and was {heard}"
            ));
        }
    }

    /// Checks a notice: what it says was told was heard, nothing was given up, and nothing is on its way in the end.
    fn check_notice(&mut self, heard: &HashMap<String, Vec<Heard>>, stored: &Stored<NoticeChange>) {
        let Some(notice) = &stored.event.value else {
            return;
        };
        let heard = heard.get(&notice.alert).map_or(&[][..], |heard| heard);
        let has_heard = |occasion: &str| heard.iter().any(|it| it.occasion == occasion);
        if notice.sending.is_some() {
            self.open.push(format!("it is on its way: {notice:?}"));
        }
        let passes = [
            (notice.told_at, has_heard("firing")),
            (notice.end_told_at, has_heard("resolved")),
        ];
        let is_untrue = passes.iter().any(|(told, heard)| told.is_some() && !heard);
        if is_untrue {
            // It may have been heard since the receiver was asked.
            self.open.push(format!("it passes for told: {notice:?}"));
        }
        if notice.failed.is_some() {
            self.wrong.push(format!("it was given up: {notice:?}"));
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages to people: {} beginnings and {} ends, {} of them heard again; {} were due by a time; the last was waited \
             for for {} s",
            self.messages,
            self.beginnings,
            self.ends,
            self.repeated,
            self.due,
            self.waited.as_secs()
        )
    }
}

/// Writes all that receivers were sent to this folder.
pub(crate) fn keep_messages(receivers: &[Receiver], folder: &Path) {
    let clocks = Clocks::now();
    for receiver in receivers {
        let mut text = String::new();
        for came in receiver.came() {
            let (at, answer) = (clocks.wall(came.at), came.answer);
            let (occasion, alerts) = (came.occasion(), came.alerts().join(" "));
            writeln!(text, "{at} {} {occasion} {answer:?} {alerts}", came.key).unwrap();
        }
        std::fs::write(folder.join(format!("told-{}", receiver.name())), text).unwrap();
    }
}

fn in_time(receiver: &Receiver) -> Duration {
    receiver.group_wait() + TOLD_WITHIN + BUSY
}

/// All episodes that there were, as they stand.
fn episodes(alerts: &[Stored<Alert>], damaged: &HashSet<OffsetDateTime>) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    let mut last: HashMap<AlertSubject, usize> = HashMap::new();
    for Stored {
        key,
        event,
        stored_at,
        ..
    } in alerts
    {
        let is_damaged = damaged.contains(stored_at);
        let before = last.get(key).map(|before| &mut episodes[*before]);
        if let Some(before) = before {
            let is_of_before = before.id == event.id;
            before.is_damaged |= is_of_before && is_damaged;
            // Where nobody has seen how it ended, it is over when the next one fires.
            if !is_of_before || event.phase() != Phase::Firing {
                before.ended_at = before.ended_at.or(Some(*stored_at));
            }
            if is_of_before {
                continue;
            }
        }
        if event.phase() == Phase::Firing {
            last.insert(key.clone(), episodes.len());
            episodes.push(Episode {
                id: event.id.clone(),
                subject: key.clone(),
                fired_at: *stored_at,
                ended_at: None,
                is_damaged,
            });
        }
    }
    episodes
}

/// When an episode lasted and nothing held it back: a camera's alert holds back its view's. What is over is told whatever does.
fn free(episode: &Episode, episodes: &[Episode]) -> Vec<(OffsetDateTime, Option<OffsetDateTime>)> {
    let mut holds: Vec<&Episode> = episodes
        .iter()
        .filter(|it| {
            episode.subject.subject != Subject::Camera
                && it.subject.subject == Subject::Camera
                && it.subject.folder == episode.subject.folder
        })
        .collect();
    holds.sort_by_key(|it| it.fired_at);
    let (mut free, mut from) = (Vec::new(), Some(episode.fired_at));
    for hold in holds {
        let Some(begun) = from else { break };
        if hold.fired_at > begun {
            free.push((begun, Some(hold.fired_at)));
        }
        // Whether it still fires is not known where what said so is damaged.
        let ended_at = hold.ended_at.filter(|_| !hold.is_damaged);
        from = ended_at.map(|ended_at| begun.max(ended_at));
    }
    free.extend(from.map(|from| (from, None)));
    let until = |to: Option<OffsetDateTime>| match (to, episode.ended_at) {
        (Some(to), Some(ended_at)) => Some(to.min(ended_at)),
        (to, ended_at) => to.or(ended_at),
    };
    free.into_iter()
        .map(|(from, to)| (from, until(to)))
        .collect()
}

/// What a receiver heard of each alert, by its id, in order.
fn heard(came: &[Came]) -> HashMap<String, Vec<Heard>> {
    let clocks = Clocks::now();
    let mut heard: HashMap<String, Vec<Heard>> = HashMap::new();
    for came in came.iter().filter(|came| came.answer.is_heard()) {
        for id in came.alerts() {
            heard.entry(id).or_default().push(Heard {
                occasion: came.occasion().to_owned(),
                key: came.key.clone(),
                at: clocks.wall(came.at),
            });
        }
    }
    heard
}

impl Clocks {
    fn now() -> Self {
        Clocks(Instant::now(), OffsetDateTime::now_utc())
    }

    fn wall(self, at: Instant) -> OffsetDateTime {
        self.1 - (self.0 - at)
    }
}
