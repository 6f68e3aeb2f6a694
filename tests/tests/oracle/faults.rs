use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use test_support::NatsServer;
use tokio::time::{Instant, sleep};

use crate::{broker::STREAMS, site::Site};

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    KillService,
    KillNats,
    KillRedis,
    CutConnection,
    PauseService,
    PauseNats,
    FillDisk,
    LoseEvidence,
    DeleteBucket,
}

/// Each with how often it comes.
type Faults = [(Fault, usize)];

const OF_ONE_SERVER: &Faults = &[
    (Fault::KillService, 8),
    (Fault::CutConnection, 6),
    (Fault::PauseService, 4),
    (Fault::KillRedis, 2),
    (Fault::KillNats, 2),
    (Fault::PauseNats, 1),
    (Fault::FillDisk, 1),
    (Fault::LoseEvidence, 2),
    (Fault::DeleteBucket, 2),
];

const OF_A_CLUSTER: &Faults = &[
    (Fault::KillService, 4),
    (Fault::CutConnection, 4),
    (Fault::PauseService, 2),
    (Fault::KillRedis, 1),
    (Fault::KillNats, 4),
    (Fault::PauseNats, 2),
];

/// The buckets whose values are put back.
const PUT_BACK: [&str; 2] = ["KV_rules", "KV_folders"];

/// For how long evidence can't be stored: long enough for alerts to be missed that wait for it.
const NO_EVIDENCE: Duration = Duration::from_secs(5);

/// A time in which nobody may expect that anything is stored, or not all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outage {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
}

/// Makes faults, one after another.
pub(crate) struct Chaos {
    random: fastrand::Rng,
    made: BTreeMap<Fault, usize>,
    /// Those that befell a server of NATS.
    of_nats: usize,
    outages: Vec<Outage>,
    /// When the evidence could not be stored, which was then lost.
    without_evidence: Vec<Outage>,
}

/// After the broker is back, services take up to this long to be connected and to have made the streams again: a question
/// that they asked meanwhile is lost, and asked again after 5 s.
const RECOVERY: Duration = Duration::from_secs(8);

impl Chaos {
    pub(crate) fn new(random: fastrand::Rng) -> Self {
        Chaos {
            random,
            made: BTreeMap::new(),
            of_nats: 0,
            outages: Vec::new(),
            without_evidence: Vec::new(),
        }
    }

    /// Makes faults for so long, and each at least once; and of a cluster, until every stream has lost its leader. Then all
    /// is well again.
    pub(crate) async fn rage(&mut self, site: &mut Site, how_long: Duration) {
        let end = Instant::now() + how_long;
        let faults = if site.broker.is_cluster() {
            OF_A_CLUSTER
        } else {
            OF_ONE_SERVER
        };
        while Instant::now() < end
            || self.not_made(faults).is_some()
            || (site.broker.is_cluster() && self.of_nats < STREAMS.len())
        {
            sleep(self.between(200, 1500)).await;
            let fault = match self.not_made(faults) {
                Some(fault) if Instant::now() >= end => fault,
                _ => self.choose(faults),
            };
            *self.made.entry(fault).or_default() += 1;
            let from = SystemTime::now();
            self.make(fault, site).await;
            if matches!(fault, Fault::KillNats | Fault::PauseNats | Fault::FillDisk) {
                site.broker.is_led_again().await;
                let to = SystemTime::now() + RECOVERY;
                self.outages.push(Outage { from, to });
                site.broker.is_whole_again().await;
            }
        }
        assert!(site.has_servers().await, "a server did not come back");
        site.all_ready().await;
    }

    /// When the broker could not store anything.
    pub(crate) fn outages(&self) -> &[Outage] {
        &self.outages
    }

    /// When evidence could not be stored. In the end of such a time the evidence of all alerts until then was lost.
    pub(crate) fn without_evidence(&self) -> &[Outage] {
        &self.without_evidence
    }

    pub(crate) fn summary(&self) -> String {
        format!("faults {:?}", self.made)
    }

    fn not_made(&self, faults: &Faults) -> Option<Fault> {
        let mut faults = faults.iter().map(|(fault, _)| *fault);
        faults.find(|fault| !self.made.contains_key(fault))
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

    /// Of one stream after another.
    async fn leader<'a>(&mut self, site: &'a mut Site) -> &'a mut NatsServer {
        let stream = STREAMS[self.of_nats % STREAMS.len()];
        self.of_nats += 1;
        site.broker.leader(stream).await
    }

    fn between(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(self.random.u64(least_ms..most_ms))
    }

    async fn make(&mut self, fault: Fault, site: &mut Site) {
        let while_away = self.between(50, 1500);
        let service = self.random.usize(0..site.processes.len());
        match fault {
            Fault::KillService => {
                site.processes[service].kill();
                sleep(while_away).await;
                site.processes[service].start_again();
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
            }
            Fault::PauseNats => {
                let server = self.leader(site).await;
                server.pause();
                sleep(while_away * 2).await;
                server.resume();
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
            Fault::FillDisk => {
                site.broker.fill_disk().await;
                sleep(while_away * 2).await;
                site.broker.empty_disk().await;
            }
            Fault::LoseEvidence => {
                site.broker.seal("OBJ_evidence").await;
                let from = SystemTime::now();
                sleep(NO_EVIDENCE).await;
                let to = SystemTime::now();
                site.broker.delete("OBJ_evidence").await;
                self.without_evidence.push(Outage { from, to });
            }
            Fault::DeleteBucket => {
                let bucket = self.random.choice(PUT_BACK).expect("there are some");
                // What the upload service doesn't know it can't put back.
                site.all_ready().await;
                let held = site.broker.keys(bucket).await;
                site.broker.delete(bucket).await;
                site.broker.has_again(bucket, &held).await;
            }
        }
    }
}
