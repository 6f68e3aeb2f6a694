//! A witness reads the streams while everything happens and remembers what they held: they are deleted and damaged.

use std::{collections::HashSet, sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};

use event_bus::{Bus, Event, FeaturesChange, Reader, ReferenceChange, Stored};
use proto::v1::{Alert, Comparison};
use time::OffsetDateTime;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::losses::Losses;

/// All that has been in the streams. It reads until it is dropped.
pub(crate) struct Witness {
    pub(crate) alerts: Record<Alert>,
    pub(crate) comparisons: Record<Comparison>,
    pub(crate) references: Record<ReferenceChange>,
    /// The looks of references that comparators have stored. Only the last of each is kept.
    pub(crate) looks: Record<FeaturesChange>,
    _reading: JoinSet<()>,
}

/// All that has been in a stream, and in earlier streams of the same name. Clones share it.
pub(crate) struct Record<E: Event>(Arc<Mutex<Recorded<E>>>);

struct Recorded<E: Event> {
    events: Vec<Stored<E>>,
    /// When each of the streams was made, and where its events begin.
    streams: Vec<(OffsetDateTime, usize)>,
    /// The numbers and times of all events.
    known: HashSet<(u64, OffsetDateTime)>,
    /// The number of the last event that was read of the present one.
    reached: u64,
    wrong: Vec<String>,
}

/// How many events to take at a time.
const BATCH: usize = 1000;

const PAUSE: Duration = Duration::from_millis(50);

/// How long reading a whole stream may take in the end.
const READ_WITHIN: Duration = Duration::from_secs(60);

impl Witness {
    pub(crate) fn start(bus: &Bus) -> Self {
        let mut reading = JoinSet::new();
        Witness {
            alerts: Record::start(bus, &mut reading),
            comparisons: Record::start(bus, &mut reading),
            references: Record::start(bus, &mut reading),
            looks: Record::start(bus, &mut reading),
            _reading: reading,
        }
    }

    /// What is no longer stored, though it was neither deleted nor damaged; and what cannot be read to its end.
    pub(crate) async fn complaints(&self, bus: &Bus, losses: &Losses) -> Vec<String> {
        let (alerts, comparisons, references) = tokio::join!(
            self.alerts.complaints(bus, losses),
            self.comparisons.complaints(bus, losses),
            self.references.complaints(bus, losses),
        );
        [alerts, comparisons, references].concat()
    }
}

impl<E: Event> Clone for Record<E> {
    fn clone(&self) -> Self {
        Record(Arc::clone(&self.0))
    }
}

impl<E: Event + Clone + PartialEq> Record<E>
where
    E::Key: PartialEq,
{
    fn start(bus: &Bus, reading: &mut JoinSet<()>) -> Self {
        let record = Record(Arc::new(Mutex::new(Recorded {
            events: Vec::new(),
            streams: Vec::new(),
            known: HashSet::new(),
            reached: 0,
            wrong: Vec::new(),
        })));
        reading.spawn(record.clone().read(bus.clone()));
        record
    }

    async fn read(self, bus: Bus) {
        loop {
            let reached = self.seen().reached;
            if let Ok(reader) = bus.read::<E>(reached).await {
                self.read_on(reader).await;
            }
            sleep(PAUSE).await;
        }
    }

    async fn read_on(&self, mut reader: Reader<E>) {
        if !self.seen().begins(reader.made_at(), reader.begins_after()) {
            return;
        }
        while let Ok(batch) = reader.next_batch(BATCH).await {
            self.seen().learn(batch);
        }
    }

    /// All that was ever said, in order. What was put back had been said before, unless it was not read then.
    pub(crate) fn all(&self) -> Vec<Stored<E>> {
        let seen = self.seen();
        let mut all: Vec<Stored<E>> = Vec::new();
        for stored in &seen.events {
            let is_known =
                |other: &Stored<E>| other.key == stored.key && other.event == stored.event;
            if stored.first_said_at.is_none() || !all.iter().any(is_known) {
                all.push(stored.clone());
            }
        }
        all
    }

    /// How many streams there had been by then.
    pub(crate) fn stream_at(&self, at: OffsetDateTime) -> usize {
        let seen = self.seen();
        let made = seen.streams.iter();
        made.filter(|(made_at, _)| *made_at <= at).count()
    }

    async fn complaints(&self, bus: &Bus, losses: &Losses) -> Vec<String> {
        let damaged = losses.damaged_of(E::STREAM);
        let Ok(stored) = timeout(READ_WITHIN, bus.all::<E>()).await else {
            return vec![format!("{} cannot be read to its end", E::STREAM)];
        };
        let stored: HashSet<u64> = stored.iter().map(|it| it.sequence).collect();
        let seen = self.seen();
        let begin = seen.streams.last().map_or(0, |(_, begin)| *begin);
        let lost = seen.events[begin..].iter();
        let lost = lost
            .filter(|it| !stored.contains(&it.sequence) && !damaged.contains(&it.stored_at))
            .count();
        let mut wrong = seen.wrong.clone();
        if lost > 0 {
            wrong.push(format!("{} has lost {lost} events", E::STREAM));
        }
        wrong
    }

    fn seen(&self) -> MutexGuard<'_, Recorded<E>> {
        self.0.lock()
    }
}

impl<E: Event> Recorded<E> {
    /// Takes in which stream is read, and from where; `false` where that is not from its beginning, as it must be of one
    /// that is new.
    fn begins(&mut self, made_at: OffsetDateTime, after: u64) -> bool {
        if self
            .streams
            .last()
            .is_some_and(|(last, _)| *last == made_at)
        {
            if after < self.reached {
                self.wrong.push(format!(
                    "{} was read up to {}, and holds less",
                    E::STREAM,
                    self.reached
                ));
                self.forget_the_last();
            }
        } else {
            // A reader notices late that a stream was made anew; what it read of that meanwhile comes again.
            let known = &mut self.known;
            self.events.retain(|event| {
                let is_of_before = event.stored_at < made_at;
                if !is_of_before {
                    known.remove(&(event.sequence, event.stored_at));
                }
                is_of_before
            });
            self.streams.push((made_at, self.events.len()));
            self.reached = 0;
        }
        after == self.reached
    }

    fn forget_the_last(&mut self) {
        let begin = self.streams.last().map_or(0, |(_, begin)| *begin);
        for event in self.events.split_off(begin) {
            self.known.remove(&(event.sequence, event.stored_at));
        }
        self.reached = 0;
    }

    /// Servers of a cluster may say that one stream was made at different times. Then its events come once more.
    fn learn(&mut self, batch: Vec<Stored<E>>) {
        for event in batch {
            self.reached = event.sequence;
            if self.known.insert((event.sequence, event.stored_at)) {
                self.events.push(event);
            }
        }
    }
}
