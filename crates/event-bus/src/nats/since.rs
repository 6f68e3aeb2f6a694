//! Asking for all events of a key since a time, without a consumer: for who needs a few, and at once.

use std::time::Duration;

use async_nats::{
    Message as ClientMessage, StatusCode, Subscriber, jetstream::message::StreamMessage,
};
use futures::StreamExt as _;
use proto::rfc3339;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::{
    bus::Bus,
    event::{Event, Stored},
    store_error::StoreError,
};

/// A request of JetStream's for several messages of a subject, from a time or a number on.
#[derive(Serialize)]
struct Request {
    batch: u32,
    next_by_subj: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
}

/// The most messages that the server sends at once.
const BATCH: u32 = 1000;

/// How long to wait for the next message of a batch.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// After the last message of a batch.
const END_OF_BATCH: u16 = 204;
const PENDING: &str = "Nats-Num-Pending";

/// How a batch ended.
enum End {
    /// There is nothing more.
    All,
    /// There is more after the event of this number.
    More(u64),
}

impl Bus {
    /// Hands the events of a key that were stored at this time or later to `apply`, oldest first. One that cannot be read is
    /// passed over: whoever follows the stream complains about it.
    pub async fn since<E: Event>(
        &self,
        key: &E::Key,
        time: OffsetDateTime,
        mut apply: impl FnMut(Stored<E>),
    ) -> Result<(), StoreError> {
        let mut request = Request {
            batch: BATCH,
            next_by_subj: E::subject(key),
            start_time: Some(rfc3339(time)),
            seq: None,
        };
        loop {
            let mut answers = self.ask_for::<E>(&request).await?;
            match batch(&mut answers, &mut apply).await? {
                End::All => return Ok(()),
                End::More(last) => {
                    request.start_time = None;
                    request.seq = Some(last + 1);
                }
            }
        }
    }

    async fn ask_for<E: Event>(&self, request: &Request) -> Result<Subscriber, StoreError> {
        let client = self.client();
        let inbox = client.new_inbox();
        let answers = client.subscribe(inbox.clone()).await;
        let answers = answers.map_err(StoreError::refused)?;
        let request = serde_json::to_vec(request).map_err(StoreError::Unencodable)?;
        let subject = format!("$JS.API.DIRECT.GET.{}", E::STREAM);
        let asked = client.publish_with_reply(subject, inbox, request.into());
        asked.await.map_err(StoreError::refused)?;
        Ok(answers)
    }
}

async fn batch<E: Event>(
    answers: &mut Subscriber,
    apply: &mut impl FnMut(Stored<E>),
) -> Result<End, StoreError> {
    let mut last = None;
    loop {
        let answer = timeout(ANSWERS_WITHIN, answers.next()).await;
        let answer = answer.map_err(|_| StoreError::NoAnswer("a batch did not end".into()))?;
        let Some(answer) = answer else {
            return Err(StoreError::NoAnswer("the connection was lost".into()));
        };
        match answer.status {
            None => {
                let message = StreamMessage::try_from(answer).map_err(StoreError::refused)?;
                last = Some(message.sequence);
                if let Ok(stored) = Stored::of(&message) {
                    apply(stored);
                }
            }
            Some(status) if status.as_u16() == END_OF_BATCH => {
                // Damaged messages count as more, and do not come.
                let more = last.filter(|_| is_more(&answer));
                return Ok(more.map_or(End::All, End::More));
            }
            Some(StatusCode::NOT_FOUND) => return Ok(End::All),
            Some(StatusCode::NO_RESPONDERS) => {
                return Err(StoreError::NoAnswer("no server has the stream".into()));
            }
            Some(status) => {
                return Err(StoreError::refused(format!("the server answered {status}")));
            }
        }
    }
}

fn is_more(end: &ClientMessage) -> bool {
    let pending = end
        .headers
        .as_ref()
        .and_then(|headers| headers.get(PENDING));
    pending.is_some_and(|pending| pending.as_str() != "0")
}
