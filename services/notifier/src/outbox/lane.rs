//! One receiver's lane: its messages one after another, each by the same steps.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use data_encoding::HEXLOWER;
use event_bus::{NoticeKey, Pass, Sending, Telling};
use ring::digest::{SHA256, digest};
use turn_taking::ABANDONED_AFTER;

use super::{
    Case, Dispatch, Due, Member, Now, Rate, backoff,
    begun::{begun, ready_again, sooner},
    due,
    rate::Window,
    settle::settled,
};

/// The most episodes that a message tells; the others wait for the next one.
const MOST_TOLD: usize = 1000;

/// The most messages that are on their way to a receiver that does not take them. What comes after is told with others, once
/// it does.
const MOST_BEGUN: usize = 20;

/// The next thing to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Store these, each after the change that it follows; then say [`Lane::stored`].
    Store(Vec<Member>),
    /// Say that a message is about to be sent; then say [`Lane::announced`].
    Announce(Dispatch),
    /// Send it; then say [`Lane::answered`].
    Send(Dispatch),
    /// Nothing before then, unless something changes; `None`: before something changes.
    Wait(Option<Duration>),
}

/// The result of storing something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is the change of this number.
    At(u64),
    /// Somebody else has changed it before.
    Overtaken,
    /// It is not known whether it is stored.
    Unknown,
}

/// What a receiver answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Taken {
        thread: Option<String>,
    },
    TryAgain {
        after: Option<Duration>,
        why: String,
    },
    Refused {
        why: String,
    },
}

/// One receiver's lane, in the copy that sends to it.
#[derive(Debug)]
pub(crate) struct Lane {
    step: Step,
    window: Window,
    /// Since when something is due, by what is known here.
    due_since: HashMap<(NoticeKey, Telling), Duration>,
    /// When the last message of a group was begun here.
    begun: HashMap<String, Duration>,
    rests_until: Duration,
    rests_because: String,
    failures: u32,
    /// Whether the last message was one that had been tried before.
    last_was_begun: bool,
    counts: Counts,
    #[cfg(test)]
    pub(super) mutant: Option<super::Mutant>,
}

/// The counts of what waits, as they were last seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Alerts that are to be told.
    pub(crate) waiting: usize,
    /// How many of them wait for the rate.
    pub(crate) held_by_rate: usize,
    /// Alerts that are not to be told because of a silence, hours, or the camera's alert.
    pub(crate) held: usize,
}

#[derive(Debug)]
enum Step {
    Idle,
    Storing(Dispatch),
    Announcing(Dispatch),
    Sending(Dispatch),
    Settling(Vec<Member>),
}

/// A case that is due, how its episode stands, and since when it is due.
type Waiting<'a> = (&'a Case, &'a super::Standing, Duration);

impl Lane {
    /// A lane that begins now. `sent_ago` is how long ago the copy before this one sent what its rate still counts, and `rests`
    /// how much longer the receiver is to be left alone.
    pub(crate) fn new(
        rate: Option<Rate>,
        sent_ago: &[Duration],
        rests: Duration,
        now: Now,
    ) -> Self {
        // What was announced so long ago may have been sent a little later.
        let sent_ago: Vec<Duration> = sent_ago
            .iter()
            .map(|ago| ago.saturating_sub(ABANDONED_AFTER))
            .collect();
        Lane {
            step: Step::Idle,
            window: Window::resumed(rate, &sent_ago, now.running),
            due_since: HashMap::new(),
            begun: HashMap::new(),
            rests_until: now.running + rests.min(backoff::LONGEST),
            rests_because: String::new(),
            failures: 0,
            last_was_begun: false,
            counts: Counts::default(),
            #[cfg(test)]
            mutant: None,
        }
    }

    /// Takes another rate.
    pub(crate) fn set_rate(&mut self, rate: Option<Rate>) {
        self.window.set(rate);
    }

    /// How long ago each of those messages was sent that still count for the rate.
    pub(crate) fn sent_ago(&self, now: Now) -> Vec<Duration> {
        self.window.sent_ago(now.running)
    }

    /// For how much longer the receiver is left alone, and why.
    pub(crate) fn rests(&self, now: Now) -> (Duration, &str) {
        match self.rests_until.saturating_sub(now.running) {
            Duration::ZERO => (Duration::ZERO, ""),
            rests => (rests, &self.rests_because),
        }
    }

    /// The counts of what waits.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether a receiver has answered and the answer is still to be stored.
    pub(crate) fn is_settling(&self) -> bool {
        matches!(self.step, Step::Settling(_))
    }

    /// The next thing to do, where these are the receiver's cases.
    pub(crate) fn next(&mut self, cases: &[Case], now: Now) -> Effect {
        match &self.step {
            Step::Idle => self.choose(cases, now),
            Step::Storing(dispatch) => Effect::Store(dispatch.members.clone()),
            Step::Announcing(dispatch) => Effect::Announce(dispatch.clone()),
            Step::Sending(dispatch) => Effect::Send(dispatch.clone()),
            Step::Settling(members) => Effect::Store(members.clone()),
        }
    }

    /// Takes in the results of storing, in the order of what was to be stored.
    pub(crate) fn stored(&mut self, results: &[Stored]) {
        self.step = match std::mem::replace(&mut self.step, Step::Idle) {
            // What was stored goes on as what was begun before.
            Step::Storing(_) if results.contains(&Stored::Unknown) => Step::Idle,
            Step::Storing(mut dispatch) => {
                dispatch.members = kept(dispatch.members, results);
                match dispatch.members.is_empty() {
                    true => Step::Idle,
                    false => Step::Announcing(dispatch),
                }
            }
            Step::Settling(members) => {
                let mut results = results.iter();
                let left: Vec<Member> = members
                    .into_iter()
                    .filter(|_| results.next() == Some(&Stored::Unknown))
                    .collect();
                match left.is_empty() {
                    true => Step::Idle,
                    false => Step::Settling(left),
                }
            }
            other => other,
        };
    }

    /// It was said that a message is about to be sent.
    pub(crate) fn announced(&mut self, now: Now) {
        if let Step::Announcing(dispatch) = std::mem::replace(&mut self.step, Step::Idle) {
            self.window.sent(now.running);
            self.step = Step::Sending(dispatch);
        }
    }

    /// It could not be said. Nothing was sent.
    pub(crate) fn not_announced(&mut self) {
        if matches!(self.step, Step::Announcing(_)) {
            self.step = Step::Idle;
        }
    }

    /// Takes in the receiver's answer.
    pub(crate) fn answered(&mut self, answer: &Answer, now: Now) {
        let Step::Sending(dispatch) = std::mem::replace(&mut self.step, Step::Idle) else {
            return;
        };
        self.window.arrived(now.running);
        match answer {
            Answer::TryAgain { after, why } => {
                self.failures += 1;
                let rests = backoff::rest(self.failures).max(after.unwrap_or_default());
                self.rests_until = now.running + rests.min(backoff::LONGEST);
                self.rests_because.clone_from(why);
            }
            Answer::Taken { .. } | Answer::Refused { .. } => self.failures = 0,
        }
        let settled = dispatch.members.into_iter().map(|member| Member {
            notice: self.settled(member.notice, answer, now),
            ..member
        });
        self.step = Step::Settling(settled.collect());
    }

    fn settled(&self, notice: event_bus::Notice, answer: &Answer, now: Now) -> event_bus::Notice {
        #[cfg(test)]
        if self.mutant == Some(super::Mutant::GivesUpSilently)
            && notice.sending.as_ref().is_some_and(|it| it.tries >= 2)
        {
            return settled(notice, &Answer::Taken { thread: None }, now);
        }
        settled(notice, answer, now)
    }

    /// The next message, if there is one and it may be sent.
    fn choose(&mut self, cases: &[Case], now: Now) -> Effect {
        let fresh = self.due(cases, now);
        let begun = begun(cases);
        self.counts.waiting = fresh.len() + begun.values().map(Vec::len).sum::<usize>();
        self.counts.held_by_rate = 0;

        let mut next_at = None;
        let repeated = ready_again(&begun, now, &mut next_at);
        let grouped = match begun.len() < MOST_BEGUN {
            true => self.ready_group(fresh, now, &mut next_at),
            false => None,
        };
        if repeated.is_none() && grouped.is_none() {
            return Effect::Wait(next_at);
        }
        if now.running < self.rests_until {
            return Effect::Wait(Some(self.rests_until));
        }
        if let Some(free_at) = self.window.free_at(now.running) {
            self.counts.held_by_rate = self.counts.waiting;
            return Effect::Wait(Some(free_at));
        }
        match (repeated, grouped) {
            (Some(dispatch), None) => self.send_again(dispatch, now),
            (Some(dispatch), Some(_)) if !self.last_was_begun => self.send_again(dispatch, now),
            (_, Some((telling, members))) => self.begin(telling, members, now),
            (None, None) => Effect::Wait(next_at),
        }
    }

    /// Sends again what has its intent stored. It is stored once more, which shows that no other copy has settled it.
    fn send_again(&mut self, dispatch: Dispatch, now: Now) -> Effect {
        self.last_was_begun = true;
        let effect = Effect::Store(dispatch.members.clone());
        self.step = Step::Storing(self.renamed(dispatch, now));
        effect
    }

    #[cfg(not(test))]
    fn renamed(&self, dispatch: Dispatch, _: Now) -> Dispatch {
        dispatch
    }

    #[cfg(test)]
    fn renamed(&self, mut dispatch: Dispatch, now: Now) -> Dispatch {
        if self.mutant == Some(super::Mutant::NewKeys) {
            dispatch.key = format!("{}-{:?}", dispatch.key, now.running);
        }
        dispatch
    }

    /// Begins a message: its intent is to be stored.
    fn begin(&mut self, telling: Telling, cases: Vec<&Case>, now: Now) -> Effect {
        self.last_was_begun = false;
        let key = message_key(telling, &cases);
        let is_alone = cases.len() == 1;
        let members = cases.into_iter().map(|case| {
            let mut notice = case.notice.clone();
            if let Some(standing) = &case.standing {
                notice.group.clone_from(&standing.group);
            }
            notice.sending = Some(Sending {
                key: key.clone(),
                telling,
                since: now.wall,
                tries: 0,
                not_before: None,
                why: String::new(),
            });
            if is_alone && telling != Telling::Resolved {
                notice.pass = Some(Pass::renewed(notice.pass.take(), now.wall));
            }
            Member {
                key: case.key.clone(),
                notice,
                revision: case.revision,
            }
        });
        let members: Vec<Member> = members.collect();
        if let Some(first) = members.first() {
            self.begun.insert(first.notice.group.clone(), now.running);
        }
        let dispatch = Dispatch {
            key,
            telling,
            members,
        };
        #[cfg(test)]
        if self.mutant == Some(super::Mutant::NoIntent) {
            self.step = Step::Announcing(dispatch.clone());
            return Effect::Announce(dispatch);
        }
        let effect = Effect::Store(dispatch.members.clone());
        self.step = Step::Storing(dispatch);
        effect
    }

    /// What is due, and since when that has been known here.
    fn due<'a>(&mut self, cases: &'a [Case], now: Now) -> Vec<(&'a Case, Telling, Duration)> {
        let mut due_since = HashMap::new();
        let mut fresh = Vec::new();
        self.counts.held = 0;
        for case in cases {
            let Some(standing) = &case.standing else {
                continue;
            };
            if case.notice.sending.is_some() && self.settles_first() {
                continue;
            }
            match self.due_of(case, standing, now) {
                Due::Nothing => {}
                Due::Held(_) => self.counts.held += 1,
                Due::Tell(telling) => {
                    let id = (case.key.clone(), telling);
                    let since = self.due_since.get(&id).copied().unwrap_or(now.running);
                    due_since.insert(id, since);
                    fresh.push((case, telling, since));
                }
            }
        }
        self.due_since = due_since;
        fresh
    }

    fn due_of(&self, case: &Case, standing: &super::Standing, now: Now) -> Due {
        #[cfg(test)]
        if self.mutant == Some(super::Mutant::SilencedEnds) && standing.held.is_some() {
            return Due::Nothing;
        }
        due(&case.notice, standing, now)
    }

    #[cfg(not(test))]
    fn settles_first(&self) -> bool {
        true
    }

    #[cfg(test)]
    fn settles_first(&self) -> bool {
        self.mutant != Some(super::Mutant::NotSettledFirst)
    }

    /// The group that has waited longest, of those whose wait is over.
    fn ready_group<'a>(
        &self,
        fresh: Vec<(&'a Case, Telling, Duration)>,
        now: Now,
        next_at: &mut Option<Duration>,
    ) -> Option<(Telling, Vec<&'a Case>)> {
        let mut groups: BTreeMap<(&str, Telling), Vec<Waiting>> = BTreeMap::new();
        for (case, telling, since) in fresh {
            if let Some(standing) = &case.standing {
                let group = groups.entry((&standing.group, telling)).or_default();
                group.push((case, standing, since));
            }
        }
        let mut ready: Option<(Duration, Telling, Vec<&Case>)> = None;
        for ((name, telling), members) in groups {
            let at = self.ready_at(name, &members, now);
            if at > now.running {
                sooner(next_at, at);
                continue;
            }
            if ready.as_ref().is_none_or(|(first, ..)| at < *first) {
                let cases = members.into_iter().map(|(case, ..)| case);
                ready = Some((at, telling, cases.take(MOST_TOLD).collect()));
            }
        }
        ready.map(|(_, telling, cases)| (telling, cases))
    }

    /// From when on a group is told.
    fn ready_at(&self, name: &str, members: &[Waiting], now: Now) -> Duration {
        let waited = members.iter().map(|(_, standing, since)| {
            // Where this copy has just begun, others have waited for it already.
            let lasted = Duration::try_from(now.wall - standing.since).unwrap_or_default();
            match lasted >= standing.group_wait + GRACE {
                true => *since,
                false => *since + standing.group_wait,
            }
        });
        let waited = waited.min().unwrap_or(now.running);
        let interval = members
            .first()
            .map(|(_, standing, _)| standing.group_interval);
        let begun = self.begun.get(name).zip(interval);
        begun.map_or(waited, |(begun, interval)| waited.max(*begun + interval))
    }
}

/// How long after its beginning an episode may become known here.
const GRACE: Duration = Duration::from_secs(5);

fn kept(members: Vec<Member>, results: &[Stored]) -> Vec<Member> {
    members
        .into_iter()
        .zip(results)
        .filter_map(|(member, result)| match result {
            Stored::At(revision) => Some(Member {
                revision: *revision,
                ..member
            }),
            Stored::Overtaken | Stored::Unknown => None,
        })
        .collect()
}

/// The same for whoever begins the same message.
fn message_key(telling: Telling, cases: &[&Case]) -> String {
    let mut parts: Vec<String> = cases
        .iter()
        .map(|case| format!("{} {}", case.key, case.notice.messages))
        .collect();
    parts.sort();
    let text = format!("{}\n{}", telling.word(), parts.join("\n"));
    let digest = digest(&SHA256, text.as_bytes());
    HEXLOWER.encode(&digest.as_ref()[..16])
}

#[cfg(test)]
mod tests;
