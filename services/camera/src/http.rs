//! Pictures by HTTP: a snapshot that is asked for again and again, or a stream of pictures in one answer. Which it is, the
//! camera's answer tells.

mod body;
mod connection;
mod multipart;

use std::time::Duration;

use camera_pictures::parts::is_page;
use camera_settings::{Address, CameraSpec};
use tokio::time::{Instant, sleep_until};

use crate::{Outage, Picture};
use body::Body;
use connection::Connection;
use multipart::{Multipart, boundary};

/// How many answers in a row may hold no picture.
const MOST_BAD: u32 = 3;

/// A camera that speaks HTTP.
pub struct Http {
    connection: Connection,
    feed: Feed,
    every: Duration,
    due: Instant,
    /// Pictures in a row that were none.
    bad: u32,
}

enum Feed {
    /// The answer to the first request, until it is taken.
    First(Body),
    Snapshots,
    Stream(Multipart),
}

impl Http {
    pub(crate) async fn open(spec: &CameraSpec, from: &Address) -> Result<Self, Outage> {
        let mut connection = Connection::open(spec, from).await?;
        let body = connection.get().await?;
        let feed = match boundary(body.content_type()) {
            Some(boundary) => Feed::Stream(Multipart::new(boundary, body)),
            None => Feed::First(body),
        };
        Ok(Http {
            connection,
            feed,
            every: spec.every,
            due: Instant::now(),
            bad: 0,
        })
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self.feed {
            Feed::First(_) | Feed::Snapshots => "snapshots by HTTP",
            Feed::Stream(_) => "a stream of pictures by HTTP",
        }
    }

    pub(crate) async fn next(&mut self) -> Result<Picture, Outage> {
        loop {
            let (bytes, content_type) = match &mut self.feed {
                Feed::Stream(stream) => (stream.next_after(self.due).await?, None),
                Feed::First(_) | Feed::Snapshots => {
                    sleep_until(self.due).await;
                    let body = match std::mem::replace(&mut self.feed, Feed::Snapshots) {
                        Feed::First(body) => body,
                        _ => self.connection.get().await?,
                    };
                    let content_type = body.content_type().map(str::to_owned);
                    (body.whole().await?, content_type)
                }
            };
            self.due = (self.due + self.every).max(Instant::now());
            match Picture::encoded(bytes) {
                Ok(picture) => {
                    self.bad = 0;
                    return Ok(picture);
                }
                Err(error) => {
                    self.bad += 1;
                    if self.bad >= MOST_BAD || content_type.as_deref().is_some_and(is_page) {
                        return Err(no_picture(&error, content_type.as_deref()));
                    }
                }
            }
        }
    }
}

fn no_picture(error: &crate::NoPicture, content_type: Option<&str>) -> Outage {
    match content_type.filter(|content_type| is_page(content_type)) {
        Some(content_type) => Outage::silent(format!(
            "the camera answers with a page ({}) and not with a picture: check the path of its URL",
            content_type.chars().take(40).collect::<String>()
        )),
        None => Outage::silent(format!("what the camera sends is no picture: {error}")),
    }
}
