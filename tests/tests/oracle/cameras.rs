//! Cameras that remember what they have sent, and which view it showed.

use std::time::Duration;

use async_nats::{HeaderMap, jetstream};
use event_bus::Bus;
use proto::v1::Comparison;
use tests::View;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    history::number_of,
    pictures::{period, picture},
    site::{FOLDERS, Site, folder},
};

/// How long comparators try to store what follows from the last frames.
const TRYING_IN_VAIN: Duration = Duration::from_millis(1500);

/// How long comparators may take, after a fault, to judge again.
const JUDGED_WITHIN: Duration = Duration::from_secs(60);

/// How long a camera waits for the broker to acknowledge a frame.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a view stays, in frames.
const EPISODE: std::ops::Range<usize> = 3..40;

const SEEDS: u32 = 4;

/// A frame that was sent, the camera's number for it being its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) view: View,
    /// Whether the broker acknowledged it; otherwise it may have it all the same.
    pub(crate) acknowledged: bool,
}

/// What a camera has sent, in order.
pub(crate) type Log = Vec<Sent>;

/// Every camera's log, by the folder's number.
pub(crate) struct Cameras(Vec<JoinHandle<Camera>>);

struct Camera {
    number: usize,
    jetstream: jetstream::Context,
    pictures: Pictures,
    log: Log,
}

/// The same pictures for all: drawing takes longer than sending.
#[derive(Clone)]
struct Pictures(std::sync::Arc<Vec<(View, Vec<u8>)>>);

/// The picture that a camera took, which is like no other: its number is in a comment.
pub(crate) fn frame(view: View, camera: usize, number: usize) -> Vec<u8> {
    let seed = u32::try_from(number).unwrap() % SEEDS;
    marked(&picture(view, seed), camera, number)
}

/// When a camera says that it took a picture: its clock stands at the epoch and counts frames.
fn captured_at(number: usize) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(number.try_into().unwrap())
}

fn marked(jpeg: &[u8], camera: usize, number: usize) -> Vec<u8> {
    let comment = format!("{camera}/{number}");
    let length = u16::try_from(comment.len() + 2).unwrap().to_be_bytes();
    let (start, rest) = jpeg.split_at(2);
    [start, &[0xff, 0xfe], &length, comment.as_bytes(), rest].concat()
}

impl Pictures {
    fn draw() -> Self {
        let all = [View::Dock, View::Wall].into_iter();
        let drawn = all.flat_map(|view| (0..SEEDS).map(move |seed| (view, picture(view, seed))));
        Pictures(drawn.collect::<Vec<_>>().into())
    }

    fn take(&self, view: View, camera: usize, number: usize) -> Vec<u8> {
        let mut of_view = self.0.iter().filter(|(drawn, _)| *drawn == view);
        let (_, jpeg) = of_view.nth(number % SEEDS as usize).unwrap();
        marked(jpeg, camera, number)
    }
}

/// The way on which cameras publish.
pub(crate) async fn connect(site: &Site) -> jetstream::Context {
    let client = async_nats::ConnectOptions::new()
        .reconnect_delay_callback(|_| Duration::from_millis(100))
        .connect(site.cameras.split(',').collect::<Vec<_>>())
        .await
        .unwrap();
    jetstream::new(client)
}

/// Publishes a frame; says whether the broker acknowledged it.
pub(crate) async fn publish(
    jetstream: &jetstream::Context,
    folder: &str,
    headers: HeaderMap,
    picture: Vec<u8>,
) -> bool {
    let publish = async {
        let subject = format!("frames.{folder}");
        let published = jetstream.publish_with_headers(subject, headers, picture.into());
        published.await.ok()?.await.ok()
    };
    timeout(PATIENCE, publish)
        .await
        .is_ok_and(|it| it.is_some())
}

pub(crate) async fn start(
    site: &Site,
    random: &mut fastrand::Rng,
    stop: &CancellationToken,
) -> Cameras {
    let jetstream = connect(site).await;
    let pictures = Pictures::draw();
    let tasks = (0..FOLDERS).map(|number| {
        let camera = Camera {
            number,
            jetstream: jetstream.clone(),
            pictures: pictures.clone(),
            log: Log::new(),
        };
        tokio::spawn(camera.run(random.fork(), stop.clone()))
    });
    Cameras(tasks.collect())
}

impl Cameras {
    /// To be called when there are no more faults: once comparators judge again, each camera shows its last view for two
    /// seconds, which is longer than any hold. Then it sends its very last frame, of which comparators can store nothing, and
    /// while they try, all of them are killed.
    pub(crate) async fn finish(self, site: &mut Site) -> Vec<Log> {
        let mut cameras = Vec::new();
        for task in self.0 {
            cameras.push(task.await.unwrap());
        }
        until_judged(&site.broker.bus().await, &mut cameras).await;
        for _ in 0..20 {
            send_last_view(&mut cameras).await;
            sleep(period()).await;
        }
        site.broker.fill_quota().await;
        send_last_view(&mut cameras).await;
        sleep(TRYING_IN_VAIN).await;
        for comparator in site.comparators() {
            comparator.kill();
            comparator.start_again();
        }
        site.broker.empty_quota().await;
        cameras.into_iter().map(|camera| camera.log).collect()
    }
}

async fn send_last_view(cameras: &mut [Camera]) {
    for camera in cameras {
        let view = camera.log.last().map_or(View::Dock, |last| last.view);
        camera.send_for_sure(view).await;
    }
}

/// Sends until a frame of each camera that was sent from now on is judged.
async fn until_judged(bus: &Bus, cameras: &mut [Camera]) {
    let deadline = Instant::now() + JUDGED_WITHIN;
    let sent: Vec<usize> = cameras.iter().map(|camera| camera.log.len()).collect();
    let is_judged = async |number: usize| {
        let folder = folder(number).parse().unwrap();
        let latest = bus.latest::<Comparison>(&folder).await.ok().flatten();
        latest.is_some_and(|latest| number_of(latest.event.frame.as_ref()) >= sent[number])
    };
    let mut left: Vec<usize> = (0..FOLDERS).collect();
    while !left.is_empty() {
        assert!(Instant::now() < deadline, "nobody judges cameras {left:?}");
        send_last_view(cameras).await;
        sleep(period()).await;
        let mut waiting = Vec::new();
        for number in left {
            if !is_judged(number).await {
                waiting.push(number);
            }
        }
        left = waiting;
    }
}

impl Camera {
    async fn run(mut self, mut random: fastrand::Rng, stop: CancellationToken) -> Self {
        let (mut view, mut left) = (View::Dock, random.usize(EPISODE));
        while stop.run_until_cancelled(sleep(period())).await.is_some() {
            self.send(view).await;
            left -= 1;
            if left == 0 {
                view = match view {
                    View::Dock => View::Wall,
                    _ => View::Dock,
                };
                left = random.usize(EPISODE);
            }
        }
        self
    }

    async fn send_for_sure(&mut self, view: View) {
        for _ in 0..30 {
            self.send(view).await;
            if self.log.last().is_some_and(|sent| sent.acknowledged) {
                return;
            }
        }
        panic!("the broker acknowledges nothing any more");
    }

    async fn send(&mut self, view: View) {
        let number = self.log.len();
        let mut headers = HeaderMap::new();
        headers.insert("Captured-At", captured_at(number).format(&Rfc3339).unwrap());
        let picture = self.pictures.take(view, self.number, number);
        let folder = folder(self.number);
        let acknowledged = publish(&self.jetstream, &folder, headers, picture).await;
        self.log.push(Sent { view, acknowledged });
    }
}
