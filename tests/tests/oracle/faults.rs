//! What is killed, stopped, filled, cut and damaged meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, SystemTime},
};

use event_bus::DECLARATIONS;
use test_support::NatsServer;
use tests::{Process, have_model};
use tokio::time::{Instant, sleep};

use crate::{
    broker::{Found, STREAMS},
    in_redis,
    losses::{Losses, Outage},
    pictures::period,
    receivers::{self, Receiver},
    site::Site,
};

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    KillService,
    /// All notifiers are killed while a receiver has a message that it has not answered.
    KillNotifiers,
    KillNats,
    KillRedis,
    CutConnection,
    PauseService,
    PauseNats,
    /// JetStream stores nothing more: a quota is reached.
    FillQuota,
    /// The file system of the broker's store is full.
    FillDisk,
    LoseEvidence,
    LoseChunks,
    Delete,
    Damage,
    TrimRedis,
    TakeKey,
}

/// Each with how often it comes.
type Faults = [(Fault, usize)];

/// After each of them all is as it was, but for what [`Losses`] says.
const OF_ONE_SERVER: &Faults = &[
    (Fault::KillService, 8),
    (Fault::KillNotifiers, 2),
    (Fault::CutConnection, 6),
    (Fault::PauseService, 4),
    (Fault::KillRedis, 2),
    (Fault::KillNats, 2),
    (Fault::PauseNats, 1),
    (Fault::FillQuota, 1),
    (Fault::FillDisk, 1),
    (Fault::LoseEvidence, 2),
    (Fault::LoseChunks, 1),
    (Fault::Delete, 3),
    (Fault::TrimRedis, 1),
    (Fault::TakeKey, 2),
];

/// The faults of a single server once its store is damaged. It is not killed any more, since at its next start it would
/// drop all that follows on the damage in the same file.
const OF_A_DAMAGED_STORE: &Faults = &[
    (Fault::Damage, 4),
    (Fault::KillService, 8),
    (Fault::KillNotifiers, 1),
    (Fault::CutConnection, 4),
    (Fault::PauseService, 3),
    (Fault::KillRedis, 1),
    (Fault::PauseNats, 1),
    (Fault::FillQuota, 1),
    (Fault::TakeKey, 1),
];

const OF_A_CLUSTER: &Faults = &[
    (Fault::KillService, 4),
    (Fault::KillNotifiers, 2),
    (Fault::CutConnection, 4),
    (Fault::PauseService, 2),
    (Fault::KillRedis, 1),
    (Fault::KillNats, 4),
    (Fault::PauseNats, 2),
    (Fault::TrimRedis, 1),
    (Fault::TakeKey, 1),
];

/// How many streams and buckets are deleted at once.
const DELETED_AT_ONCE: usize = 3;

/// The streams and buckets that hold the present state, and that are put back.
const PUT_BACK: [&str; 5] = ["KV_rules", "KV_folders", "KV_notices", "UPLOADS", "ALERTS"];

/// Without one of these nothing is compared, or no alert comes.
const NEEDED: [&str; 4] = ["UPLOADS", "FRAMES", "COMPARISONS", "ALERTS"];

/// Where a message is damaged, in turn.
const DAMAGED: [&str; 5] = [
    "ALERTS",
    "COMPARISONS",
    "UPLOADS",
    "OBJ_evidence",
    "OBJ_references",
];

/// The same where comparators compare by `view`: without weights nothing is there.
const DAMAGED_BY_VIEW: [&str; 6] = [
    "ALERTS",
    "COMPARISONS",
    "UPLOADS",
    "OBJ_evidence",
    "KV_features",
    "OBJ_references",
];

fn damaged() -> &'static [&'static str] {
    match have_model() {
        true => &DAMAGED_BY_VIEW,
        false => &DAMAGED,
    }
}

/// How often to look for a message that can be damaged: some numbers belong to messages that are gone.
const LOOKS: usize = 100;

/// Within this all who are well have read what was written.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// For how long evidence can't be stored, in frames of a camera: long enough for alerts to be missed that wait for it.
const NO_EVIDENCE: u32 = 50;

/// The share of the time that is for damage.
const DAMAGE: f64 = 0.25;

/// Makes faults, one after another.
pub(crate) struct Chaos {
    random: fastrand::Rng,
    made: BTreeMap<Fault, usize>,
    /// Those that befell a server of NATS.
    of_nats: usize,
    /// The streams and buckets that are deleted next.
    to_delete: Vec<&'static str>,
    losses: Losses,
}

/// After the broker is back, services take up to this long to be connected and to have made the streams again: a question
/// that they asked meanwhile is lost, and asked again after 5 s.
pub(crate) const RECOVERY: Duration = Duration::from_secs(8);

/// In the end nothing goes wrong for so long, so that alerts are due that no outage excuses.
const CALM: Duration = RECOVERY.saturating_add(Duration::from_secs(4));

impl Chaos {
    pub(crate) fn new(random: fastrand::Rng) -> Self {
        Chaos {
            random,
            made: BTreeMap::new(),
            of_nats: 0,
            to_delete: Vec::new(),
            losses: Losses::default(),
        }
    }

    /// Makes faults for so long, and each at least once: every stream and bucket is deleted, and of a cluster every stream
    /// loses its leader. Then all is well again.
    pub(crate) async fn rage(&mut self, site: &mut Site, how_long: Duration) {
        if site.broker.is_cluster() {
            self.make_all(OF_A_CLUSTER, site, how_long).await;
        } else {
            let damage = how_long.mul_f64(DAMAGE);
            self.make_all(OF_ONE_SERVER, site, how_long - damage).await;
            self.make_all(OF_A_DAMAGED_STORE, site, damage).await;
        }
        assert!(site.has_servers().await, "a server did not come back");
        site.receivers.iter().for_each(Receiver::be_well);
        site.all_ready().await;
        sleep(CALM).await;
    }

    async fn make_all(&mut self, faults: &Faults, site: &mut Site, how_long: Duration) {
        let can_be = |fault: Fault| fault != Fault::FillDisk || site.broker.has_disk();
        let faults = faults.iter().filter(|(fault, _)| can_be(*fault));
        let faults: Vec<_> = faults.copied().collect();
        let is_cluster = site.broker.is_cluster();
        let end = Instant::now() + how_long;
        while Instant::now() < end || self.due(&faults, is_cluster).is_some() {
            sleep(self.between(200, 1500)).await;
            let fault = match self.due(&faults, is_cluster) {
                Some(fault) if Instant::now() >= end => fault,
                _ => self.choose(&faults),
            };
            *self.made.entry(fault).or_default() += 1;
            self.make(fault, site).await;
        }
    }

    pub(crate) fn losses(&self) -> &Losses {
        &self.losses
    }

    pub(crate) fn summary(&self) -> String {
        format!("faults {:?}", self.made)
    }

    /// One that has not come as often as it must.
    fn due(&self, faults: &Faults, is_cluster: bool) -> Option<Fault> {
        if is_cluster && self.of_nats < STREAMS.len() {
            return Some(Fault::KillNats);
        }
        let least = |fault| match fault {
            Fault::Delete => DECLARATIONS.len().div_ceil(DELETED_AT_ONCE),
            Fault::Damage => damaged().len(),
            _ => 1,
        };
        let mut faults = faults.iter().map(|(fault, _)| *fault);
        faults.find(|fault| self.count(*fault) < least(*fault))
    }

    fn count(&self, fault: Fault) -> usize {
        self.made.get(&fault).copied().unwrap_or_default()
    }

    fn choose(&mut self, faults: &Faults) -> Fault {
        let total = faults.iter().map(|(_, weight)| weight).sum();
        let mut at = self.random.usize(0..total);
        for &(fault, weight) in faults {
            if at < weight {
                return fault;
            }
            at -= weight;
        }
        Fault::KillService
    }

    /// The server that leads a stream, of one stream after another.
    async fn leader<'a>(&mut self, site: &'a mut Site) -> &'a mut NatsServer {
        let stream = STREAMS[self.of_nats % STREAMS.len()];
        self.of_nats += 1;
        site.broker.leader(stream).await
    }

    fn between(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(self.random.u64(least_ms..most_ms))
    }

    async fn make(&mut self, fault: Fault, site: &mut Site) {
        let from = SystemTime::now();
        let while_away = self.between(50, 1500);
        let service = self.random.usize(0..site.processes.len());
        match fault {
            Fault::KillService => {
                site.processes[service].kill();
                sleep(while_away).await;
                site.processes[service].start_again();
            }
            Fault::KillNotifiers => {
                receivers::one_has_a_message(&site.receivers, &mut self.random).await;
                site.notifiers().for_each(Process::kill);
                sleep(while_away).await;
                site.notifiers().for_each(Process::start_again);
            }
            Fault::PauseService => {
                site.processes[service].pause();
                sleep(while_away * 2).await;
                site.processes[service].resume();
            }
            Fault::KillNats => {
                let server = self.leader(site).await;
                server.kill();
                sleep(while_away).await;
                server.start_again();
                self.was_outage(from, site).await;
            }
            Fault::PauseNats => {
                let server = self.leader(site).await;
                server.pause();
                sleep(while_away * 2).await;
                server.resume();
                self.was_outage(from, site).await;
            }
            Fault::KillRedis => {
                site.redis.kill();
                sleep(while_away).await;
                site.redis.start_again();
            }
            Fault::CutConnection => {
                let proxy = self.random.usize(0..site.proxies.len());
                site.proxies[proxy].cut();
            }
            Fault::FillQuota => {
                site.broker.fill_quota().await;
                sleep(while_away * 2).await;
                site.broker.empty_quota().await;
                self.was_outage(from, site).await;
            }
            Fault::FillDisk => {
                site.broker.fill_disk(while_away * 2).await;
                self.was_outage(from, site).await;
            }
            Fault::LoseEvidence => {
                site.broker.seal("OBJ_evidence").await;
                let from = SystemTime::now();
                sleep(period() * NO_EVIDENCE).await;
                let to = SystemTime::now();
                site.broker.delete("OBJ_evidence").await;
                self.losses.without_evidence.push(Outage { from, to });
                self.losses.evidence_until = Some(to);
            }
            Fault::LoseChunks => {
                for bucket in ["references", "evidence"] {
                    site.broker.lose_chunks(bucket).await;
                }
                self.losses.lost_all_of("OBJ_references", from);
                self.losses.evidence_until = Some(SystemTime::now());
            }
            Fault::Delete => self.delete(site).await,
            Fault::Damage => self.damage(site).await,
            Fault::TrimRedis => {
                let removed = in_redis::trim(site, &mut self.random).await;
                self.losses.removed.extend(removed);
            }
            Fault::TakeKey => in_redis::take_a_key(site, &mut self.random, while_away * 4).await,
        }
    }

    /// Waits until the broker has recovered.
    async fn was_outage(&mut self, from: SystemTime, site: &Site) {
        site.broker.is_led_again().await;
        let to = SystemTime::now() + RECOVERY;
        self.losses.outages.push(Outage { from, to });
        site.broker.is_whole_again().await;
    }

    /// Deletes some streams and buckets. What nobody has read yet would be lost with them, so nobody writes for a moment, and
    /// tells nothing; when they are gone, all go on at once.
    async fn delete(&mut self, site: &mut Site) {
        site.all_ready().await;
        let uploading = Arc::clone(&site.uploading).lock_owned().await;
        site.writers().for_each(|writer| writer.pause());
        sleep(READ_WITHIN).await;
        let from = SystemTime::now();
        let mut deleted = Vec::new();
        for stream in self.next_to_delete() {
            let held = match PUT_BACK.contains(&stream) {
                true => site.broker.keys(stream).await,
                false => BTreeSet::new(),
            };
            deleted.push((stream, held));
            site.broker.delete(stream).await;
            self.losses.lost_all_of(stream, from);
        }
        site.writers().for_each(|writer| writer.resume());
        for (stream, held) in &deleted {
            if !site.broker.has_again(stream, held).await {
                site.fail(&[format!("{stream} was deleted, and is not put back")]);
            }
        }
        drop(uploading);
        site.all_ready().await;
        if deleted.iter().any(|(stream, _)| *stream == "OBJ_evidence") {
            self.losses.evidence_until = Some(from);
        }
        if deleted.iter().any(|(stream, _)| NEEDED.contains(stream)) {
            self.was_outage(from, site).await;
        }
    }

    /// All are deleted before one is again.
    fn next_to_delete(&mut self) -> Vec<&'static str> {
        if self.to_delete.is_empty() {
            let streams = DECLARATIONS.iter().map(|one| one.stream);
            self.to_delete = streams.collect();
            self.random.shuffle(&mut self.to_delete);
        }
        let left = self.to_delete.len().saturating_sub(DELETED_AT_ONCE);
        self.to_delete.split_off(left)
    }

    async fn damage(&mut self, site: &mut Site) {
        let stream = damaged()[self.count(Fault::Damage) % damaged().len()];
        let from = SystemTime::now();
        if let Some(found) = self.any_message(stream, site).await {
            site.broker.damage(&found);
            self.losses.lost_message(found, from);
            self.was_outage(from, site).await;
            site.all_ready().await;
        }
    }

    /// A message of the stream; but none that says which reference holds: without it nobody knows.
    async fn any_message(&mut self, stream: &'static str, site: &Site) -> Option<Found> {
        for _ in 0..LOOKS {
            let found = site.broker.any_message(stream, &mut self.random).await;
            let found = found.filter(|found| stream != "UPLOADS" || !found.is_last);
            if found.is_some() {
                return found;
            }
        }
        None
    }
}
