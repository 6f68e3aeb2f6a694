//! The entries that the stream of alerts has already, whatever their ids. Where Redis does not say how far it has come,
//! events are applied again, and must not add these twice.

use std::collections::{HashMap, HashSet};

use redis::{AsyncCommands as _, RedisResult, streams::StreamRangeReply};

use crate::{
    Connection,
    redis_keys::{ALERTS, BEFORE_FIELDS, is_of_the_key},
};

/// The fields that distinguish entries: an episode of a subject begins once and ends once.
const TELLING: [&str; 4] = ["folder", "subject", "id", "phase"];

/// Read at once.
const PAGE: usize = 500;

/// Redis refuses to look for what is after it.
const LAST_ID: &str = "18446744073709551615-18446744073709551615";

#[derive(Debug)]
pub(crate) struct Entries(HashSet<[String; 4]>);

impl Entries {
    /// All that are there; `None` where Redis does not say, since the key holds something else or may not be read.
    pub(crate) async fn load(redis: &mut Connection) -> RedisResult<Option<Self>> {
        match Self::load_all(redis).await {
            Err(error) if is_of_the_key(error.code()) => Ok(None),
            loaded => loaded.map(Some),
        }
    }

    async fn load_all(redis: &mut Connection) -> RedisResult<Self> {
        let (mut all, mut begin) = (HashSet::new(), "-".to_owned());
        loop {
            let page: StreamRangeReply = redis.xrange_count(ALERTS, &begin, "+", PAGE).await?;
            all.extend(page.ids.iter().map(|entry| {
                // What version 0.1.0 wrote is all of views, and does not say so.
                TELLING.map(|name| {
                    entry
                        .get::<String>(name)
                        .unwrap_or_else(|| "view".to_owned())
                })
            }));
            match page.ids.last() {
                Some(last) if page.ids.len() == PAGE && last.id != LAST_ID => {
                    begin = format!("({}", last.id);
                }
                _ => return Ok(Entries(all)),
            }
        }
    }

    /// Whether the entry that this command would add is there.
    pub(crate) fn has(&self, words: &[String]) -> bool {
        let fields = words[BEFORE_FIELDS..].chunks_exact(2);
        let fields: HashMap<&str, &String> =
            fields.map(|pair| (pair[0].as_str(), &pair[1])).collect();
        let telling = TELLING.map(|name| fields.get(name).copied().cloned().unwrap_or_default());
        self.0.contains(&telling)
    }
}
