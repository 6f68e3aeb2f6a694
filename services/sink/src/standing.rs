//! The state of writing a stream. What is wrong is logged once, with what to do about it, and once more when all is
//! well again. Meanwhile `/readyz` says so.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::{Mutex, MutexGuard};

use crate::apply::Refused;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Standing {
    stream: &'static str,
    wrong: Arc<Mutex<Wrong>>,
}

#[derive(Default)]
struct Wrong {
    /// Whether anything can be written yet: Redis is marked with the format, and its position is known.
    has_begun: bool,
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

    /// It can be written.
    pub(crate) fn begun(&self) {
        self.wrong().has_begun = true;
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
        let new = refused.iter();
        let new = new.filter(|(key, _)| !wrong.refused.contains_key(*key));
        for (what_to_do, keys) in by_advice(new) {
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
        if !wrong.has_begun {
            return Some(format!("sink: it knows where it is in {}", self.stream));
        }
        let refused = by_advice(&wrong.refused).into_iter();
        let refused = refused
            .map(|(what_to_do, keys)| format!("sink: Redis takes {} ({what_to_do})", named(&keys)));
        Some(refused.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
    }

    fn wrong(&self) -> MutexGuard<'_, Wrong> {
        self.wrong.lock()
    }
}

fn by_advice<'a>(
    refused: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> BTreeMap<&'static str, Vec<&'a str>> {
    let mut by_advice = BTreeMap::<_, Vec<_>>::new();
    for (key, error) in refused {
        by_advice
            .entry(advice(error))
            .or_default()
            .push(key.as_str());
    }
    by_advice
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
