use event_bus::{Event, Stored};
use redis::{AsyncCommands, RedisResult, Script};

use crate::{
    connect::Connection,
    redis_keys::{Commands, position_key},
};

/// The number of the last event of a stream whose effect Redis holds.
pub(crate) struct Position {
    key: String,
    sequence: u64,
    script: Script,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// Redis holds its effect.
    Done,
    /// Redis does not hold what came before it.
    RedisIsBehind,
}

/// The batch as arguments: the position that it follows on, then for each command the number of its event, the count of
/// its words, and its words. What Redis has applied already, by this sink or another, is passed over.
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
if from < tonumber(ARGV[1]) then return 0 end
local reached, at = from, 2
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
        reached = math.max(reached, sequence)
    end
    at = at + 2 + count
end
redis.call('SET', KEYS[1], string.format('%.0f', reached))
return 1";

impl Position {
    pub(crate) async fn load<E: Event>(redis: &mut Connection) -> RedisResult<Self> {
        let key = position_key(E::STREAM);
        let sequence: Option<u64> = redis.get(&key).await?;
        Ok(Position {
            key,
            sequence: sequence.unwrap_or(0),
            script: Script::new(APPLY),
        })
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Goes back to where reading begins: what Redis holds is of a stream that is no more.
    pub(crate) async fn rewind(
        &mut self,
        begins_after: u64,
        redis: &mut Connection,
    ) -> RedisResult<()> {
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
        redis: &mut Connection,
    ) -> RedisResult<Applied> {
        let mut call = self.script.prepare_invoke();
        call.key(&self.key).arg(self.sequence);
        for stored in batch {
            for command in E::commands(stored) {
                call.arg(stored.sequence).arg(command.len()).arg(command);
            }
        }
        if call.invoke_async::<u8>(redis).await? == 0 {
            return Ok(Applied::RedisIsBehind);
        }
        self.sequence = batch.last().map_or(self.sequence, |last| last.sequence);
        Ok(Applied::Done)
    }
}
