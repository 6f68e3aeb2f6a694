//! A world: what happens, what is stored, who is told.

mod end;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use event_bus::{AlertSubject, Notice, Origin};
use proto::v1::{Alert, Phase};
use time::OffsetDateTime;
use turn_taking::{ABANDONED_AFTER, Move, SAY_EVERY};

use super::{
    Checked,
    copy::{Copy, FOLDERS, Held, Journal, folder_name, folder_number, id, key},
    inbox::Inbox,
    random::Random,
};
use crate::outbox::{
    Answer, Case, Dispatch, Effect, Hold, Lane, Member, Mutant, Now, Rate, Stored,
};

const COPIES: usize = 2;
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

/// An episode as it is.
struct Episode {
    folder: usize,
    has_ended: bool,
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

pub(super) struct World {
    random: Random,
    mutant: Option<Mutant>,
    clock: Duration,
    episodes: Vec<Episode>,
    silenced_until: [Duration; FOLDERS],
    closed_until: Duration,
    acknowledged: BTreeSet<String>,
    notices: BTreeMap<String, (Notice, u64)>,
    journal: Journal,
    turns: [StoredTurn; 2],
    revision: u64,
    copies: Vec<Copy>,
    processes: usize,
    bad: [u64; 2],
    attempts: [Vec<Duration>; 2],
    inbox: Inbox,
    is_draining: bool,
    tally: Tally,
}

impl World {
    pub(super) fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let journal = Journal::default();
        let copies = (0..COPIES).map(|process| Copy::begin(process, &journal, mutant));
        World {
            random: Random::new(seed),
            copies: copies.collect(),
            journal,
            mutant,
            clock: Duration::from_secs(1_000_000),
            episodes: Vec::new(),
            silenced_until: [Duration::ZERO; FOLDERS],
            closed_until: Duration::ZERO,
            acknowledged: BTreeSet::new(),
            notices: BTreeMap::new(),
            turns: Default::default(),
            revision: 0,
            processes: COPIES,
            bad: [0; 2],
            attempts: Default::default(),
            inbox: Inbox::default(),
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
        self.silenced_until = [Duration::ZERO; FOLDERS];
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
            0..=2 => {
                let folder = self.random.below(FOLDERS as u64) as usize;
                self.turn_of_events(folder);
            }
            3 => {
                let folder = self.random.below(FOLDERS as u64) as usize;
                let lasts = Duration::from_secs(self.random.below(400));
                self.silenced_until[folder] = self.clock + lasts;
            }
            4 if !self.episodes.is_empty() => {
                let which = self.random.below(self.episodes.len() as u64) as usize;
                self.acknowledged.insert(id(which));
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
    fn turn_of_events(&mut self, folder: usize) {
        let last = self.episodes.iter().rposition(|it| it.folder == folder);
        match last {
            Some(which) if !self.episodes[which].has_ended => {
                self.episodes[which].has_ended = true;
                self.alert(which, Phase::Resolved);
            }
            _ => {
                let has_ended = false;
                self.episodes.push(Episode { folder, has_ended });
                self.alert(self.episodes.len() - 1, Phase::Firing);
            }
        }
    }

    fn alert(&mut self, which: usize, phase: Phase) {
        let folder = folder_name(self.episodes[which].folder);
        let key = AlertSubject::view(&folder);
        let event = Alert {
            id: id(which),
            folder: folder.to_string(),
            subject: key.subject.into(),
            phase: phase.into(),
            ..Alert::default()
        };
        self.journal.alerts.push(event_bus::Stored {
            key,
            event,
            stored_at: wall(self.clock),
            sequence: self.journal.alerts.len() as u64 + 1,
            by: String::new(),
            first_said_at: None,
            origin: Origin::default(),
        });
    }

    fn crash(&mut self, which: usize) {
        self.tally.crashes += 1;
        let mut copy = Copy::begin(self.processes, &self.journal, self.mutant);
        copy.clock_is_off = self.copies[which].clock_is_off;
        self.copies[which] = copy;
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

    /// A copy takes in some of what it does not know yet.
    fn learn(&mut self, which: usize) {
        let alerts_late = self.late();
        let notices_late = self.late();
        self.copies[which].learn(&self.journal, alerts_late, notices_late);
        if self.random.one_in(20) {
            self.copies[which].forget();
        }
    }

    fn late(&mut self) -> usize {
        match self.is_draining {
            true => 0,
            false => self.random.below(4) as usize,
        }
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
            self.journal.notices.push((key, notice, self.revision));
            results.push(match is_lost {
                true => Stored::Unknown,
                false => Stored::At(self.revision),
            });
        }
        if self.may_crash(which) {
            return Ok(());
        }
        self.something_happens_meanwhile(which, members);
        let copy = &mut self.copies[which];
        for (member, result) in members.iter().zip(&results) {
            if let Stored::At(revision) = result {
                copy.learn_notice(&member.key, &member.notice, *revision);
            }
        }
        copy.forget();
        if let Some(held) = &mut self.copies[which].lanes[receiver] {
            held.lane.stored(&results);
        }
        Ok(())
    }

    /// Storing takes a while: an alert that is being told of may end, which its copy knows before it knows what it has stored.
    fn something_happens_meanwhile(&mut self, which: usize, members: &[Member]) {
        if self.is_draining || !self.random.one_in(4) {
            return;
        }
        let of_first = members
            .first()
            .and_then(|it| folder_number(&it.notice.folder));
        if let Some(folder) = of_first {
            self.turn_of_events(folder);
            self.copies[which].learn(&self.journal, 0, usize::MAX);
        }
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
            self.tally.delivered += dispatch.members.len();
            self.tally.repeated += self.inbox.deliver(dispatch)?;
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
        if !self.is_draining && self.random.one_in(8) {
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

    /// The cases of a copy and a receiver. What people have said is known at once.
    fn cases(&self, which: usize, receiver: usize) -> Vec<Case> {
        let mut cases = self.copies[which].cases(receiver, self.now(which));
        for case in &mut cases {
            let Some(standing) = &mut case.standing else {
                continue;
            };
            standing.is_acknowledged = self.acknowledged.contains(&case.notice.alert);
            standing.held = self.held(&case.notice.folder);
        }
        cases
    }

    fn held(&self, folder: &str) -> Option<Hold> {
        let is_silenced =
            folder_number(folder).is_some_and(|it| self.clock < self.silenced_until[it]);
        let is_closed = self.clock < self.closed_until;
        let held = is_silenced.then_some(Hold::Silence);
        held.or(is_closed.then_some(Hold::Hours))
    }
}

fn wall(at: Duration) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + at
}
