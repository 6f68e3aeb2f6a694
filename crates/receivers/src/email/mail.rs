//! One mail as it goes over the wire.

use lettre::{
    Message as Written,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};
use minijinja::{Environment, UndefinedBehavior, context};

use crate::{Picture, wording::Wording};

/// The parts that a mail is made of.
pub(super) struct Mail<'a> {
    pub(super) from: &'a Mailbox,
    pub(super) to: &'a [Mailbox],
    /// Its `Message-ID`, which is the same when it is sent again.
    pub(super) id: &'a str,
    /// The `Message-ID` of the first mail of its thread.
    pub(super) thread: Option<&'a str>,
    /// The text to send instead of the usual one.
    pub(super) text: Option<String>,
    pub(super) picture: Option<&'a Picture>,
    pub(super) wording: &'a Wording,
}

/// By which the HTML names the picture, which is a part of the same mail.
const CONTENT_ID: &str = "picture";

/// The name says that values are escaped.
const TEMPLATE: &str = "mail.html";

#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritable {
    #[error("{0}")]
    Mail(#[from] lettre::error::Error),
    #[error("{0}")]
    Html(#[from] minijinja::Error),
}

impl Mail<'_> {
    pub(super) fn formatted(self) -> Result<Vec<u8>, Unwritable> {
        let mut mail = Written::builder()
            .from(self.from.clone())
            .message_id(Some(self.id.to_owned()))
            .subject(&self.wording.subject)
            .header(Automatic);
        for to in self.to {
            mail = mail.to(to.clone());
        }
        if let Some(thread) = self.thread {
            mail = mail
                .in_reply_to(thread.to_owned())
                .references(thread.to_owned());
        }
        let html = SinglePart::html(self.html()?);
        let text = self.text.unwrap_or_else(|| self.wording.text());
        let parts = MultiPart::alternative().singlepart(SinglePart::plain(text));
        let parts = match self.picture {
            None => parts.singlepart(html),
            Some(picture) => {
                let inline = Attachment::new_inline_with_name(
                    CONTENT_ID.to_owned(),
                    "framewatch.jpg".to_owned(),
                );
                let inline = inline.body(picture.jpeg.to_vec(), jpeg());
                parts.multipart(MultiPart::related().singlepart(html).singlepart(inline))
            }
        };
        Ok(mail.multipart(parts)?.formatted())
    }

    fn html(&self) -> Result<String, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_template(TEMPLATE, include_str!("mail.html"))?;
        let wording = self.wording;
        let is_one = wording.items.len() == 1 && wording.more == 0;
        let items = wording.items.iter().map(|item| {
            context! {
                place => item.place.clone(),
                what => item.what.clone(),
                full => is_one.then(|| item.full()),
                link => item.link.clone(),
            }
        });
        let links = wording.links.iter();
        environment.get_template(TEMPLATE)?.render(context! {
            subject => wording.subject.clone(),
            text => self.text.clone(),
            items => items.collect::<Vec<_>>(),
            more => wording.and_more(),
            note => wording.note,
            links => links.map(|(what, url)| context! { what => *what, url }).collect::<Vec<_>>(),
            picture => self.picture.map(|picture| context! { id => CONTENT_ID, shows => picture.shows.clone() }),
        })
    }
}

fn jpeg() -> ContentType {
    ContentType::parse("image/jpeg").expect("a media type")
}

/// Says that no answer by a machine is wanted (RFC 3834).
#[derive(Clone)]
struct Automatic;

impl Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Automatic)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
