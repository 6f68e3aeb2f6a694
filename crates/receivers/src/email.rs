//! Mails: text and HTML, with the picture inside, by a mail server.

mod mail;
mod session;

use std::{
    collections::{HashSet, VecDeque},
    path::Path,
};

use parking_lot::Mutex;

use lettre::{Address, message::Mailbox};

use crate::{
    Handle, Message, ReceiverSpec, SpecError,
    body::{self, Pictures},
    http::Refusal,
    plain,
    template::{Escape, Template},
    wording::Wording,
};
use session::{Addressees, Server};

pub(crate) struct Email {
    name: String,
    server: Server,
    from: Mailbox,
    to: Vec<Mailbox>,
    template: Option<Template>,
    pictures: bool,
    reached: Mutex<VecDeque<Reached>>,
}

/// Who has a mail that others could not be given yet: they are not sent it again with those.
struct Reached {
    key: String,
    by: HashSet<Address>,
}

/// How many mails are remembered that reached only some of their addressees.
const MOST_REACHED: usize = 256;

const MOST_ADDRESSEES: usize = 100;

impl Email {
    pub(crate) fn of(name: &str, spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        let from = spec.from.as_deref().ok_or_else(|| SpecError {
            setting: "from",
            why: "it is missing: from = \"Framewatch <framewatch@example.org>\"".to_owned(),
        })?;
        let from = mailbox("from", from)?;
        let to = spec.to.as_deref().unwrap_or_default();
        if to.is_empty() || to.len() > MOST_ADDRESSEES {
            return Err(SpecError {
                setting: "to",
                why: format!(
                    "it lists the 1 to {MOST_ADDRESSEES} addresses that mails go to: to = [\"ops@example.org\"]"
                ),
            });
        }
        let to: Result<_, _> = to.iter().map(|to| mailbox("to", to)).collect();
        let template = spec.template.as_deref();
        let template = template.map(|source| Template::of(name, source, Escape::None));
        Ok(Email {
            name: name.to_owned(),
            server: Server::of(spec, beside, from.email.domain())?,
            from,
            to: to?,
            template: template.transpose()?,
            pictures: spec.picture.unwrap_or(true),
            reached: Mutex::default(),
        })
    }

    pub(crate) fn takes_pictures(&self) -> bool {
        self.pictures
    }

    pub(crate) fn place(&self) -> &str {
        self.server.place()
    }

    pub(crate) async fn send(
        &self,
        message: &Message,
        wording: &Wording,
        thread: Option<&Handle>,
    ) -> Result<Option<Handle>, Refusal> {
        let id = format!(
            "<{}@{}>",
            plain::key(&message.key),
            self.from.email.domain()
        );
        let mail = mail::Mail {
            from: &self.from,
            to: &self.to,
            id: &id,
            thread: thread
                .map(|Handle(id)| id.as_str())
                .filter(|root| *root != id),
            text: self.text(message, wording),
            picture: message.picture.as_ref().filter(|_| self.pictures),
            wording,
        };
        let mail = mail
            .formatted()
            .map_err(|error| Refusal::Forever(format!("the mail cannot be written: {error}")))?;
        let before = self.reached(&message.key);
        let to = self.to.iter().map(|mailbox| &mailbox.email);
        let to = to.filter(|address| !before.contains(*address)).cloned();
        let left = self
            .server
            .send(&self.from.email, to.collect(), &mail)
            .await?;
        self.settle(message, left)?;
        Ok(Some(thread.cloned().unwrap_or(Handle(id))))
    }

    /// What follows where some addressees have not got the mail.
    fn settle(&self, message: &Message, addressees: Addressees) -> Result<(), Refusal> {
        let receiver = &self.name;
        for why in &addressees.refused {
            tracing::warn!(
                receiver,
                why,
                "a mail was sent to others of its list, and not to this one"
            );
        }
        match addressees.later.first() {
            None => {
                self.forget(&message.key);
                Ok(())
            }
            Some(why) => {
                let why = format!("not all could be given it: {why}");
                self.remember(&message.key, addressees.reached);
                Err(Refusal::now(why))
            }
        }
    }

    fn reached(&self, key: &str) -> HashSet<Address> {
        let reached = self.reached.lock();
        let of_this = reached.iter().find(|reached| reached.key == key);
        of_this
            .map(|reached| reached.by.clone())
            .unwrap_or_default()
    }

    fn remember(&self, key: &str, by: Vec<Address>) {
        let mut reached = self.reached.lock();
        if let Some(of_this) = reached.iter_mut().find(|reached| reached.key == key) {
            of_this.by.extend(by);
            return;
        }
        if reached.len() >= MOST_REACHED {
            reached.pop_front();
        }
        let (key, by) = (key.to_owned(), by.into_iter().collect());
        reached.push_back(Reached { key, by });
    }

    fn forget(&self, key: &str) {
        let mut reached = self.reached.lock();
        reached.retain(|reached| reached.key != key);
    }

    /// The text that the template gives; `None` where the mail has the usual text.
    fn text(&self, message: &Message, wording: &Wording) -> Option<String> {
        const MAX_CHARS: usize = 64 * 1024;
        let json = body::json(&self.name, message, wording, Pictures::LeftOut);
        let text = self.template.as_ref()?.render(&json, |_| Ok(()))?;
        Some(plain::lines(&text, MAX_CHARS))
    }
}

fn mailbox(setting: &'static str, text: &str) -> Result<Mailbox, SpecError> {
    text.parse().map_err(|_| SpecError {
        setting,
        why: format!(
            "{:?} is no address; one is written as \"ops@example.org\" or \"Ops <ops@example.org>\"",
            plain::line(text, 100)
        ),
    })
}
