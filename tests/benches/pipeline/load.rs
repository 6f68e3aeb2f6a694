//! Cameras that send at a rate, or as fast as it goes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_nats::{Client, HeaderMap, jetstream};
use bytes::Bytes;
use futures::StreamExt;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep_until, timeout},
};

use crate::{pictures::Pictures, rig::folder};

/// The cameras of all folders.
pub(crate) struct Cameras {
    client: Client,
    jetstream: jetstream::Context,
}

/// Frames on their way at the same time, over all folders, when sending as fast as it goes; of each folder one. Its next
/// one is sent when the comparison is there, which is before the comparator is done with the frame. So it may wait, and
/// another one would overtake it.
const ON_THE_WAY: usize = 64;

/// After how long a frame without a comparison counts as lost.
const LOST: Duration = Duration::from_secs(10);

impl Cameras {
    pub(crate) async fn connect(url: String) -> Self {
        let client = async_nats::connect(url).await.unwrap();
        Cameras {
            jetstream: jetstream::new(client.clone()),
            client,
        }
    }

    /// Sends frames that look like the reference as fast as they are compared, all folders in turn. The number of
    /// comparisons within `measured`, after `warm_up`, for a second.
    pub(crate) async fn sustained(
        &self,
        folders: usize,
        pictures: &Pictures,
        warm_up: Duration,
        measured: Duration,
        mut at_each_end: impl FnMut(),
    ) -> f64 {
        let (turns, mut whose_turn) = mpsc::unbounded_channel();
        for number in 0..folders {
            turns.send(number).unwrap();
        }
        let on_the_way = ON_THE_WAY.min(folders);
        let room = Arc::new(Semaphore::new(on_the_way));
        let compared = Arc::new(AtomicU64::new(0));
        let mut comparisons = self.client.subscribe("comparisons.*").await.unwrap();
        let counting = tokio::spawn({
            let (room, compared) = (Arc::clone(&room), Arc::clone(&compared));
            async move {
                while let Some(comparison) = comparisons.next().await {
                    let number = comparison.subject.rsplit_once('-').unwrap().1;
                    compared.fetch_add(1, Ordering::Relaxed);
                    room.add_permits(1);
                    if turns.send(number.parse().unwrap()).is_err() {
                        return;
                    }
                }
            }
        });

        let begin = Instant::now() + warm_up;
        let (mut at_begin, mut sent) = (None, 0);
        loop {
            let now = Instant::now();
            if now >= begin && at_begin.is_none() {
                at_each_end();
                at_begin = Some((now, compared.load(Ordering::Relaxed)));
            }
            if now >= begin + measured {
                break;
            }
            let permit = timeout(LOST, room.acquire()).await;
            permit.expect("a frame was not compared").unwrap().forget();
            let number = whose_turn.recv().await.unwrap();
            self.send(number, &pictures.same[sent % pictures.same.len()])
                .await;
            sent += 1;
        }
        at_each_end();
        let (begun, before) = at_begin.unwrap();
        let rate =
            (compared.load(Ordering::Relaxed) - before) as f64 / begun.elapsed().as_secs_f64();
        // What is measured next begins with nothing on its way.
        let all_compared = timeout(LOST, room.acquire_many(on_the_way as u32)).await;
        drop(all_compared.expect("a frame was not compared").unwrap());
        counting.abort();
        rate
    }

    /// Sends so many frames a second, all folders in turn, evenly in time. `changes` times a second the folder whose turn
    /// it is turns to the other view, or back, so that an alert fires or resolves. How many frames were sent.
    pub(crate) async fn steady(
        &self,
        folders: usize,
        pictures: &Pictures,
        rate: f64,
        changes: f64,
        how_long: Duration,
    ) -> usize {
        let mut is_other = vec![false; folders];
        let every = (rate / changes).ceil().max(2.0) as usize;
        let begun = Instant::now();
        let mut sent = 0;
        loop {
            let due = begun + Duration::from_secs_f64(sent as f64 / rate);
            if due > begun + how_long {
                return sent;
            }
            sleep_until(due).await;
            let number = sent % folders;
            if sent % every == 0 {
                is_other[number] = !is_other[number];
            }
            let frames = if is_other[number] {
                &pictures.other
            } else {
                &pictures.same
            };
            self.send(number, &frames[sent % frames.len()]).await;
            sent += 1;
        }
    }

    /// Sends frames of one folder as fast as the broker takes them, until it is aborted.
    pub(crate) async fn flood(&self, number: usize, pictures: &Pictures) {
        for picture in pictures.same.iter().cycle() {
            self.send(number, picture).await;
            self.client.flush().await.unwrap();
        }
    }

    /// The time of sending is the frame's own: that is how it is known again.
    async fn send(&self, number: usize, picture: &Bytes) {
        let mut headers = HeaderMap::new();
        let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap();
        headers.insert("Captured-At", now);
        let subject = format!("frames.{}", folder(number));
        let published = self
            .jetstream
            .publish_with_headers(subject, headers, picture.clone());
        // The broker acknowledges in any case; nobody waits for it here.
        drop(published.await.unwrap());
    }
}
