use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use tokio::time::{Instant, sleep};

use crate::site::Site;

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
}

const FAULTS: [(Fault, usize); 7] = [
    (Fault::KillService, 8),
    (Fault::CutConnection, 6),
    (Fault::PauseService, 4),
    (Fault::KillRedis, 2),
    (Fault::KillNats, 2),
    (Fault::PauseNats, 1),
    (Fault::FillDisk, 1),
];

/// A time in which nobody may expect that anything is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outage {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
}

/// Makes faults, one after another.
pub(crate) struct Chaos {
    random: fastrand::Rng,
    made: BTreeMap<Fault, usize>,
    outages: Vec<Outage>,
}

/// After the broker is back, services take up to this long to be connected and to have made the streams again.
const RECOVERY: Duration = Duration::from_secs(6);

impl Chaos {
    pub(crate) fn new(random: fastrand::Rng) -> Self {
        Chaos {
            random,
            made: BTreeMap::new(),
            outages: Vec::new(),
        }
    }

    /// Makes faults for so long; then all is well again.
    pub(crate) async fn rage(&mut self, site: &mut Site, how_long: Duration) {
        let end = Instant::now() + how_long;
        while Instant::now() < end {
            sleep(self.between(200, 1500)).await;
            let fault = self.choose();
            *self.made.entry(fault).or_default() += 1;
            let from = SystemTime::now();
            self.make(fault, site).await;
            if matches!(fault, Fault::KillNats | Fault::PauseNats | Fault::FillDisk) {
                let to = SystemTime::now() + RECOVERY;
                self.outages.push(Outage { from, to });
            }
        }
        assert!(site.has_servers().await, "a server did not come back");
        site.all_ready().await;
    }

    /// When the broker could not store anything.
    pub(crate) fn outages(&self) -> &[Outage] {
        &self.outages
    }

    pub(crate) fn summary(&self) -> String {
        format!("faults {:?}", self.made)
    }

    fn choose(&mut self) -> Fault {
        let total = FAULTS.iter().map(|(_, weight)| weight).sum();
        let mut at = self.random.usize(0..total);
        for (fault, weight) in FAULTS {
            if at < weight {
                return fault;
            }
            at -= weight;
        }
        Fault::KillService
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
                site.nats.kill();
                sleep(while_away).await;
                site.nats.start_again();
            }
            Fault::PauseNats => {
                site.nats.pause();
                sleep(while_away * 2).await;
                site.nats.resume();
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
                site.fill_disk().await;
                sleep(while_away * 2).await;
                site.empty_disk().await;
            }
        }
    }
}
