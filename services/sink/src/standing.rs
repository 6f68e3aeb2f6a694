//! How writing a stream stands: what is wrong is logged once, with what to do about it, and once more when it is well again;
//! meanwhile `/readyz` says so.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::apply::Refused;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Standing {
    stream: &'static str,
    wrong: Arc<Mutex<Wrong>>,
}

#[derive(Default)]
struct Wrong {
    /// Why nothing of the stream is written.
    stopped: Option<String>,
    /// Keys that are not written, while the others are.
    refused: Refused,
}

/// Keys that are named in one line.
const NAMED: usize = 5;

impl Standing {
    pub(crate) fn new(stream: &'static str) -> Self {
        Standing {
            stream,
            wrong: Arc::default(),
        }
    }

    /// Nothing is written, and why.
    pub(crate) fn stopped(&self, why: String, error: String) {
        let mut wrong = self.wrong();
        if wrong.stopped.as_ref() != Some(&why) {
            tracing::warn!(stream = self.stream, error, "{why}");
            wrong.stopped = Some(why);
        }
    }

    /// It is written.
    pub(crate) fn goes_on(&self) {
        if self.wrong().stopped.take().is_some() {
            tracing::info!(stream = self.stream, "writing to Redis again");
        }
    }

    /// These keys are refused, and no others.
    pub(crate) fn refused(&self, refused: Refused) {
        let mut wrong = self.wrong();
        let news = |key: &&String| !wrong.refused.contains_key(*key);
        let new: Vec<&String> = refused.keys().filter(news).collect();
        for what_to_do in new
            .iter()
            .map(|key| advice(&refused[*key]))
            .collect::<BTreeSet<_>>()
        {
            let keys = new
                .iter()
                .filter(|key| advice(&refused[**key]) == what_to_do);
            let keys: Vec<&str> = keys.map(|key| key.as_str()).collect();
            tracing::warn!(
                stream = self.stream,
                keys = named(&keys),
                error = refused[keys[0]],
                "Redis refuses keys, and all others are written: {what_to_do}"
            );
        }
        let well = wrong
            .refused
            .keys()
            .filter(|key| !refused.contains_key(*key));
        let well: Vec<&str> = well.map(String::as_str).collect();
        if !well.is_empty() {
            tracing::info!(
                stream = self.stream,
                keys = named(&well),
                "these keys are written again, with what they lacked"
            );
        }
        metrics::gauge!("framewatch_sink_keys_refused", "stream" => self.stream)
            .set(refused.len() as f64);
        wrong.refused = refused;
    }

    /// What is wrong, for `/readyz`.
    pub(crate) fn explanation(&self) -> Option<String> {
        let wrong = self.wrong();
        if let Some(why) = &wrong.stopped {
            return Some(format!(
                "sink: events of {} reach Redis ({why})",
                self.stream
            ));
        }
        let (_, first) = wrong.refused.first_key_value()?;
        let keys: Vec<&str> = wrong.refused.keys().map(String::as_str).collect();
        let (keys, what_to_do) = (named(&keys), advice(first));
        Some(format!("sink: Redis takes {keys} ({what_to_do})"))
    }

    fn wrong(&self) -> MutexGuard<'_, Wrong> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to do about a key that is refused so.
fn advice(error: &str) -> &'static str {
    if error.contains("WRONGTYPE") {
        "something that is not the sink's is there; rename or delete the key"
    } else if error.contains("exhausted") {
        "an entry there has the last id that there is; rename or delete the key"
    } else {
        "the sink's user has no right to it; grant it"
    }
}

fn named(keys: &[&str]) -> String {
    let mut text = keys[..keys.len().min(NAMED)].join(", ");
    if keys.len() > NAMED {
        text += &format!(" and {} more", keys.len() - NAMED);
    }
    text
}
