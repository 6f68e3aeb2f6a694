//! Questions and answers in no stream: one copy of a service answers each, once, and what nobody answers is gone. What is asked
//! is left to `contract`.

use std::{marker::PhantomData, time::Duration};

use async_nats::{
    Message, SubscribeError, Subscriber,
    client::{RequestError, RequestErrorKind},
};
use bytes::Bytes;
use futures::StreamExt as _;
use log_limiter::LogLimiter;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;

use super::bus::Bus;

/// How long an answer may take to be sent.
const SENT_WITHIN: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody is there who would answer.
    #[error("nobody is there who would answer")]
    Nobody,
    /// Whoever would did not in time.
    #[error("there was no answer in time")]
    Late,
    /// There is no asking.
    #[error("there is no asking")]
    Unasked(#[source] RequestError),
    /// The question or the answer is none.
    #[error("the question or its answer cannot be read: {0}")]
    Unreadable(String),
}

/// What is asked from now on.
pub struct Questions<Q> {
    bus: Bus,
    subject: &'static str,
    asked: Subscriber,
    lines: LogLimiter,
    question: PhantomData<fn() -> Q>,
}

/// One question, to be answered once.
pub struct Asked<Q> {
    /// What is asked.
    pub question: Q,
    bus: Bus,
    reply_to: async_nats::Subject,
}

impl Bus {
    /// Asks, and waits so long for the answer.
    pub(crate) async fn ask(
        &self,
        subject: &'static str,
        question: &impl Serialize,
        within: Duration,
    ) -> Result<Bytes, AskError> {
        let question = serde_json::to_vec(question).map_err(AskError::unreadable)?;
        let request = async_nats::Request::new()
            .payload(question.into())
            .timeout(Some(within));
        let answer = self.client().send_request(subject, request).await;
        let answer = answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => AskError::Nobody,
            RequestErrorKind::TimedOut => AskError::Late,
            _ => AskError::Unasked(error),
        })?;
        Ok(answer.payload)
    }

    /// What this group of copies is asked, from now on. The client subscribes again after a reconnect.
    pub(crate) async fn questions<Q>(
        &self,
        subject: &'static str,
        group: &str,
    ) -> Result<Questions<Q>, SubscribeError> {
        let subscribing = self.client().queue_subscribe(subject, group.to_owned());
        Ok(Questions {
            bus: self.clone(),
            subject,
            asked: subscribing.await?,
            lines: LogLimiter::default(),
            question: PhantomData,
        })
    }
}

impl<Q: DeserializeOwned> Questions<Q> {
    /// The next question; `None` once the connection is closed. What is no question is passed over.
    pub async fn next(&mut self) -> Option<Asked<Q>> {
        loop {
            let Message { payload, reply, .. } = self.asked.next().await?;
            match (serde_json::from_slice(&payload), reply) {
                (Ok(question), Some(reply_to)) => {
                    return Some(Asked {
                        question,
                        bus: self.bus.clone(),
                        reply_to,
                    });
                }
                // What it holds may be a secret.
                _ if self.lines.is_due(&()) => tracing::warn!(
                    "a question on {} cannot be read; of further ones nothing is logged for a minute",
                    self.subject
                ),
                _ => {}
            }
        }
    }
}

impl<Q> Asked<Q> {
    /// The most bytes that the server takes in an answer.
    pub(crate) fn max_bytes(&self) -> usize {
        self.bus.max_payload()
    }

    pub(crate) async fn send(self, answer: Bytes) {
        let sent = self.bus.client().publish(self.reply_to, answer);
        match timeout(SENT_WITHIN, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "an answer is not sent"),
            Err(_) => tracing::warn!("an answer is not sent in time"),
        }
    }
}

impl AskError {
    pub(crate) fn unreadable(error: impl ToString) -> Self {
        AskError::Unreadable(error.to_string())
    }
}
