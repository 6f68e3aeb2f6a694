use std::collections::{BTreeMap, HashMap};

use event_bus::{Event, Stored};
use futures::future::try_join_all;
use redis::{AsyncCommands, RedisResult, Script, ScriptInvocation};
use time::OffsetDateTime;

use crate::{
    Connection,
    redis_keys::{Commands, Writing, position_key, position_of_key},
};

/// The number of the last event of a stream whose effect Redis holds.
pub(crate) struct Position {
    key: String,
    sequence: u64,
    /// Tells the stream from one of the same name that was made before it.
    stream: String,
    /// In a cluster, the position of each key that was written.
    of_keys: HashMap<String, u64>,
    script: Script,
}

/// The number of an event, and one of the commands that put it into Redis.
type Step = (u64, Vec<String>);

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// Redis holds its effect.
    Done,
    /// Redis does not hold what came before it.
    RedisIsBehind,
}

/// Steps as arguments: the position that they follow on and the one that they reach, then for each the number of its event,
/// the count of its words, and its words. What Redis has applied already, by this sink or another, is passed over. Where Redis
/// does not hold what comes before them, nothing is done, and the answer is the position that it holds; else -1.
///
/// An entry of the stream of alerts has its id from its event. Where Redis refuses it as not after the last entry, it is
/// there already, or was and has been trimmed (all of the stream is applied again to keys that were partly lost); if not,
/// the broker's clock was set back, and Redis makes the id.
const APPLY: &str = "
local function parts(id)
    local ms, sequence = string.match(id, '(%d+)-(%d+)')
    return tonumber(ms), tonumber(sequence)
end
local function is_there(stream, id)
    if #redis.call('XRANGE', stream, id, id) > 0 then return true end
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    local ms, sequence = parts(id)
    local oldest_ms, oldest_sequence = parts(oldest[1])
    return ms < oldest_ms or (ms == oldest_ms and sequence < oldest_sequence)
end
local from = tonumber(redis.call('GET', KEYS[1]) or '0')
if from < tonumber(ARGV[1]) then return from end
local at = 3
while at <= #ARGV do
    local sequence, count = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    local command = {unpack(ARGV, at + 2, at + 1 + count)}
    if sequence > from then
        local done = redis.pcall(unpack(command))
        if type(done) == 'table' and done.err then
            if command[1] ~= 'XADD' then return done end
            if not is_there(command[2], command[6]) then
                command[6] = '*'
                redis.call(unpack(command))
            end
        end
    end
    at = at + 2 + count
end
redis.call('SET', KEYS[1], string.format('%.0f', math.max(from, tonumber(ARGV[2]))))
return -1";

impl Position {
    pub(crate) async fn load<E: Event>(redis: &mut Connection) -> RedisResult<Self> {
        let key = position_key(E::STREAM);
        let sequence: Option<u64> = redis.get(&key).await?;
        Ok(Position {
            key,
            sequence: sequence.unwrap_or(0),
            stream: String::new(),
            of_keys: HashMap::new(),
            script: Script::new(APPLY),
        })
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Begins where the reader does, in a stream that was made at this time: before what Redis holds, where that is of a
    /// stream that is no more.
    pub(crate) async fn begin(
        &mut self,
        begins_after: u64,
        made_at: OffsetDateTime,
        redis: &mut Connection,
    ) -> RedisResult<()> {
        self.stream = made_at.unix_timestamp_nanos().to_string();
        if begins_after < self.sequence {
            tracing::warn!(
                position = self.key,
                "the stream was made anew; applying it from its beginning"
            );
            redis.del::<_, ()>(&self.key).await?;
            self.sequence = begins_after;
        }
        Ok(())
    }

    /// Whether Redis still holds what was applied.
    pub(crate) async fn is_held(&self, redis: &mut Connection) -> RedisResult<bool> {
        let sequence: Option<u64> = redis.get(&self.key).await?;
        Ok(sequence.unwrap_or(0) >= self.sequence)
    }

    /// Applies events that follow on this position, and moves it.
    pub(crate) async fn apply<E: Commands>(
        &mut self,
        batch: &[Stored<E>],
        writing: &Writing,
        redis: &mut Connection,
    ) -> RedisResult<Applied> {
        let Some(last) = batch.last() else {
            return Ok(Applied::Done);
        };
        let mut steps: Vec<Step> = batch
            .iter()
            .flat_map(|stored| steps(stored, writing))
            .collect();
        if let Connection::Cluster(_) = redis {
            if let Some(held) = self.apply_by_key(steps, redis).await? {
                redis.set::<_, _, ()>(&self.key, held).await?;
                return Ok(Applied::RedisIsBehind);
            }
            steps = Vec::new();
        }
        let mut call = self.script.prepare_invoke();
        call.key(&self.key).arg(self.sequence).arg(last.sequence);
        if held_instead(call, &steps, redis).await?.is_some() {
            return Ok(Applied::RedisIsBehind);
        }
        self.sequence = last.sequence;
        Ok(Applied::Done)
    }

    /// Applies the steps of each key together with a position of its own, which lies on the same server. Where a server has
    /// lost what was written there, says after which event to begin again.
    async fn apply_by_key(
        &mut self,
        steps: Vec<Step>,
        redis: &Connection,
    ) -> RedisResult<Option<u64>> {
        let mut by_key = BTreeMap::<String, Vec<Step>>::new();
        for (sequence, words) in steps {
            let of_key = by_key.entry(words[1].clone()).or_default();
            of_key.push((sequence, words));
        }
        let calls = by_key.iter().map(|(key, steps)| {
            let mut redis = redis.clone();
            let (from, to) = (self.of_keys.get(key), steps[steps.len() - 1].0);
            let mut call = self.script.prepare_invoke();
            call.key(position_of_key(&self.key, &self.stream, key))
                .key(key)
                .arg(from.unwrap_or(&0))
                .arg(to);
            async move { held_instead(call, steps, &mut redis).await }
        });
        let held = try_join_all(calls).await?;
        let reached = by_key.into_iter().map(|(key, steps)| {
            let (last, _) = steps[steps.len() - 1];
            (key, last)
        });
        self.of_keys.extend(reached);
        Ok(held.into_iter().flatten().min())
    }
}

fn steps<E: Commands>(stored: &Stored<E>, writing: &Writing) -> impl Iterator<Item = Step> {
    let commands = E::commands(stored, writing).into_iter();
    commands.map(|words| (stored.sequence, words))
}

/// Applies the steps, or says what Redis holds where that is not what comes before them.
async fn held_instead(
    mut call: ScriptInvocation<'_>,
    steps: &[Step],
    redis: &mut Connection,
) -> RedisResult<Option<u64>> {
    for (sequence, words) in steps {
        call.arg(sequence).arg(words.len()).arg(words);
    }
    let held: i64 = call.invoke_async(redis).await?;
    Ok(u64::try_from(held).ok())
}
