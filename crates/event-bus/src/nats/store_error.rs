//! Why a stream or bucket could not be used. Here alone the client's errors become ours.

use std::{
    error::Error,
    fmt::{Debug, Display},
};

use async_nats::{
    StatusCode,
    error::Error as ClientError,
    jetstream::{
        self, ErrorCode,
        consumer::{StreamErrorKind, pull::MessagesErrorKind, pull::OrderedErrorKind},
        context::{
            AccountErrorKind, ConsumerInfoErrorKind, CreateKeyValueErrorKind, CreateStreamError,
            CreateStreamErrorKind, GetStreamErrorKind, PublishErrorKind, RequestErrorKind,
        },
        stream::{
            ConsumerErrorKind, DeleteMessageErrorKind, DirectGetErrorKind, LastRawMessageErrorKind,
            PurgeErrorKind,
        },
    },
};

use super::event::Undecodable;

type Cause = Box<dyn Error + Send + Sync>;

/// Why a stream or bucket could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is not there. A connection that may do so makes it again.
    #[error("the stream or bucket is not there")]
    Missing(#[source] Cause),
    /// It was deleted and made anew while it was read.
    #[error("the stream or bucket was deleted, and made anew")]
    MadeAnew,
    /// There is no room for more.
    #[error("NATS has no room for more")]
    NoRoom(#[source] Cause),
    /// Nothing answered in time. A user without the right to ask gets no answer either.
    #[error("NATS did not answer in time: it is away, or this user may not ask")]
    NoAnswer(#[source] Cause),
    /// What is stored is damaged.
    #[error("{name} is damaged")]
    Damaged {
        /// The object, or the subject of the message.
        name: String,
        /// How.
        #[source]
        source: Undecodable,
    },
    /// A value has no JSON form.
    #[error("the value cannot be stored: it has no JSON form")]
    Unencodable(#[source] serde_json::Error),
    /// NATS refused, or failed in a way that a caller cannot act on.
    #[error("NATS did not do what was asked")]
    Refused(#[source] Cause),
}

/// The class of a failure.
#[derive(Clone, Copy)]
enum Class {
    Missing,
    NoRoom,
    NoAnswer,
    Refused,
}

impl StoreError {
    pub(crate) fn refused(cause: impl Into<Cause>) -> Self {
        StoreError::Refused(cause.into())
    }

    fn of_class(class: Class, cause: Cause) -> Self {
        match class {
            Class::Missing => StoreError::Missing(cause),
            Class::NoRoom => StoreError::NoRoom(cause),
            Class::NoAnswer => StoreError::NoAnswer(cause),
            Class::Refused => StoreError::Refused(cause),
        }
    }
}

impl<K> From<ClientError<K>> for StoreError
where
    K: Classified + Clone + Debug + Display + PartialEq + Send + Sync + 'static,
{
    fn from(error: ClientError<K>) -> Self {
        let class = error.kind().class().or_else(|| class_of_cause(&error));
        Self::of_class(class.unwrap_or(Class::Refused), error.into())
    }
}

/// The class of what the server said, where an error only passes that on.
fn class_of_cause(error: &dyn Error) -> Option<Class> {
    let cause = error.source()?;
    if let Some(answer) = cause.downcast_ref::<jetstream::Error>() {
        return Some(class_of_answer(answer));
    }
    let refused = cause.downcast_ref::<CreateStreamError>();
    let class = refused.and_then(|error| error.kind().class());
    class.or_else(|| class_of_cause(cause))
}

fn class_of_answer(answer: &jetstream::Error) -> Class {
    match answer.error_code() {
        ErrorCode::STREAM_NOT_FOUND | ErrorCode::CONSUMER_NOT_FOUND => Class::Missing,
        ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
        | ErrorCode::INSUFFICIENT_RESOURCES
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED
        | ErrorCode::MEMORY_RESOURCES_EXCEEDED
        | ErrorCode::STREAM_STORE_FAILED => Class::NoRoom,
        ErrorCode::CLUSTER_NOT_AVAILABLE => Class::NoAnswer,
        _ => Class::Refused,
    }
}

/// The class of a kind of the client's errors; `None` where only the error's cause can tell.
trait Classified {
    fn class(&self) -> Option<Class>;
}

/// Each kind has its own words for the same few cases.
macro_rules! classified {
    ($($kind:ident { $($pattern:pat => $class:expr),+ $(,)? })+) => {
        $(impl Classified for $kind {
            fn class(&self) -> Option<Class> {
                match self {
                    $($pattern => Some($class),)+
                    _ => None,
                }
            }
        })+
    };
}

classified! {
    GetStreamErrorKind {
        Self::JetStream(answer) => class_of_answer(answer),
        Self::Request => Class::NoAnswer,
    }
    CreateStreamErrorKind {
        Self::JetStream(answer) => class_of_answer(answer),
        Self::NotFound => Class::Missing,
        Self::TimedOut | Self::JetStreamUnavailable => Class::NoAnswer,
    }
    CreateKeyValueErrorKind {
        Self::TimedOut => Class::NoAnswer,
    }
    PublishErrorKind {
        Self::StreamNotFound => Class::Missing,
        Self::TimedOut | Self::BrokenPipe => Class::NoAnswer,
    }
    DirectGetErrorKind {
        Self::NotFound => Class::Missing,
        Self::TimedOut | Self::ErrorResponse(StatusCode::NO_RESPONDERS, _) => Class::NoAnswer,
    }
    LastRawMessageErrorKind {
        Self::JetStream(answer) => class_of_answer(answer),
        Self::Other => Class::NoAnswer,
    }
    DeleteMessageErrorKind {
        Self::JetStream(answer) => class_of_answer(answer),
        Self::TimedOut => Class::NoAnswer,
    }
    PurgeErrorKind {
        Self::JetStream(answer) => class_of_answer(answer),
        Self::TimedOut => Class::NoAnswer,
    }
    ConsumerErrorKind {
        Self::JetStream(answer) => class_of_answer(answer),
        Self::TimedOut => Class::NoAnswer,
    }
    ConsumerInfoErrorKind {
        Self::JetStream(answer) => class_of_answer(answer),
        Self::NotFound | Self::StreamNotFound => Class::Missing,
        Self::TimedOut | Self::NoResponders | Self::Offline => Class::NoAnswer,
    }
    StreamErrorKind {
        Self::TimedOut => Class::NoAnswer,
    }
    OrderedErrorKind {
        Self::MissingHeartbeat | Self::NoResponders => Class::NoAnswer,
    }
    MessagesErrorKind {
        Self::MissingHeartbeat | Self::NoResponders => Class::NoAnswer,
    }
    RequestErrorKind {
        Self::TimedOut | Self::NoResponders => Class::NoAnswer,
    }
    AccountErrorKind {
        Self::JetStream(answer) => class_of_answer(answer),
        Self::TimedOut | Self::JetStreamUnavailable => Class::NoAnswer,
    }
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::context::{GetStreamError, PublishError};

    use super::*;

    fn answer(code: u64) -> jetstream::Error {
        let json = format!(r#"{{"code":500,"err_code":{code},"description":"so it is"}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn what_the_server_says_decides_wherever_the_client_puts_it() {
        let gone = GetStreamErrorKind::JetStream(answer(10059));
        let gone = StoreError::from(GetStreamError::new(gone));
        assert!(matches!(gone, StoreError::Missing(_)), "{gone:?}");

        let full = PublishError::with_source(PublishErrorKind::Other, answer(10077));
        let full = StoreError::from(full);
        assert!(matches!(full, StoreError::NoRoom(_)), "{full:?}");

        let silent = StoreError::from(PublishError::new(PublishErrorKind::TimedOut));
        assert!(matches!(silent, StoreError::NoAnswer(_)), "{silent:?}");

        let other = PublishError::with_source(PublishErrorKind::Other, answer(10025));
        let other = StoreError::from(other);
        assert!(matches!(other, StoreError::Refused(_)), "{other:?}");
    }
}
