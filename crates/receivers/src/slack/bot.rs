//! Messages by a bot. The first of an episode begins a thread, which later ones join; the end is written into the first one
//! as well. The picture goes into the thread, since a message can show it only once Slack has it ready.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    api::{Api, Arguments},
    trouble::Failure,
};
use crate::{
    Handle, Message, Occasion, Picture, ReceiverSpec, SpecError,
    http::{self, Refusal},
    plain,
    secret::SecretFile,
    wording::Wording,
};

pub(super) struct Bot {
    receiver: String,
    api: Api,
    channel: String,
    pictures: bool,
    /// How long a message may take with its picture. It is somewhat less than a message may take at all. So if the
    /// picture takes too long, the message still counts as delivered, which it is.
    patience: Duration,
}

/// A message in a channel, by the channel's id and the time that is its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Root {
    channel: String,
    ts: String,
}

impl Bot {
    pub(super) fn of(
        receiver: &str,
        spec: &ReceiverSpec,
        token: &Path,
        channel: &str,
        beside: &Path,
    ) -> Result<Self, SpecError> {
        let timeout = spec.whole_timeout()?;
        let token = SecretFile::of("token-file", token, beside)?;
        if channel.is_empty() || plain::line(channel, 100) != channel {
            return Err(SpecError {
                setting: "channel",
                why: "it is a name as in \"#cctv\", or an id as in \"C0123456789\"".to_owned(),
            });
        }
        let client = |host: &str| http::client(spec, beside, host);
        Ok(Bot {
            receiver: receiver.to_owned(),
            api: Api::of(spec.api_url.as_ref(), token, client)?,
            channel: channel.to_owned(),
            pictures: spec.picture.unwrap_or(true),
            patience: timeout * 9 / 10,
        })
    }

    pub(super) fn takes_pictures(&self) -> bool {
        self.pictures
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    pub(super) async fn send(
        &self,
        message: &Message,
        wording: &Wording,
        text: &str,
        thread: Option<&Handle>,
    ) -> Result<Handle, Refusal> {
        let deadline = Instant::now() + self.patience;
        let root = thread.and_then(Root::read);
        // First what can be done twice: if the post fails, both are done again.
        if let Some(root) = root.as_ref().filter(|_| is_over(message)) {
            self.rewrite(root, text).await?;
        }
        let root = self.post(message, text, root).await?;
        if let Some(picture) = message.picture.as_ref().filter(|_| self.pictures) {
            self.show(picture, &root, wording, deadline).await;
        }
        Ok(root.handle())
    }

    /// Writes the end into the first message. One that is gone, or may not be changed, is let be.
    async fn rewrite(&self, root: &Root, text: &str) -> Result<(), Refusal> {
        let update = json!({ "channel": root.channel, "ts": root.ts, "text": text });
        match self.api.call("chat.update", Arguments::Json(&update)).await {
            Ok(_) => Ok(()),
            Err(Failure {
                refusal: refusal @ Refusal::Now { .. },
                ..
            }) => Err(refusal),
            Err(Failure { refusal, .. }) => {
                let (receiver, why) = (&self.receiver, refusal.why());
                tracing::warn!(
                    receiver,
                    why,
                    "the first message of a thread cannot be changed"
                );
                Ok(())
            }
        }
    }

    /// Posts, into the thread where there is one, and says in which thread it is then.
    async fn post(
        &self,
        message: &Message,
        text: &str,
        root: Option<Root>,
    ) -> Result<Root, Refusal> {
        let posted = self.try_to_post(message, text, root.as_ref()).await;
        match (posted, root) {
            // Somebody has removed the first message: a thread begins anew.
            (Err(failure), Some(_)) if is_without_thread(&failure) => {
                let posted = self.try_to_post(message, text, None).await;
                posted.map_err(|failure| failure.refusal)
            }
            (Err(failure), _) => Err(failure.refusal),
            (Ok(_), Some(root)) => Ok(root),
            (Ok(posted), None) => Ok(posted),
        }
    }

    async fn try_to_post(
        &self,
        message: &Message,
        text: &str,
        root: Option<&Root>,
    ) -> Result<Root, Failure> {
        let mut post = json!({
            "channel": root.map_or(&self.channel, |root| &root.channel),
            "text": text,
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": {
                "event_type": "framewatch_message",
                "event_payload": { "key": plain::key(&message.key) },
            },
        });
        if let Some(root) = root {
            post["thread_ts"] = root.ts.as_str().into();
            // Who does not follow the thread is to see these as well.
            let is_urgent = matches!(message.occasion, Occasion::Reminder | Occasion::Escalation);
            post["reply_broadcast"] = is_urgent.into();
        }
        let answer = self.api.call("chat.postMessage", Arguments::Json(&post));
        Root::posted(&answer.await?).map_err(Failure::from)
    }

    /// The picture into the thread. Without it, the message has arrived all the same.
    async fn show(&self, picture: &Picture, root: &Root, wording: &Wording, deadline: Instant) {
        let showing = timeout_at(deadline, self.try_to_show(picture, root, wording));
        let why = match showing.await {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure.refusal.why().to_owned(),
            Err(_) => "Slack took too long with it".to_owned(),
        };
        let receiver = &self.receiver;
        tracing::warn!(receiver, why, "a message was sent without its picture");
    }

    async fn try_to_show(
        &self,
        picture: &Picture,
        root: &Root,
        wording: &Wording,
    ) -> Result<(), Failure> {
        let length = picture.jpeg.len().to_string();
        let alt = plain::line(&picture.shows, 500);
        let form = [
            ("filename", "framewatch.jpg"),
            ("length", &length),
            ("alt_txt", &alt),
        ];
        let answer = self
            .api
            .call("files.getUploadURLExternal", Arguments::Form(&form));
        let answer = answer.await?;
        let (to, file) = (
            text_of(&answer, "upload_url")?,
            text_of(&answer, "file_id")?,
        );
        self.api.upload(to, picture.jpeg.clone()).await?;
        let complete = json!({
            "files": [{ "id": file, "title": wording.subject }],
            "channel_id": root.channel,
            "thread_ts": root.ts,
        });
        let complete = Arguments::Json(&complete);
        self.api
            .call("files.completeUploadExternal", complete)
            .await?;
        Ok(())
    }
}

/// Whether everything that the thread is about is over.
fn is_over(message: &Message) -> bool {
    message.occasion == Occasion::Resolved && message.told.iter().all(|told| told.ended.is_some())
}

fn is_without_thread(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "thread_not_found" | "message_not_found" | "cannot_reply_to_message" | "invalid_thread_ts"
    )
}

fn text_of<'a>(answer: &'a Value, field: &str) -> Result<&'a str, Refusal> {
    let text = answer[field].as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| Refusal::now(format!("Slack's answer lacks {field}")))
}

impl Root {
    fn posted(answer: &Value) -> Result<Self, Refusal> {
        Ok(Root {
            channel: text_of(answer, "channel")?.to_owned(),
            ts: text_of(answer, "ts")?.to_owned(),
        })
    }

    fn handle(&self) -> Handle {
        Handle(format!("{}/{}", self.channel, self.ts))
    }

    fn read(Handle(text): &Handle) -> Option<Self> {
        let (channel, ts) = text.split_once('/')?;
        Some(Root {
            channel: channel.to_owned(),
            ts: ts.to_owned(),
        })
    }
}
