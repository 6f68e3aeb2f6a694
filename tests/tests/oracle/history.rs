use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use event_bus::{Bus, Folder, ReferenceChange, Stored};
use proto::v1::{Alert, Comparison, Frame, Phase, Verdict};
use redis::AsyncCommands;
use tokio::time::sleep;

use crate::{
    cameras::Log,
    site::{FOLDERS, Site, folder},
};

/// What is there in the end.
pub(crate) struct History {
    pub(crate) folders: Vec<FolderHistory>,
    pub(crate) redis: InRedis,
    pub(crate) alerts: Vec<Stored<Alert>>,
}

/// What the streams hold of a folder, in their order.
#[derive(Default)]
pub(crate) struct FolderHistory {
    pub(crate) comparisons: Vec<Stored<Comparison>>,
    pub(crate) alerts: Vec<Stored<Alert>>,
    pub(crate) references: Vec<Stored<ReferenceChange>>,
}

pub(crate) struct InRedis {
    /// By key.
    pub(crate) strings: BTreeMap<String, String>,
    /// The ids and phases in the stream of alerts, in its order.
    pub(crate) alerts: Vec<(String, String)>,
}

/// A frame that a dead comparator had comes to another after its ack wait of 30 s.
const PATIENCE: Duration = Duration::from_secs(75);

impl History {
    /// Waits until every camera's last frame is judged and Redis follows the streams; gives up waiting after a while, so
    /// that the checks say what is wrong.
    pub(crate) async fn settled(bus: &Bus, site: &Site, sent: &[Log]) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let history = Self::read(bus, site).await;
            if history.is_settled(sent) || Instant::now() > deadline {
                return history;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    async fn read(bus: &Bus, site: &Site) -> Self {
        let mut folders: Vec<FolderHistory> = Vec::new();
        folders.resize_with(FOLDERS, FolderHistory::default);
        let index = |key: &Folder| {
            let number = key.as_str().strip_prefix("cam-").unwrap();
            number.parse::<usize>().unwrap()
        };
        for comparison in bus.all::<Comparison>().await {
            folders[index(&comparison.key)].comparisons.push(comparison);
        }
        for change in bus.all::<ReferenceChange>().await {
            folders[index(&change.key)].references.push(change);
        }
        let alerts = bus.all::<Alert>().await;
        for alert in alerts.clone() {
            folders[index(&alert.key.folder)].alerts.push(alert);
        }
        History {
            folders,
            redis: InRedis::read(site).await,
            alerts,
        }
    }

    fn is_settled(&self, sent: &[Log]) -> bool {
        let is_settled = |(number, of_folder): (usize, &FolderHistory)| {
            let last = of_folder.comparisons.last().map(|last| &last.event);
            let Some(last) =
                last.filter(|last| number_of(last.frame.as_ref()) + 1 == sent[number].len())
            else {
                return false;
            };
            let similarity = format!("similarity_{}", folder(number));
            of_folder.is_firing() == (last.verdict() == Verdict::Mismatch)
                && self.redis.strings.get(&similarity)
                    == last.similarity.map(|it| it.to_string()).as_ref()
        };
        self.folders.iter().enumerate().all(is_settled)
            && self.redis.alerts.len() == self.alerts.len()
    }
}

impl FolderHistory {
    pub(crate) fn is_firing(&self) -> bool {
        let last = self.alerts.last();
        last.is_some_and(|last| last.event.phase() == Phase::Firing)
    }
}

/// The camera's number of a frame: its clock counts them.
pub(crate) fn number_of(frame: Option<&Frame>) -> usize {
    let captured_at = frame.unwrap().captured_at.unwrap();
    captured_at.seconds.try_into().unwrap()
}

impl InRedis {
    async fn read(site: &Site) -> Self {
        let client = redis::Client::open(site.redis.url()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let mut strings = BTreeMap::new();
        for pattern in ["similarity_*", "alert_*"] {
            for key in redis.keys::<_, Vec<String>>(pattern).await.unwrap() {
                if let Some(value) = redis.get::<_, Option<String>>(&key).await.unwrap() {
                    strings.insert(key, value);
                }
            }
        }
        type Entry = (String, Vec<(String, String)>);
        let entries: Vec<Entry> = redis.xrange_all(sink::ALERTS).await.unwrap();
        let field = |fields: &[(String, String)], wanted: &str| {
            let found = fields.iter().find(|(name, _)| name == wanted);
            found.unwrap().1.clone()
        };
        let alerts = entries
            .iter()
            .map(|(_, fields)| (field(fields, "id"), field(fields, "phase")));
        InRedis {
            strings,
            alerts: alerts.collect(),
        }
    }
}
