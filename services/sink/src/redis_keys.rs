//! The keys, which users of the system that this one replaces query as before.

use event_bus::{Event, Folder, Stored};
use proto::v1::{Alert, Comparison, Phase};
use redis::Pipeline;

/// Stream of every firing and resolved alert.
pub const ALERTS: &str = "alerts";

/// Set of the names of all folders that were ever compared.
pub const FOLDERS: &str = "folders";

/// Entries that the stream [`ALERTS`] keeps at least.
const ALERTS_KEPT: usize = 10_000;

/// The folder's latest similarity, such as `0.953125`.
pub fn similarity_key(folder: &Folder) -> String {
    format!("similarity_{folder}")
}

/// Exists exactly while the folder's alert is firing: the alert as JSON.
pub fn alert_key(folder: &Folder) -> String {
    format!("alert_{folder}")
}

/// An event that has a place in Redis. Writing one twice changes nothing.
pub(crate) trait Write: Event {
    fn write(&self, stored: &Stored<Self>, pipeline: &mut Pipeline);
}

impl Write for Comparison {
    fn write(&self, stored: &Stored<Self>, pipeline: &mut Pipeline) {
        pipeline
            .set(similarity_key(&stored.key), self.similarity.to_string())
            .ignore()
            .sadd(FOLDERS, stored.key.as_str())
            .ignore();
    }
}

impl Write for Alert {
    fn write(&self, stored: &Stored<Self>, pipeline: &mut Pipeline) {
        let json = serde_json::to_string(self).expect("an alert has nothing that JSON cannot say");
        let key = alert_key(&stored.key);
        match self.phase() {
            Phase::Firing => pipeline.set(key, &json).ignore(),
            _ => pipeline.del(key).ignore(),
        };
        append_to_alerts(stored, &json, pipeline);
    }
}

/// Adds an entry unless it, or a later one, is there already: entries come in stream order, so then this is a repetition.
const APPEND_ONCE: &str = "
local added = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], ARGV[2],
                          'folder', ARGV[3], 'phase', ARGV[4], 'id', ARGV[5], 'alert', ARGV[6])
if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller', 1, true) then
    return added
end
return 1";

fn append_to_alerts(stored: &Stored<Alert>, json: &str, pipeline: &mut Pipeline) {
    let alert = &stored.event;
    let stored_ms = stored.stored_at.unix_timestamp_nanos() / 1_000_000;
    pipeline
        .cmd("EVAL")
        .arg(APPEND_ONCE)
        .arg(1)
        .arg(ALERTS)
        .arg(ALERTS_KEPT)
        .arg(format!("{stored_ms}-{}", stored.sequence))
        .arg(stored.key.as_str())
        .arg(alert.phase().word())
        .arg(&alert.id)
        .arg(json)
        .ignore();
}
