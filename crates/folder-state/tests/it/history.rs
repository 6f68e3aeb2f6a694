//! The last day in short: without gaps and doubles, whatever is killed or deleted.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_nats::jetstream::{self, stream::Config};
use event_bus::{Begin, Bus, BusConfig, Event, Folder, Role, Stored};
use folder_state::{FolderStates, Histories, HistoryPace, keep_history};
use proto::{
    EffectiveRule, timestamp,
    v1::{Comparison, Finding, Frame, HistoryPart, Kind, Reference, Verdict},
};
use test_support::{NatsServer, eventually, soon};
use time::OffsetDateTime;
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const PACE: HistoryPace = HistoryPace {
    stretch: time::Duration::milliseconds(700),
    quiet: time::Duration::seconds(1),
    most_lag: time::Duration::milliseconds(200),
};

pub(crate) async fn connect(nats: &NatsServer) -> Bus {
    Bus::connect(&BusConfig::for_url(nats.url()), "test", Role::Keeper)
        .await
        .unwrap()
}

fn folder(name: &str) -> Folder {
    name.parse().unwrap()
}

/// A comparison of a frame that was stored now; `number` tells it from others, as its similarity does.
fn compared(number: u32) -> Comparison {
    let is_match = number % 10 < 7;
    let found = (!is_match).then(|| Finding {
        kind: Kind::Moved.into(),
        ..Finding::default()
    });
    Comparison {
        frame: Some(Frame {
            stored_at: Some(timestamp(OffsetDateTime::now_utc())),
            ..Frame::default()
        }),
        reference: Some(Reference {
            id: "r".to_owned(),
            ..Reference::default()
        }),
        similarity: Some(if is_match { 0.95 } else { 0.5 } + f64::from(number) * 1e-6),
        threshold: 0.9,
        verdict: if is_match {
            Verdict::Match
        } else {
            Verdict::Mismatch
        }
        .into(),
        findings: found.into_iter().collect(),
        ..Comparison::default()
    }
}

/// Publishes until the broker has it.
async fn publish(bus: &Bus, folder: &Folder, comparison: &Comparison) {
    let publishing = async {
        while let Err(error) = bus.publish_comparison(folder, comparison).await {
            println!("again: {error}");
            sleep(Duration::from_millis(50)).await;
        }
    };
    soon("the broker has it", publishing).await;
}

/// One copy of what keeps the history, with a connection of its own.
struct Keeper {
    running: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Keeper {
    async fn start(nats: &NatsServer) -> Self {
        let bus = connect(nats).await;
        let shutdown = CancellationToken::new();
        let ended = shutdown.clone();
        let running = tokio::spawn(async move {
            let tracker = TaskTracker::new();
            keep_history(&bus, PACE, &tracker, &ended).await;
        });
        Keeper { running, shutdown }
    }

    /// Ends it in the midst of whatever it does.
    fn kill(self) {
        self.running.abort();
        self.shutdown.cancel();
    }
}

async fn all<E: Event<Key = Folder>>(bus: &Bus) -> Vec<Stored<E>> {
    let mut all = Vec::new();
    let begin = Begin::At(OffsetDateTime::now_utc() - time::Duration::HOUR);
    bus.past(None, begin, |stored| all.push(stored))
        .await
        .unwrap();
    all
}

/// The similarities of each folder, in billionths, as the parts have them.
async fn in_parts(bus: &Bus) -> BTreeMap<String, Vec<u32>> {
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for stored in all::<HistoryPart>(bus).await {
        let similarities = stored.event.runs.iter().flat_map(|run| &run.billionths);
        found
            .entry(stored.key.to_string())
            .or_default()
            .extend(similarities);
    }
    found
}

/// The same, as the stream of comparisons has them.
async fn in_comparisons(bus: &Bus) -> BTreeMap<String, Vec<u32>> {
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for stored in all::<Comparison>(bus).await {
        let similarity = (stored.event.similarity.unwrap() * 1e9).round() as u32;
        found
            .entry(stored.key.to_string())
            .or_default()
            .push(similarity);
    }
    found
}

/// Publishes of another folder until the parts have of these folders all that there is.
async fn until_all_is_in_parts(bus: &Bus, folders: &[Folder]) {
    let time_goes_on = folder("zz");
    let mut number = 0;
    eventually("all comparisons are in parts", async || {
        number += 1;
        publish(bus, &time_goes_on, &compared(number)).await;
        let (parts, comparisons) = (in_parts(bus).await, in_comparisons(bus).await);
        let is_there = |folder: &Folder| {
            let name = folder.as_str();
            comparisons.get(name).map(Vec::len) <= parts.get(name).map(Vec::len)
        };
        folders.iter().all(is_there).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_are_killed_and_a_broker_that_is_killed_leave_no_gap_and_no_double() {
    let mut nats = NatsServer::start();
    let bus = connect(&nats).await;
    let folders = ["a", "b", "c", "d", "e"].map(folder);
    let publishing = tokio::spawn({
        let (bus, folders) = (bus.clone(), folders.clone());
        async move {
            for number in 0..600 {
                for folder in &folders {
                    publish(&bus, folder, &compared(number)).await;
                }
                sleep(Duration::from_millis(10)).await;
            }
        }
    });
    let mut keepers = vec![Keeper::start(&nats).await, Keeper::start(&nats).await];
    for round in 0..6 {
        sleep(Duration::from_millis(700 + round * 90)).await;
        keepers.remove(0).kill();
        if round == 2 {
            nats.kill();
            nats.start_again();
        }
        keepers.push(Keeper::start(&nats).await);
    }
    publishing.await.unwrap();
    until_all_is_in_parts(&bus, &folders).await;

    let (parts, comparisons) = (in_parts(&bus).await, in_comparisons(&bus).await);
    for folder in &folders {
        let name = folder.as_str();
        assert!(comparisons[name].len() >= 600);
        assert_eq!(parts[name], comparisons[name], "{name}");
    }
    for keeper in keepers {
        keeper.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comparisons_have_forgotten_is_drawn_rehearsed_and_shown_as_before() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let dock = folder("dock");
    for number in 0..100 {
        publish(&bus, &dock, &compared(number)).await;
        sleep(Duration::from_millis(5)).await;
    }
    let told = async || {
        let (rule, dock) = (EffectiveRule::of(None, None), dock.clone());
        let histories = Histories::new(bus.clone());
        let asked = dock.clone();
        let told = histories.of(&asked, move |history| {
            let came = history.rehearse(&dock, &rule, "r");
            let seconds = |at: Option<pbjson_types::Timestamp>| at.map(|at| at.seconds);
            let episodes: Vec<_> = came
                .episodes
                .iter()
                .map(|it| (seconds(it.fired_at), seconds(it.resolved_at)))
                .collect();
            (came.comparisons, episodes)
        });
        told.await.unwrap()
    };
    let before = told().await;
    assert_eq!(before.0, 100);
    assert_eq!(before.1.len(), 10);

    let keeper = Keeper::start(&nats).await;
    until_all_is_in_parts(&bus, std::slice::from_ref(&dock)).await;
    assert_eq!(told().await, before, "both streams have it");
    let last = eventually("the last one is kept in full", async || {
        publish(&bus, &folder("zz"), &compared(0)).await;
        let last = bus.latest::<HistoryPart>(&dock).await.unwrap()?;
        last.event.last
    })
    .await;
    assert_eq!(last.similarity, compared(99).similarity);
    assert_eq!(last.findings.len(), 1);

    let broker = jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    let comparisons = broker.get_stream("COMPARISONS").await.unwrap();
    comparisons.purge().await.unwrap();
    assert_eq!(told().await, before, "only the history has it");

    publish(&bus, &dock, &compared(100)).await;
    assert_eq!(told().await.0, 101);
    comparisons.purge().await.unwrap();
    let states = Arc::new(FolderStates::default());
    let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
    states.follow(&bus, &tracker, &shutdown).await;
    let shown = states.read().comparison(&dock).cloned().unwrap();
    assert_eq!(shown.similarity, last.similarity);
    assert_eq!(shown.verdict(), Verdict::Mismatch);
    shutdown.cancel();
    keeper.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_deleted_or_emptied_is_made_again_from_the_comparisons() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let dock = folder("dock");
    for number in 0..50 {
        publish(&bus, &dock, &compared(number)).await;
    }
    let keeper = Keeper::start(&nats).await;
    until_all_is_in_parts(&bus, std::slice::from_ref(&dock)).await;
    let broker = jetstream::new(async_nats::connect(nats.url()).await.unwrap());

    broker.delete_stream("HISTORY").await.unwrap();
    eventually("it is made again", async || {
        publish(&bus, &dock, &compared(50)).await;
        broker.get_stream("HISTORY").await.ok()
    })
    .await;
    until_all_is_in_parts(&bus, std::slice::from_ref(&dock)).await;
    assert_eq!(
        in_parts(&bus).await["dock"],
        in_comparisons(&bus).await["dock"]
    );

    let history = broker.get_stream("HISTORY").await.unwrap();
    history.purge().await.unwrap();
    publish(&bus, &dock, &compared(51)).await;
    until_all_is_in_parts(&bus, std::slice::from_ref(&dock)).await;
    assert_eq!(
        in_parts(&bus).await["dock"],
        in_comparisons(&bus).await["dock"]
    );

    // One whose comparisons were deleted goes on with those that come.
    broker.delete_stream("COMPARISONS").await.unwrap();
    let made = connect(&nats).await;
    let before = in_parts(&made).await["dock"].len();
    publish(&made, &dock, &compared(52)).await;
    eventually("the next one is in parts", async || {
        publish(&made, &folder("zz"), &compared(0)).await;
        let now = in_parts(&made).await;
        (now["dock"].len() > before && now["dock"].ends_with(&[950_052_000])).then_some(())
    })
    .await;
    keeper.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_cannot_be_read_stops_nothing() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    let broker = jetstream::new(client);
    let published = broker.publish("history.dock", "no part".into()).await;
    published.unwrap().await.unwrap();
    let keeper = Keeper::start(&nats).await;
    let dock = folder("dock");
    for number in 0..20 {
        publish(&bus, &dock, &compared(number)).await;
    }
    until_all_is_in_parts(&bus, std::slice::from_ref(&dock)).await;
    assert_eq!(
        in_parts(&bus).await["dock"],
        in_comparisons(&bus).await["dock"]
    );

    let config = broker.get_stream("HISTORY").await.unwrap();
    let Config { max_age, .. } = config.cached_info().config;
    assert_eq!(max_age, Duration::from_secs(24 * 60 * 60));
    keeper.kill();
}
