//! Writing to Redis: steps, and with them the position that they reach.

use std::collections::{BTreeMap, HashMap};

use event_bus::Stored;
use futures::future::try_join_all;
use redis::{AsyncCommands as _, RedisResult, Script};

use crate::{
    Connection,
    entries::Entries,
    position::{Held, Reached},
    redis_keys::{
        ALERTS, Commands, Writing, entries_key, is_of_the_key, position_key, position_of_key,
    },
    wanted::{Step, Wanted},
};

/// Keys that Redis refuses to write, and why.
pub(crate) type Refused = BTreeMap<String, String>;

/// What Redis holds of a stream, and how to go on writing.
pub(crate) struct Applying {
    /// The key of the position.
    key: String,
    /// What Redis last said that it holds, whichever sink wrote it.
    held: Held,
    /// How far this sink is.
    reached: Reached,
    /// In a cluster, the position of each key that was written.
    of_keys: HashMap<String, u64>,
    /// What must still be written to keys that were refused.
    wanted: Wanted,
    has_entries: bool,
    script: Script,
}

/// The result of applying steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// Redis holds their effect.
    Done,
    /// Redis does not hold what came before them.
    RedisIsBehind,
    /// Redis refused keys that it took before, or another sink says so: all is to be written anew, to know what is missing.
    Incomplete,
    /// Nothing was done, since another sink wrote meanwhile.
    Moved,
}

/// How to apply steps; `apply.lua` says what each of these means.
#[derive(Clone, Default)]
struct How {
    anew: bool,
    expected: String,
    to: u64,
    lacking: Option<u64>,
    entries: String,
    unknown: &'static str,
}

/// The answer of the script: whether it did anything, the position, and each key that was refused, with the reason.
type Answer = (bool, String, Vec<String>);

impl Applying {
    /// To write a stream that was made then, on from what Redis holds.
    pub(crate) fn new<E: Commands>(held: Held, made: &str) -> Self {
        let incomplete = match &held {
            Held::Of(held) if held.made == made => held.incomplete,
            _ => None,
        };
        Applying {
            key: position_key(E::STREAM),
            reached: Reached {
                sequence: held.sequence(),
                made: made.to_owned(),
                incomplete,
            },
            held,
            of_keys: HashMap::new(),
            wanted: Wanted::default(),
            has_entries: E::HAS_ENTRIES,
            script: Script::new(include_str!("apply.lua")),
        }
    }

    /// Takes a number that says nothing of its stream as one in this stream.
    pub(crate) async fn adopt(&mut self, redis: &mut Connection) -> RedisResult<Applied> {
        let mut how = self.anew(self.reached.sequence);
        if let Connection::Server(_) = redis {
            how.entries = how.to.to_string();
        }
        let (applied, _) = self.write(Vec::new(), how, redis).await?;
        Ok(applied)
    }

    /// Writes what all keys are to hold after the event of this number, whatever they hold now; says which were refused. A
    /// stream that has gone back counts again what it counted before.
    pub(crate) async fn write_anew(
        &mut self,
        wanted: Wanted,
        to: u64,
        has_gone_back: bool,
        redis: &mut Connection,
    ) -> RedisResult<(Applied, Refused)> {
        let mut how = self.anew(to);
        self.wanted = wanted;
        if has_gone_back {
            how.entries = "forget".to_owned();
        }
        self.write_wanted(how, redis).await
    }

    /// Tries once more to write to the keys that were refused; says which still are.
    pub(crate) async fn try_again(
        &mut self,
        redis: &mut Connection,
    ) -> RedisResult<(Applied, Refused)> {
        if self.held.sequence() != self.reached.sequence {
            return Ok((Applied::Moved, Refused::new()));
        }
        self.write_wanted(self.anew(self.reached.sequence), redis)
            .await
    }

    /// Whether something must still be written to keys that were refused.
    pub(crate) fn is_incomplete(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Applies events that follow on what this sink has applied.
    pub(crate) async fn apply<E: Commands>(
        &mut self,
        batch: &[Stored<E>],
        writing: &Writing,
        redis: &mut Connection,
    ) -> RedisResult<Applied> {
        let steps = batch.iter().flat_map(|stored| steps(stored, writing));
        let steps = steps.filter_map(|step| self.wanted.divert(step)).collect();
        let Reached {
            sequence,
            incomplete,
            ..
        } = self.reached;
        let lacking = self.is_incomplete().then(|| incomplete.unwrap_or(sequence));
        let how = How {
            expected: sequence.to_string(),
            to: batch.last().map_or(sequence, |last| last.sequence),
            lacking,
            ..How::default()
        };
        let (applied, refused) = self.write(steps, how, redis).await?;
        let found = self.reached.incomplete;
        let is_known = found.is_none() || found == incomplete || found == lacking;
        Ok(match applied {
            Applied::Done if !is_known || !refused.is_empty() => Applied::Incomplete,
            applied => applied,
        })
    }

    /// Carries out commands that are of no event; what is refused is tried again with the rest.
    pub(crate) async fn remove(
        &mut self,
        commands: impl IntoIterator<Item = Vec<String>>,
        redis: &mut Connection,
    ) -> RedisResult<()> {
        for words in commands {
            let Some(step) = self.wanted.divert((self.reached.sequence, words)) else {
                continue;
            };
            match remove(&step.1, redis).await {
                Err(error) if is_of_the_key(error.code()) => self.wanted.learn(step),
                removed => removed?,
            }
        }
        Ok(())
    }

    fn anew(&self, to: u64) -> How {
        How {
            anew: true,
            expected: self.held.to_string(),
            to,
            ..How::default()
        }
    }

    /// Whether Redis says which events of this stream have their entry.
    async fn knows_entries(&self, redis: &mut Connection) -> RedisResult<bool> {
        let (key, end) = match redis {
            Connection::Server(_) => (entries_key(&self.key), self.of_stream()),
            Connection::Cluster(_) => (self.position_of(ALERTS), String::new()),
        };
        let value: Option<String> = redis.get(key).await?;
        Ok(value.is_some_and(|value| value.ends_with(&end)))
    }

    async fn write_wanted(
        &mut self,
        mut how: How,
        redis: &mut Connection,
    ) -> RedisResult<(Applied, Refused)> {
        let forgets = how.entries == "forget";
        if self.has_entries && (forgets || !self.knows_entries(redis).await?) {
            how.unknown = match Entries::load(redis).await? {
                Some(there) => {
                    self.wanted
                        .retain(|words| words[0] != "XADD" || !there.has(words));
                    if self.held == Held::Nothing {
                        "added"
                    } else {
                        ""
                    }
                }
                None => "unread",
            };
        }
        let (applied, refused) = self.write(self.wanted.steps(), how, redis).await?;
        if applied == Applied::Done {
            self.wanted.keep_only(|key| refused.contains_key(key));
        }
        Ok((applied, refused))
    }

    async fn write(
        &mut self,
        mut steps: Vec<Step>,
        mut how: How,
        redis: &mut Connection,
    ) -> RedisResult<(Applied, Refused)> {
        let mut refused = Refused::new();
        if let Connection::Cluster(_) = redis {
            let (is_behind, refused_keys) = self.write_by_key(steps, &how, redis).await?;
            if is_behind {
                // What was lost is known only when all is written anew.
                redis.del::<_, ()>(&self.key).await?;
                return Ok((Applied::RedisIsBehind, refused));
            }
            if !refused_keys.is_empty() {
                let since = self.reached.incomplete.filter(|_| how.anew);
                how.lacking = Some(since.unwrap_or(how.to));
            }
            (steps, refused, how.entries) = (Vec::new(), refused_keys, String::new());
        }
        let entries = entries_key(&self.key);
        let keys = match redis {
            Connection::Server(_) if self.has_entries => vec![self.key.as_str(), &entries],
            _ => vec![self.key.as_str()],
        };
        let (is_done, value, of_keys) = self
            .call(&keys, &self.of_stream(), &how, &steps, redis)
            .await?;
        self.held = Held::parse(&value).unwrap_or(Held::Nothing);
        if !is_done {
            let applied = match how.anew {
                true => Applied::Moved,
                false => Applied::RedisIsBehind,
            };
            return Ok((applied, refused));
        }
        self.reached.sequence = how.to;
        if let Held::Of(held) = &self.held {
            self.reached.incomplete = held.incomplete;
        }
        refused.extend(pairs(of_keys));
        Ok((Applied::Done, refused))
    }

    /// Applies the steps of each key together with a position of its own, which lies on the same server. Says whether a
    /// server has lost what was written there.
    async fn write_by_key(
        &mut self,
        steps: Vec<Step>,
        how: &How,
        redis: &Connection,
    ) -> RedisResult<(bool, Refused)> {
        let mut by_key = BTreeMap::<String, Vec<Step>>::new();
        if how.anew && self.has_entries {
            // That all have their entry is to be known where none is missing.
            by_key.insert(ALERTS.to_owned(), Vec::new());
        }
        for step in steps {
            by_key.entry(step.1[1].clone()).or_default().push(step);
        }
        let calls = by_key.iter().map(|(key, steps)| {
            let mut redis = redis.clone();
            let mut how = how.clone();
            how.lacking = None;
            if how.anew {
                how.expected = "*".to_owned();
            } else {
                how.expected = self.of_keys.get(key).unwrap_or(&0).to_string();
                how.to = steps.last().map_or(how.to, |(last, _)| *last);
            }
            let position = self.position_of(key);
            let this = &*self;
            async move {
                let keys = match key == ALERTS {
                    true => vec![position.as_str(); 2],
                    false => vec![position.as_str()],
                };
                let answer = this.call(&keys, "", &how, steps, &mut redis).await?;
                RedisResult::Ok((key.clone(), how.to, answer))
            }
        });
        let (mut is_behind, mut refused) = (false, Refused::new());
        for (key, to, (is_done, _, of_key)) in try_join_all(calls).await? {
            is_behind |= !is_done;
            if is_done && of_key.is_empty() {
                self.of_keys.insert(key, to);
            }
            refused.extend(pairs(of_key));
        }
        Ok((is_behind, refused))
    }

    async fn call(
        &self,
        keys: &[&str],
        of: &str,
        how: &How,
        steps: &[Step],
        redis: &mut Connection,
    ) -> RedisResult<Answer> {
        let mut call = self.script.prepare_invoke();
        for key in keys {
            call.key(*key);
        }
        call.arg(of)
            .arg(if how.anew { "anew" } else { "follow" })
            .arg(&how.expected)
            .arg(how.to)
            .arg(how.lacking.map_or(String::new(), |since| since.to_string()))
            .arg(&how.entries)
            .arg(how.unknown);
        for (sequence, words) in steps {
            call.arg(sequence).arg(words.len()).arg(words);
        }
        call.invoke_async(redis).await
    }

    fn of_stream(&self) -> String {
        format!(" of {}", self.reached.made)
    }

    fn position_of(&self, key: &str) -> String {
        position_of_key(&self.key, &self.reached.made, key)
    }
}

/// The steps that put an event into Redis.
pub(crate) fn steps<E: Commands>(
    stored: &Stored<E>,
    writing: &Writing,
) -> impl Iterator<Item = Step> {
    let commands = E::commands(stored, writing).into_iter();
    commands.map(|words| (stored.sequence, words))
}

async fn remove(words: &[String], redis: &mut Connection) -> RedisResult<()> {
    if words[0] == "DEL" {
        // Alone it would do away with a list or a hash of somebody else's.
        redis.get::<_, Option<Vec<u8>>>(&words[1]).await?;
    }
    let mut command = redis::cmd(&words[0]);
    command.arg(&words[1..]).exec_async(redis).await
}

fn pairs(answer: Vec<String>) -> Refused {
    let mut answer = answer.into_iter();
    std::iter::from_fn(|| Some((answer.next()?, answer.next()?))).collect()
}
