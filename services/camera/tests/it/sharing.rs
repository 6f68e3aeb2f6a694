//! Two copies of the service and the same cameras.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use futures::StreamExt as _;
use proto::v1::SourceState;
use test_support::{Signal, eventually, eventually_within, signal, terminate, wait};
use tokio::time::sleep;

use crate::{single::SingleCamera, site::Site};

const NAMES: [&str; 4] = ["c0", "c1", "c2", "c3"];

/// A copy of the service, as a process of its own.
struct Copy(Child);

impl Copy {
    fn start(site: &Site) -> Self {
        let ops = format!("127.0.0.1:{}", local_servers::free_port().unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_framewatch-camera"))
            .args(["--nats-url", &site.nats.url(), "--ops-listen", &ops])
            .arg("--cameras")
            .arg(site.cameras())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Copy(child)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Who has which camera.
async fn holders(site: &Site) -> BTreeMap<&'static str, String> {
    let mut holders = BTreeMap::new();
    for name in NAMES {
        let turn = site.bus.camera_turns().get(&name.parse().unwrap()).await;
        if let Some(turn) = turn.unwrap() {
            holders.insert(name, turn.holder);
        }
    }
    holders
}

fn of<'a>(holders: &BTreeMap<&'a str, String>, copy: &str) -> BTreeSet<&'a str> {
    let of_copy = holders.iter().filter(|(_, holder)| *holder == copy);
    of_copy.map(|(name, _)| *name).collect()
}

/// Waits until each of two copies has two cameras, and gives who has which.
async fn shared_evenly(site: &Site) -> BTreeMap<&'static str, String> {
    let within = Duration::from_secs(40);
    eventually_within(within, "each copy has two cameras", async || {
        let holders = holders(site).await;
        let copies: BTreeSet<&String> = holders.values().collect();
        match copies.len() == 2 && copies.iter().all(|copy| of(&holders, copy).len() == 2) {
            true => Ok(holders),
            false => Err(holders),
        }
    })
    .await
}

/// All pictures that are published, by the number that the camera gave each.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<BTreeMap<String, Vec<u64>>>>);

impl Published {
    async fn follow(site: &Site) -> Self {
        let published = Published::default();
        let client = async_nats::connect(site.nats.url()).await.unwrap();
        let mut frames = client.subscribe("frames.*").await.unwrap();
        client.flush().await.unwrap();
        let to = published.clone();
        tokio::spawn(async move {
            while let Some(frame) = frames.next().await {
                let number = SingleCamera::number(&frame.payload);
                let folder = frame.subject.trim_start_matches("frames.").to_owned();
                to.0.lock().entry(folder).or_default().push(number);
            }
        });
        published
    }

    fn count(&self, folder: &str) -> usize {
        self.0.lock().get(folder).map_or(0, Vec::len)
    }

    /// Each once, and in the order in which the camera made them.
    fn assert_once_and_in_order(&self) {
        for (folder, numbers) in &*self.0.lock() {
            assert!(
                numbers.is_sorted_by(|one, next| one < next),
                "{folder}: {numbers:?}"
            );
        }
    }
}

async fn site_with(cameras: &[SingleCamera]) -> Site {
    let mut file = String::new();
    for (name, camera) in NAMES.iter().zip(cameras) {
        let url = camera.url();
        writeln!(
            file,
            "[camera.{name}]\nsource = \"{url}\"\nevery = \"200ms\"\nwatch-frozen = false"
        )
        .unwrap();
    }
    Site::new(&file).await
}

fn assert_connected_once(cameras: &[SingleCamera]) {
    for (name, camera) in NAMES.iter().zip(cameras) {
        assert_eq!(camera.refused(), 0, "{name} was connected to twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_share_the_cameras_and_one_takes_over_what_the_other_had() {
    let cameras = NAMES.map(|_| SingleCamera::start());
    let site = site_with(&cameras).await;
    let published = Published::follow(&site).await;
    let mut first = Copy::start(&site);
    for name in NAMES {
        site.stands(name, SourceState::Online, Duration::from_secs(20))
            .await;
    }
    let alone = holders(&site).await;
    let copy = alone["c0"].clone();
    assert_eq!(of(&alone, &copy).len(), 4);

    // The second one asks for one after another.
    let mut second = Copy::start(&site);
    let shared = shared_evenly(&site).await;
    let of_first = of(&shared, &copy);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(holders(&site).await, shared, "they stay where they are");
    assert_connected_once(&cameras);
    published.assert_once_and_in_order();

    let mut since = BTreeMap::new();
    for name in &of_first {
        since.insert(*name, site.source(name).await.unwrap().since);
    }
    let counts: BTreeMap<&str, usize> = NAMES.map(|name| (name, published.count(name))).into();
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    let goes_on = |name: &str| published.count(name) > counts[name] + 3;
    let within = Duration::from_secs(30);
    eventually_within(
        within,
        "the other one goes on with them",
        async || match of_first.iter().all(|name| goes_on(name)) {
            true => Ok(()),
            false => Err(&published.0),
        },
    )
    .await;
    assert_connected_once(&cameras);
    published.assert_once_and_in_order();
    for (name, since) in since {
        let source = site.source(name).await.unwrap();
        assert_eq!(source.state(), SourceState::Online);
        assert_eq!(source.since, since, "{name} was online all the time");
    }

    // One that ends in order leaves nobody waiting.
    terminate(&second.0);
    assert!(wait(&mut second.0).success());
    assert!(holders(&site).await.values().all(String::is_empty));
    let _third = Copy::start(&site);
    eventually("the next one has all", async || {
        let holders = holders(&site).await;
        let one = holders.values().next()?;
        (!one.is_empty() && of(&holders, one).len() == 4).then_some(())
    })
    .await;
    assert_connected_once(&cameras);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_stopped_and_goes_on_fights_for_nothing() {
    let cameras = NAMES.map(|_| SingleCamera::start());
    let site = site_with(&cameras).await;
    let published = Published::follow(&site).await;
    let (first, _second) = (Copy::start(&site), Copy::start(&site));
    let shared = shared_evenly(&site).await;
    assert_connected_once(&cameras);

    // Whose it is that is stopped shows by what goes on.
    signal(&first.0, Signal::STOP);
    let one = shared["c0"].clone();
    let within = Duration::from_secs(30);
    let all = eventually_within(within, "the other one has all cameras", async || {
        let holders = holders(&site).await;
        let holder = &holders["c0"];
        match of(&holders, holder).len() {
            4 => Ok(holder.clone()),
            _ => Err(holders),
        }
    })
    .await;
    let moved: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| shared[name] != all)
        .collect();
    assert_eq!(moved.len(), 2, "{one} {all} {shared:?}");
    sleep(Duration::from_secs(3)).await;

    // The camera has only now lost the connection of the one that stood still.
    signal(&first.0, Signal::CONT);
    sleep(Duration::from_secs(2)).await;
    let refused: usize = cameras.iter().map(SingleCamera::refused).sum();
    let again = shared_evenly(&site).await;
    for name in NAMES {
        let before = published.count(name);
        eventually("its pictures come", async || {
            (published.count(name) > before + 3).then_some(())
        })
        .await;
    }
    sleep(Duration::from_secs(5)).await;
    assert_eq!(holders(&site).await, again);
    let refused_since = cameras.iter().map(SingleCamera::refused).sum::<usize>() - refused;
    assert_eq!(refused_since, 0, "a camera was connected to twice");
    published.assert_once_and_in_order();
}
