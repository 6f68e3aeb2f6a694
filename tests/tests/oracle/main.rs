//! The oracle: cameras send and people upload while everything that runs is killed, stopped, cut off and filled up, and what
//! it stores is deleted, taken and damaged, at random by a seed. Afterwards what the streams have held and Redis are compared
//! with what cameras and people had been told. Some cameras stop, freeze and send garbage meanwhile (`watched`), and those who
//! are told of alerts refuse, hang and cut (`receivers`).
//!
//! A disk is filled up only where a file system may be mounted, as by root on Linux.
//!
//! - `FRAMEWATCH_ORACLE_SECONDS`: for how long there are faults; 45 unless set.
//! - `FRAMEWATCH_TRIAL_MODEL`: the network's weights, with which comparators compare by `view`; by pHash unless set.
//! - `FRAMEWATCH_ORACLE_SEED`: decides which faults come when, and what cameras see; printed. 1 unless set.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::print_stderr,
    reason = "the output of a test is where its reader looks"
)]

mod broker;
mod cameras;
mod checks;
mod faults;
mod history;
mod in_redis;
mod losses;
mod people;
mod pictures;
mod receivers;
mod site;
mod told;
mod undecided;
mod watched;
mod witness;

use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{
    broker::Broker,
    checks::Verdicts,
    faults::{Chaos, RECOVERY},
    history::History,
    site::Site,
    told::{Calm, Told},
    witness::Witness,
};

/// What the broker may store in files, in bytes: room enough unless somebody fills it up.
const QUOTA: u64 = 150_000_000;
const QUOTA_A_SECOND: u64 = 1_000_000;

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).unwrap_or_else(|_| default.to_string());
    text.parse()
        .unwrap_or_else(|_| panic!("{name} is {text:?}; it must be a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_every_episode_fires_once_and_resolves_once() {
    let _alone = ONE_AT_A_TIME.lock().await;
    trial(Broker::alone(QUOTA + seconds() * QUOTA_A_SECOND).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_whose_leaders_die_fires_and_resolves_every_episode_once() {
    let _alone = ONE_AT_A_TIME.lock().await;
    trial(Broker::cluster()).await;
}

/// Each takes the whole machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

fn seconds() -> u64 {
    setting("FRAMEWATCH_ORACLE_SECONDS", 45)
}

async fn trial(broker: Broker) {
    let (seconds, seed) = (seconds(), setting("FRAMEWATCH_ORACLE_SEED", 1));
    eprintln!("oracle: seed {seed}, {seconds} s of faults");
    let mut random = fastrand::Rng::with_seed(seed);

    let receivers = receivers::start(&mut random).await;
    let mut site = Site::start(broker, receivers).await;
    let bus = site.broker.bus().await;
    let witness = Witness::start(&bus);
    let stop = CancellationToken::new();
    let people = people::start(&site, random.fork(), &stop).await;
    let cameras = cameras::start(&site, &mut random, &stop).await;
    let watched = watched::start(&site, &mut random, &stop).await;

    let mut chaos = Chaos::new(random.fork());
    chaos.rage(&mut site, Duration::from_secs(seconds)).await;
    stop.cancel();
    let ended = OffsetDateTime::now_utc();
    let uploads = people.await.unwrap();
    let troubles = watched.finish(&site).await;
    let calm = Calm {
        from: ended,
        to: OffsetDateTime::now_utc(),
    };
    let sent = cameras.finish(&mut site).await;
    let calm_again = OffsetDateTime::now_utc() + RECOVERY;

    let losses = chaos.losses();
    let history = History::settled(&witness, &site, &sent, losses).await;
    let told = Told::settled(&site.receivers, &bus, &witness, losses, calm, calm_again).await;
    let mut verdicts = Verdicts::of(&bus, &history, &witness, &sent, &uploads, losses).await;
    verdicts.add_of_cameras(troubles.check(&history.alerts, ended));
    verdicts.add_of_people(told.wrong());
    eprintln!("oracle: {}; {verdicts}; {told}", chaos.summary());
    verdicts.assert_good(&site, &history);
}
