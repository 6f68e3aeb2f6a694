//! A world: what happens, what is stored, who is told.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use event_bus::{AlertKey, Notice, NoticeKey, ReceiverName, Telling};
use proto::v1::Phase;
use time::OffsetDateTime;
use turn_taking::{ABANDONED_AFTER, Move, SAY_EVERY, Watch};

use crate::outbox::{
    Answer, Case, Dispatch, Effect, Hold, Lane, Member, Mutant, Now, Part, Rate, Standing, Stored,
};

const COPIES: usize = 2;
const RECEIVERS: [&str; 2] = ["ops", "oncall"];
const FOLDERS: u64 = 4;
const STEPS: u64 = 700;
const RATE: Rate = Rate {
    count: 5,
    per: Duration::from_secs(60),
};

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) delivered: usize,
    pub(super) repeated: usize,
    pub(super) crashes: usize,
    pub(super) taken_over: usize,
    pub(super) refused: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Tally) {
        self.delivered += other.delivered;
        self.repeated += other.repeated;
        self.crashes += other.crashes;
        self.taken_over += other.taken_over;
        self.refused += other.refused;
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// An episode as it is.
#[derive(Clone)]
struct Episode {
    folder: u64,
    fired_at: Duration,
    ended_at: Option<Duration>,
}

/// Whose turn it is, as it is stored.
#[derive(Clone, Default)]
struct StoredTurn {
    holder: Option<usize>,
    sent_ago: Vec<Duration>,
    rests: Duration,
    stored_at: Duration,
    revision: u64,
}

struct Held {
    lane: Lane,
    revision: u64,
    said_at: Duration,
    announced_at: Duration,
}

#[derive(Default)]
struct Copy {
    /// Which of all processes: a copy that has died comes again as another.
    process: usize,
    /// How far it knows the notices, and the episodes.
    read: usize,
    episodes_read: usize,
    notices: HashMap<NoticeKey, (Notice, u64)>,
    lanes: [Option<Held>; 2],
    watches: [Watch; 2],
    /// How far its clock is off, in seconds.
    clock_is_off: i64,
}

struct Delivered {
    key: String,
    telling: Telling,
    /// Which of all messages of its receiver.
    place: usize,
}

pub(super) struct World {
    random: Random,
    mutant: Option<Mutant>,
    clock: Duration,
    episodes: Vec<Episode>,
    /// What became of which episode, in order.
    alerts: Vec<(usize, Phase)>,
    silenced_until: [Duration; FOLDERS as usize],
    closed_until: Duration,
    acknowledged: BTreeSet<usize>,
    notices: BTreeMap<String, (Notice, u64)>,
    changes: Vec<(NoticeKey, Notice, u64)>,
    turns: [StoredTurn; 2],
    revision: u64,
    copies: Vec<Copy>,
    processes: usize,
    bad: [u64; 2],
    attempts: [Vec<Duration>; 2],
    inbox: BTreeMap<String, Vec<Delivered>>,
    place: usize,
    is_draining: bool,
    tally: Tally,
}

type Checked<T = ()> = Result<T, String>;

impl World {
    pub(super) fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let copies = (0..COPIES).map(|process| Copy {
            process,
            ..Copy::default()
        });
        World {
            random: Random(seed | 1),
            mutant,
            clock: Duration::from_secs(1_000_000),
            episodes: Vec::new(),
            alerts: Vec::new(),
            silenced_until: [Duration::ZERO; FOLDERS as usize],
            closed_until: Duration::ZERO,
            acknowledged: BTreeSet::new(),
            notices: BTreeMap::new(),
            changes: Vec::new(),
            turns: Default::default(),
            revision: 0,
            copies: copies.collect(),
            processes: COPIES,
            bad: [0; 2],
            attempts: Default::default(),
            inbox: BTreeMap::new(),
            place: 0,
            is_draining: false,
            tally: Tally::default(),
        }
    }

    pub(super) fn run(&mut self) -> Checked<&Tally> {
        for _ in 0..STEPS {
            self.clock += Duration::from_millis(self.random.below(2500));
            self.happen();
            self.work()?;
        }
        self.drain()?;
        self.check_the_end()?;
        Ok(&self.tally)
    }

    /// Nothing is wrong any more; one silence may go on for ever.
    fn drain(&mut self) -> Checked {
        self.is_draining = true;
        self.bad = [0; 2];
        self.closed_until = Duration::ZERO;
        self.silenced_until = [Duration::ZERO; FOLDERS as usize];
        self.silenced_until[0] = Duration::MAX;
        for copy in &mut self.copies {
            copy.clock_is_off = 0;
        }
        for step in 0..1300_u64 {
            // Now and then longer than any message waits to be tried again.
            let milliseconds = match step % 100 {
                99 if step < 600 => 4_000_000,
                _ => self.random.below(1100),
            };
            self.clock += Duration::from_millis(milliseconds);
            self.work()?;
        }
        Ok(())
    }

    fn happen(&mut self) {
        match self.random.below(16) {
            0..=2 => self.turn_of_events(),
            3 => {
                let folder = self.random.below(FOLDERS) as usize;
                let lasts = Duration::from_secs(self.random.below(400));
                self.silenced_until[folder] = self.clock + lasts;
            }
            4 if !self.episodes.is_empty() => {
                let which = self.random.below(self.episodes.len() as u64) as usize;
                self.acknowledged.insert(which);
            }
            5 => self.bad[self.random.below(2) as usize] = self.random.below(12),
            6 => self.closed_until = self.clock + Duration::from_secs(self.random.below(100)),
            7 if self.random.one_in(3) => {
                let which = self.random.below(COPIES as u64) as usize;
                let off = self.random.below(20_000) as i64 - 10_000;
                self.copies[which].clock_is_off = off;
            }
            8 if self.random.one_in(4) => {
                let which = self.random.below(COPIES as u64) as usize;
                self.crash(which);
            }
            _ => {}
        }
    }

    /// A folder's alert fires, or ends.
    fn turn_of_events(&mut self) {
        let folder = self.random.below(FOLDERS);
        let last = self.episodes.iter().rposition(|it| it.folder == folder);
        match last {
            Some(which) if self.episodes[which].ended_at.is_none() => {
                self.episodes[which].ended_at = Some(self.clock);
                self.alerts.push((which, Phase::Resolved));
            }
            _ => {
                self.alerts.push((self.episodes.len(), Phase::Firing));
                self.episodes.push(Episode {
                    folder,
                    fired_at: self.clock,
                    ended_at: None,
                });
            }
        }
    }

    fn crash(&mut self, which: usize) {
        self.tally.crashes += 1;
        self.copies[which] = Copy {
            process: self.processes,
            clock_is_off: self.copies[which].clock_is_off,
            ..Copy::default()
        };
        self.processes += 1;
    }

    fn may_crash(&mut self, which: usize) -> bool {
        let crashes = !self.is_draining && self.random.one_in(20);
        if crashes {
            self.crash(which);
        }
        crashes
    }

    fn now(&self, which: usize) -> Now {
        Now {
            wall: wall(self.clock) + time::Duration::seconds(self.copies[which].clock_is_off),
            running: self.clock,
        }
    }

    /// One copy does one step for one receiver.
    fn work(&mut self) -> Checked {
        let which = self.random.below(COPIES as u64) as usize;
        let receiver = self.random.below(2) as usize;
        self.learn(which);
        if self.copies[which].lanes[receiver].is_none() {
            self.take(which, receiver);
            return Ok(());
        }
        if !self.say(which, receiver, false) {
            return Ok(());
        }
        let cases = self.cases(which, receiver);
        let now = self.now(which);
        let Some(held) = &mut self.copies[which].lanes[receiver] else {
            return Ok(());
        };
        match held.lane.next(&cases, now) {
            Effect::Wait(_) => Ok(()),
            Effect::Store(members) => self.store(which, receiver, &members),
            Effect::Announce(_) => {
                let said = self.say(which, receiver, true);
                if said && let Some(held) = &mut self.copies[which].lanes[receiver] {
                    held.lane.announced(now);
                    held.announced_at = self.clock;
                    self.may_crash(which);
                }
                Ok(())
            }
            Effect::Send(dispatch) => self.send(which, receiver, &dispatch),
        }
    }

    /// Takes in some of what it does not know yet.
    fn learn(&mut self, which: usize) {
        let late = match self.is_draining {
            true => 0,
            false => self.random.below(4) as usize,
        };
        let copy = &mut self.copies[which];
        let end = self.changes.len().saturating_sub(late).max(copy.read);
        for (key, notice, revision) in &self.changes[copy.read..end] {
            learn(&mut copy.notices, key, notice, *revision);
        }
        copy.read = end;
        copy.episodes_read = self
            .alerts
            .len()
            .saturating_sub(late)
            .max(copy.episodes_read);
    }

    fn take(&mut self, which: usize, receiver: usize) {
        let turn = self.turns[receiver].clone();
        let copy = &mut self.copies[which];
        let to_do = copy.watches[receiver].see(turn.revision, turn.holder.is_none(), self.clock);
        if to_do == Move::Wait {
            return;
        }
        if turn.holder.is_some() {
            self.tally.taken_over += 1;
        }
        let lasted = self.clock - turn.stored_at;
        let sent_ago: Vec<Duration> = match self.mutant {
            Some(Mutant::ForgetsTheRate) => Vec::new(),
            _ => turn.sent_ago.iter().map(|ago| *ago + lasted).collect(),
        };
        let rests = turn.rests.saturating_sub(lasted);
        let now = self.now(which);
        let mut lane = Lane::new(Some(RATE), &sent_ago, rests, now);
        lane.mutant = self.mutant;
        self.revision += 1;
        self.turns[receiver] = StoredTurn {
            holder: Some(self.copies[which].process),
            sent_ago,
            rests,
            stored_at: self.clock,
            revision: self.revision,
        };
        self.copies[which].lanes[receiver] = Some(Held {
            lane,
            revision: self.revision,
            said_at: self.clock,
            announced_at: Duration::ZERO,
        });
    }

    /// Says that it is its turn, where that is due or a message is about to be sent; says whether it is.
    fn say(&mut self, which: usize, receiver: usize, sends: bool) -> bool {
        let now = self.now(which);
        let Some(held) = &mut self.copies[which].lanes[receiver] else {
            return false;
        };
        if !sends && self.clock - held.said_at < SAY_EVERY {
            return true;
        }
        if held.revision != self.turns[receiver].revision {
            self.copies[which].lanes[receiver] = None;
            return false;
        }
        let mut sent_ago = held.lane.sent_ago(now);
        if sends {
            sent_ago.push(Duration::ZERO);
        }
        self.revision += 1;
        held.revision = self.revision;
        held.said_at = self.clock;
        self.turns[receiver] = StoredTurn {
            sent_ago,
            rests: held.lane.rests(now).0,
            stored_at: self.clock,
            revision: self.revision,
            holder: Some(self.copies[which].process),
        };
        true
    }

    fn store(&mut self, which: usize, receiver: usize, members: &[Member]) -> Checked {
        let mut results = Vec::new();
        for member in members {
            if self.may_crash(which) {
                return Ok(());
            }
            let known = self.notices.get(&member.key.to_string());
            if known.map_or(0, |(_, revision)| *revision) != member.revision {
                results.push(Stored::Overtaken);
                continue;
            }
            let is_lost = !self.is_draining && self.random.one_in(30);
            if is_lost && self.random.one_in(2) {
                results.push(Stored::Unknown);
                continue;
            }
            self.revision += 1;
            let (key, notice) = (member.key.clone(), member.notice.clone());
            self.notices
                .insert(key.to_string(), (notice.clone(), self.revision));
            self.changes
                .push((key.clone(), notice.clone(), self.revision));
            if is_lost {
                results.push(Stored::Unknown);
                continue;
            }
            learn(
                &mut self.copies[which].notices,
                &key,
                &notice,
                self.revision,
            );
            results.push(Stored::At(self.revision));
        }
        if self.may_crash(which) {
            return Ok(());
        }
        if let Some(held) = &mut self.copies[which].lanes[receiver] {
            held.lane.stored(&results);
        }
        Ok(())
    }

    fn send(&mut self, which: usize, receiver: usize, dispatch: &Dispatch) -> Checked {
        let Some(held) = &self.copies[which].lanes[receiver] else {
            return Ok(());
        };
        if self.clock - held.announced_at > ABANDONED_AFTER {
            // It has stood still for too long: another one may have begun.
            self.copies[which].lanes[receiver] = None;
            return Ok(());
        }
        self.attempt(receiver)?;
        let answer = self.answer(receiver);
        let is_taken = matches!(answer, Answer::Taken { .. }) || self.answer_was_lost(&answer);
        if is_taken {
            self.deliver(dispatch)?;
        }
        if self.may_crash(which) {
            return Ok(());
        }
        self.clock += Duration::from_millis(self.random.below(2000));
        let now = self.now(which);
        if let Some(held) = &mut self.copies[which].lanes[receiver] {
            held.lane.answered(&answer, now);
        }
        Ok(())
    }

    fn attempt(&mut self, receiver: usize) -> Checked {
        let attempts = &mut self.attempts[receiver];
        attempts.push(self.clock);
        let counted = attempts
            .iter()
            .rev()
            .take_while(|at| self.clock - **at < RATE.per)
            .count();
        match counted <= RATE.count as usize {
            true => Ok(()),
            false => Err(format!("{counted} messages within the time of the rate")),
        }
    }

    fn answer(&mut self, receiver: usize) -> Answer {
        if self.bad[receiver] > 0 {
            self.bad[receiver] -= 1;
            let after = self.random.one_in(4).then(|| Duration::from_secs(90));
            let why = ["away", "lost"][self.random.below(2) as usize];
            return Answer::TryAgain {
                after,
                why: why.to_owned(),
            };
        }
        if !self.is_draining && self.random.one_in(50) {
            self.tally.refused += 1;
            return Answer::Refused {
                why: "404".to_owned(),
            };
        }
        Answer::Taken { thread: None }
    }

    fn answer_was_lost(&self, answer: &Answer) -> bool {
        matches!(answer, Answer::TryAgain { why, .. } if why == "lost")
    }

    fn deliver(&mut self, dispatch: &Dispatch) -> Checked {
        for member in &dispatch.members {
            self.place += 1;
            self.tally.delivered += 1;
            let inbox = self.inbox.entry(member.key.to_string()).or_default();
            let same = |it: &&Delivered| it.key == dispatch.key;
            if inbox.iter().any(|it| same(&it)) {
                self.tally.repeated += 1;
            }
            let of_fire =
                |it: &Delivered| matches!(it.telling, Telling::Firing | Telling::Escalation);
            let is_of_fire = matches!(dispatch.telling, Telling::Firing | Telling::Escalation);
            let others = inbox
                .iter()
                .filter(|it| it.key != dispatch.key && is_of_fire && of_fire(it));
            if others.count() > 0 {
                return Err(format!("{}: told twice that it fires", member.key));
            }
            if dispatch.telling == Telling::Resolved && !inbox.iter().any(of_fire) {
                return Err(format!(
                    "{}: told of an end without a beginning",
                    member.key
                ));
            }
            if dispatch.telling != Telling::Resolved
                && inbox.iter().any(|it| it.telling == Telling::Resolved)
            {
                return Err(format!("{}: told after its end", member.key));
            }
            inbox.push(Delivered {
                key: dispatch.key.clone(),
                telling: dispatch.telling,
                place: self.place,
            });
        }
        Ok(())
    }

    /// What a copy knows of the episodes, for a receiver.
    fn cases(&self, which: usize, receiver: usize) -> Vec<Case> {
        let copy = &self.copies[which];
        let mut phases = BTreeMap::new();
        for (episode, phase) in &self.alerts[..copy.episodes_read] {
            phases.insert(*episode, *phase);
        }
        let cases = phases.into_iter().filter_map(|(episode, phase)| {
            let key = key(episode, receiver);
            let known = copy.notices.get(&key).map(|(notice, _)| notice);
            // As the service forgets what is over.
            let is_open = known.is_some_and(|it| {
                it.sending.is_some() || (it.told_at.is_some() && it.end_told_at.is_none())
            });
            if phase == Phase::Resolved && !is_open {
                return None;
            }
            let (notice, revision) = copy.notices.get(&key).cloned().unwrap_or_else(|| {
                let notice = Notice {
                    alert: episode.to_string(),
                    folder: self.episodes[episode].folder.to_string(),
                    subject: "view".to_owned(),
                    ..Notice::default()
                };
                (notice, 0)
            });
            Some(Case {
                standing: Some(self.standing(copy, episode, phase, receiver)),
                key,
                notice,
                revision,
            })
        });
        cases.collect()
    }

    fn standing(&self, copy: &Copy, episode: usize, phase: Phase, receiver: usize) -> Standing {
        let it = &self.episodes[episode];
        let since = match phase {
            Phase::Firing => it.fired_at,
            _ => it.ended_at.unwrap_or(it.fired_at),
        };
        let is_silenced = self.clock < self.silenced_until[it.folder as usize];
        let is_closed = self.clock < self.closed_until;
        let held = is_silenced.then_some(Hold::Silence);
        let begun = copy.notices.get(&key(episode, 0)).and_then(|(notice, _)| {
            let sending = notice.sending.as_ref().map(|sending| sending.since);
            notice.told_at.or(sending)
        });
        Standing {
            phase,
            since: wall(since),
            is_acknowledged: self.acknowledged.contains(&episode),
            held: held.or(is_closed.then_some(Hold::Hours)),
            part: match receiver {
                0 => Part::First,
                _ => Part::Escalation {
                    after: Duration::from_secs(300),
                    begun,
                },
            },
            group: format!("site{}", it.folder % 2),
            group_wait: Duration::from_secs(10),
            group_interval: Duration::from_secs(20),
            remind: Some(Duration::from_secs(900)),
            forgets: false,
            tells_end: true,
        }
    }

    fn check_the_end(&self) -> Checked {
        for (which, episode) in self.episodes.iter().enumerate() {
            let is_silenced = self.clock < self.silenced_until[episode.folder as usize];
            for receiver in 0..2 {
                let key = key(which, receiver).to_string();
                let notice = self.notices.get(&key).map(|(notice, _)| notice);
                self.check_notice(&key, notice)?;
                let heard =
                    self.heard(&key, Telling::Firing) || self.heard(&key, Telling::Escalation);
                let failed = notice.and_then(|notice| notice.failed.as_ref());
                let is_due = episode.ended_at.is_none() && !is_silenced && receiver == 0;
                if is_due && !heard && failed.is_none() {
                    return Err(format!("{key}: it still fires, and nobody was told"));
                }
                let was_refused = failed.is_some_and(|it| it.telling == Telling::Resolved);
                let ended = episode.ended_at.is_some();
                // Who took it and said that it refused it heard it nevertheless; but nobody can know.
                let knows = notice.is_some_and(|notice| notice.told_at.is_some());
                if ended && heard && knows && !was_refused && !self.heard(&key, Telling::Resolved) {
                    return Err(format!("{key}: heard of its beginning, and not of its end"));
                }
                if heard && !knows && failed.is_none() {
                    return Err(format!("{key}: was told, and nothing is known of it"));
                }
            }
        }
        Ok(())
    }

    /// What is said of it was so.
    fn check_notice(&self, key: &str, notice: Option<&Notice>) -> Checked {
        let Some(notice) = notice else { return Ok(()) };
        if notice.sending.is_some() {
            return Err(format!("{key}: something is still on its way: {notice:?}"));
        }
        let heard = self.heard(key, Telling::Firing) || self.heard(key, Telling::Escalation);
        if notice.told_at.is_some() && !heard {
            return Err(format!("{key}: passes for told, and was not"));
        }
        if notice.end_told_at.is_some() && !self.heard(key, Telling::Resolved) {
            return Err(format!("{key}: its end passes for told, and was not"));
        }
        Ok(())
    }

    fn heard(&self, key: &str, telling: Telling) -> bool {
        let inbox = self.inbox.get(key);
        inbox.is_some_and(|inbox| inbox.iter().any(|it| it.telling == telling && it.place > 0))
    }
}

fn learn(
    notices: &mut HashMap<NoticeKey, (Notice, u64)>,
    key: &NoticeKey,
    notice: &Notice,
    revision: u64,
) {
    let known = notices.get(key);
    if known.is_none_or(|(_, known)| *known < revision) {
        notices.insert(key.clone(), (notice.clone(), revision));
    }
}

fn key(episode: usize, receiver: usize) -> NoticeKey {
    let receiver: ReceiverName = RECEIVERS[receiver].parse().unwrap();
    NoticeKey {
        episode: AlertKey::of_episode(&format!("episode{episode}")),
        receiver,
    }
}

fn wall(at: Duration) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + at
}
