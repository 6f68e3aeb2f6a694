//! How far Redis is in a stream, as Redis says it: `57 of 1764323431123456789`. The first number is that of the last
//! event whose effect it holds. The second is when the stream was made, in nanoseconds since 1970. Version 0.1.0 wrote
//! the first number alone.

use std::fmt;

use redis::{AsyncCommands as _, ErrorKind, RedisError};

use crate::Connection;

/// How far Redis says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    /// In a stream of which nothing is said.
    Number(u64),
    Of(Reached),
}

/// How far Redis is in one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) sequence: u64,
    /// Tells the stream from one of the same name that was made before it.
    pub(crate) made: String,
    /// Some keys lack what was to be written, since Redis refused to: the number of the last event at which one more did.
    pub(crate) incomplete: Option<u64>,
}

/// Why it is not known how far Redis is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unknown {
    #[error("Redis does not say how far it is")]
    Redis(#[from] RedisError),
    #[error(
        "the key {0} in Redis holds something that is not the sink's: delete it, and all is written anew"
    )]
    Foreign(String),
}

impl Held {
    /// Reads the position from this key.
    pub(crate) async fn load(key: &str, redis: &mut Connection) -> Result<Self, Unknown> {
        let foreign = || Unknown::Foreign(key.to_owned());
        let value: Option<String> = match redis.get(key).await {
            Err(error) if is_of_another_kind(&error) => return Err(foreign()),
            value => value?,
        };
        match value {
            Some(value) => Held::parse(&value).ok_or_else(foreign),
            None => Ok(Held::Nothing),
        }
    }

    pub(crate) fn parse(value: &str) -> Option<Self> {
        let words: Vec<&str> = value.split(' ').collect();
        let sequence = words.first()?.parse().ok()?;
        let (made, incomplete) = match words[1..] {
            [] => return Some(Held::Number(sequence)),
            ["of", made] => (made, None),
            ["of", made, "incomplete", since] => (made, Some(since.parse().ok()?)),
            _ => return None,
        };
        let is_number = made.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| {
            Held::Of(Reached {
                sequence,
                made: made.to_owned(),
                incomplete,
            })
        })
    }

    pub(crate) fn sequence(&self) -> u64 {
        match self {
            Held::Nothing => 0,
            Held::Number(sequence) => *sequence,
            Held::Of(reached) => reached.sequence,
        }
    }
}

/// As Redis has it.
impl fmt::Display for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::Nothing => Ok(()),
            Held::Number(sequence) => sequence.fmt(formatter),
            Held::Of(reached) => reached.fmt(formatter),
        }
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}", self.sequence, self.made)?;
        match self.incomplete {
            Some(since) => write!(formatter, " incomplete {since}"),
            None => Ok(()),
        }
    }
}

/// A list, say, or bytes that are no text.
fn is_of_another_kind(error: &RedisError) -> bool {
    error.code() == Some("WRONGTYPE")
        || matches!(
            error.kind(),
            ErrorKind::UnexpectedReturnType | ErrorKind::Parse
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written_and_as_0_1_0_wrote_it() {
        for value in ["57", "57 of 1764323431123456789", "57 of 17 incomplete 42"] {
            assert_eq!(Held::parse(value).unwrap().to_string(), value);
        }
        assert_eq!(Held::parse("57"), Some(Held::Number(57)));
    }

    #[test]
    fn what_the_sink_never_wrote_is_no_position() {
        for value in [
            "",
            "x",
            "-1",
            "57 ",
            "57 of",
            "57 of x",
            "57 of 17 incomplete",
            "57 of 17 x 1",
        ] {
            assert_eq!(Held::parse(value), None, "{value:?}");
        }
    }
}
