//! What a day of many folders takes, and that its charts are whole. `FOLDERS=10000 COMPARISONS=1500000` measures what there may
//! be, in minutes and with 2 GB of disk; by itself it takes few.

use std::{fs, time::Instant};

use async_nats::jetstream::{self, Context};
use event_bus::{Expected, Folder};
use folder_state::{Curve, Histories};
use futures::{StreamExt as _, stream};
use prost::Message as _;
use proto::{
    EffectiveRule, Measure, timestamp,
    v1::{Comparison, Frame, HistoryPart, Kind, Reference, Verdict},
};
use test_support::{NatsServer, eventually};
use time::OffsetDateTime;

use crate::history::connect;

const PARTS: i64 = 96;
/// Frames of a folder in a part: one each 20 seconds.
const FRAMES: i64 = 45;

/// How many are written at once.
const AT_ONCE: usize = 256;

/// How many there are to be: what the environment's variable says, or else the usual number.
fn count(variable: &str, usual: i64) -> i64 {
    std::env::var(variable).map_or(usual, |it| it.parse().unwrap())
}

fn folders() -> i64 {
    count("FOLDERS", 100)
}

/// A quarter of an hour of a folder that begins then.
fn part(number: i64, since: OffsetDateTime) -> HistoryPart {
    let mut part = HistoryPart {
        folder: folder(number).to_string(),
        all_before: Some(timestamp(since)),
        ..HistoryPart::default()
    };
    for frame in 0..FRAMES {
        let at = since + time::Duration::seconds(frame * 20);
        part.push(&compared(number, at), Kind::Unspecified);
        part.through = Some(timestamp(at));
    }
    part
}

fn folder(number: i64) -> Folder {
    format!("camera-{number:05}").parse().unwrap()
}

/// As large as one by `view`.
fn compared(number: i64, at: OffsetDateTime) -> Comparison {
    let similarity = 0.95 + f64::from(u32::try_from((number * 7919) % 4000).unwrap()) / 1e5;
    Comparison {
        folder: folder(number).to_string(),
        frame: Some(Frame {
            stored_at: Some(timestamp(at)),
            captured_at: Some(timestamp(at)),
            camera: folder(number).to_string(),
        }),
        reference: Some(Reference {
            id: format!("0199a0b1-c2d3-7e4f-8a5b-{number:012}"),
            name: "reference.jpg".to_owned(),
            since: Some(timestamp(OffsetDateTime::UNIX_EPOCH)),
        }),
        similarity: Some(similarity),
        verdict: Verdict::Match.into(),
        threshold: 0.9,
        compared_at: Some(timestamp(at)),
        measure: "view".to_owned(),
        baseline_digest: vec![1; 32].into(),
        rule_digest: vec![2; 32].into(),
        detector_version: "view-1 phash-3".to_owned(),
        patches: vec![9; 300].into(),
        look_digest: vec![3; 128].into(),
        payload_digest: vec![4; 4].into(),
        ..Comparison::default()
    }
}

/// Memory of a process, in MB.
fn resident_mb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() / 1024
}

async fn say(what: &str, broker: &Context, nats: &NatsServer) {
    for name in ["HISTORY", "COMPARISONS"] {
        let stream = broker.get_stream(name).await.unwrap();
        let state = &stream.cached_info().state;
        println!(
            "{what}: {name} has {} messages, {} MB; nats-server {} MB of memory",
            state.messages,
            state.bytes / 1_000_000,
            resident_mb(nats.id())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_many_folders_is_charted_and_tried_by_another_rule() {
    let mut nats = NatsServer::start();
    let bus = connect(&nats).await;
    let broker = jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    say("empty", &broker, &nats).await;

    let now = OffsetDateTime::now_utc();
    let begun = Instant::now();
    let writing = stream::iter(0..folders()).map(|number| {
        let bus = bus.clone();
        tokio::spawn(async move {
            let key = folder(number);
            let mut expected = Expected(0);
            for ago in (1..=PARTS).rev() {
                let since = now - time::Duration::seconds(ago * FRAMES * 20);
                let part = part(number, since);
                let written = bus.publish_history(&key, &part, expected).await;
                expected = Expected(written.unwrap());
            }
        })
    });
    let mut writing = writing.buffer_unordered(AT_ONCE);
    while let Some(written) = writing.next().await {
        written.unwrap();
    }
    drop(writing);
    println!(
        "{} parts written in {:?}",
        PARTS * folders(),
        begun.elapsed()
    );
    say("a day in parts", &broker, &nats).await;

    let begun = Instant::now();
    let most = count("COMPARISONS", 1000);
    let writing = stream::iter(0..most).map(async |number| {
        let number = number % folders();
        let payload = compared(number, now).encode_to_vec();
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Event-Type", "framewatch.v1.Comparison");
        headers.insert("Folder", folder(number).as_str());
        headers.insert("Verdict", "match");
        headers.insert("Similarity", "0.95");
        let subject = format!("comparisons.{}", folder(number));
        let sent = broker.publish_with_headers(subject, headers, payload.into());
        sent.await.unwrap().await.unwrap();
    });
    writing.buffer_unordered(AT_ONCE).collect::<()>().await;
    println!("{most} comparisons published in {:?}", begun.elapsed());
    say("and the comparisons", &broker, &nats).await;

    ask(&bus, now).await;
    nats.stop();
    let begun = Instant::now();
    nats.start_again();
    println!("nats-server is back after {:?}", begun.elapsed());
    eventually("it answers both", async || {
        broker.get_stream("HISTORY").await.ok()?;
        bus.is_connected().then_some(())
    })
    .await;
    say("after a restart", &broker, &nats).await;
    ask(&bus, now).await;
}

/// Times the chart of a day and the what-if of one folder, for the first question about it and for the next one.
async fn ask(bus: &event_bus::Bus, now: OffsetDateTime) {
    eventually("the server answers", async || {
        bus.is_connected().then_some(())
    })
    .await;
    let histories = Histories::new(bus.clone());
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for number in (0..folders()).step_by(50) {
        let asked = folder(number);
        let begun = Instant::now();
        let curve = Curve {
            since: now - time::Duration::DAY,
            until: now,
            points: 300,
        };
        let points = histories.of(&asked, move |history| history.draw(&curve));
        assert!(points.await.unwrap().len() > 290);
        first.push(begun.elapsed());
        let begun = Instant::now();
        let rule = EffectiveRule {
            measure: Measure::View,
            ..EffectiveRule::of(None, None)
        };
        let key = asked.clone();
        let reference = format!("0199a0b1-c2d3-7e4f-8a5b-{number:012}");
        let rehearsed = histories.of(&asked, move |history| {
            history.rehearse(&key, &rule, &reference).comparisons
        });
        assert!(rehearsed.await.unwrap() > 4000);
        again.push(begun.elapsed());
    }
    first.sort();
    again.sort();
    println!(
        "a day's chart of a folder: {:?} in the middle, {:?} at most; what-if after it {:?}, {:?}",
        first[first.len() / 2],
        first[first.len() - 1],
        again[again.len() / 2],
        again[again.len() - 1]
    );
}
