//! One lane, by a clock that the test drives: a receiver that is out of order for long, or asks for patience.

use event_bus::{AlertKey, Notice, ReceiverName};
use proto::v1::Phase;
use time::OffsetDateTime;

use super::*;
use crate::outbox::{Part, Standing};

/// A lane, and what is stored of its receiver's notices.
struct Bench {
    lane: Lane,
    cases: Vec<Case>,
    revision: u64,
    running: Duration,
}

/// A message that was sent, and when.
#[derive(Debug)]
struct Sent {
    at: u64,
    key: String,
    telling: Telling,
    alerts: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        let running = Duration::ZERO;
        let now = now(running);
        Bench {
            lane: Lane::new(None, &[], Duration::ZERO, now),
            cases: Vec::new(),
            revision: 0,
            running,
        }
    }

    /// An alert fires that is told at once, by itself.
    fn fire(&mut self, id: &str) {
        let receiver: ReceiverName = "ops".parse().unwrap();
        let notice = Notice {
            alert: id.to_owned(),
            folder: "dock".to_owned(),
            subject: "view".to_owned(),
            ..Notice::default()
        };
        self.cases.push(Case {
            key: NoticeKey {
                episode: AlertKey::of_episode(id),
                receiver,
            },
            notice,
            revision: 0,
            standing: Some(Standing {
                phase: Phase::Firing,
                since: now(self.running).wall,
                is_acknowledged: false,
                held: None,
                part: Part::First,
                group: id.to_owned(),
                group_wait: Duration::ZERO,
                group_interval: Duration::ZERO,
                remind: None,
                forgets: false,
                tells_end: true,
            }),
        });
    }

    fn resolve(&mut self, id: &str) {
        let case = self.cases.iter_mut().find(|it| it.notice.alert == id);
        let standing = case.unwrap().standing.as_mut().unwrap();
        standing.phase = Phase::Resolved;
    }

    /// Does what the lane says until this second; the receiver answers so at each second.
    fn until(&mut self, end: u64, answer: impl Fn(u64) -> Answer) -> Vec<Sent> {
        let (mut sent, end) = (Vec::new(), Duration::from_secs(end));
        while self.running < end {
            let now = now(self.running);
            match self.lane.next(&self.cases, now) {
                Effect::Store(members) => self.store(&members),
                Effect::Announce(_) => self.lane.announced(now),
                Effect::Send(dispatch) => {
                    let at = self.running.as_secs();
                    let members = dispatch.members.iter();
                    sent.push(Sent {
                        at,
                        key: dispatch.key.clone(),
                        telling: dispatch.telling,
                        alerts: members.map(|it| it.notice.alert.clone()).collect(),
                    });
                    self.lane.answered(&answer(at), now);
                }
                Effect::Wait(until) => {
                    let until = until.unwrap_or(end);
                    self.running = until
                        .max(self.running + Duration::from_millis(100))
                        .min(end);
                }
            }
        }
        sent
    }

    fn store(&mut self, members: &[Member]) {
        let mut results = Vec::new();
        for member in members {
            self.revision += 1;
            let case = self.cases.iter_mut().find(|it| it.key == member.key);
            let case = case.unwrap();
            assert_eq!(case.revision, member.revision, "it follows what is stored");
            case.notice = member.notice.clone();
            case.revision = self.revision;
            results.push(Stored::At(self.revision));
        }
        self.lane.stored(&results);
    }
}

fn now(running: Duration) -> Now {
    Now {
        wall: OffsetDateTime::UNIX_EPOCH + running,
        running,
    }
}

fn again(after: Option<Duration>) -> Answer {
    Answer::TryAgain {
        after,
        why: "it answers 500".to_owned(),
    }
}

fn taken() -> Answer {
    Answer::Taken { thread: None }
}

fn out_of_order_for_an_hour(at: u64) -> Answer {
    match at < 3600 {
        true => again(None),
        false => taken(),
    }
}

#[test]
fn a_receiver_that_is_out_of_order_for_an_hour_hears_it_with_the_same_key_and_then_its_end() {
    let mut bench = Bench::new();
    bench.fire("a");
    let sent = bench.until(3600, out_of_order_for_an_hour);
    let at: Vec<u64> = sent.iter().map(|it| it.at).collect();
    assert_eq!(at, [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047]);
    // It is over before the receiver has heard of it: that was begun, and goes first.
    bench.resolve("a");
    let later = bench.until(10_000, out_of_order_for_an_hour);
    let said: Vec<_> = later.iter().map(|it| (it.at, it.telling)).collect();
    assert_eq!(said, [(4095, Telling::Firing), (4095, Telling::Resolved)]);
    assert!(sent.iter().all(|it| it.key == later[0].key));
    assert_ne!(later[0].key, later[1].key);
    let notice = &bench.cases[0].notice;
    assert!(notice.told_at.is_some() && notice.end_told_at.is_some() && notice.sending.is_none());
}

#[test]
fn a_receiver_that_is_out_of_order_is_asked_once_a_minute_at_most_whatever_fires() {
    let mut bench = Bench::new();
    let mut sent = Vec::new();
    for minute in 0..60 {
        bench.fire(&format!("a{minute}"));
        sent.extend(bench.until(60 * (minute + 1), out_of_order_for_an_hour));
    }
    let late = sent.iter().filter(|it| it.at >= 200);
    let gaps: Vec<u64> = late
        .clone()
        .zip(late.skip(1))
        .map(|(one, next)| next.at - one.at)
        .collect();
    assert!(gaps.iter().all(|gap| *gap >= 60), "{gaps:?}");
    // All of them are heard within the next hour, each once.
    let heard = bench.until(3 * 3600, out_of_order_for_an_hour);
    let mut alerts: Vec<String> = heard.into_iter().flat_map(|it| it.alerts).collect();
    assert_eq!(alerts.len(), 60);
    alerts.sort();
    alerts.dedup();
    assert_eq!(alerts.len(), 60);
}

#[test]
fn a_receiver_that_asks_for_patience_is_sent_nothing_before() {
    let mut bench = Bench::new();
    let asks = |at: u64| match at {
        0 => again(Some(Duration::from_secs(120))),
        _ => taken(),
    };
    bench.fire("a");
    assert_eq!(bench.until(10, asks).len(), 1);
    bench.fire("b");
    let sent = bench.until(1000, asks);
    let said: Vec<_> = sent.iter().map(|it| (it.at, it.alerts.concat())).collect();
    assert_eq!(said, [(120, "a".to_owned()), (120, "b".to_owned())]);
    // No receiver is left alone for longer than an hour, whatever it asks for.
    let asks = |at: u64| match at < 1100 {
        true => again(Some(Duration::from_secs(86_400))),
        false => taken(),
    };
    bench.fire("c");
    let sent = bench.until(5000, asks);
    let at: Vec<u64> = sent.iter().map(|it| it.at).collect();
    assert_eq!(at, [1000, 4600]);
}

#[test]
fn what_is_refused_is_dead_at_once_and_keeps_nothing_else_back() {
    let mut bench = Bench::new();
    bench.fire("a");
    let refuses = |at: u64| match at < 10 {
        true => Answer::Refused {
            why: "it answers 404".to_owned(),
        },
        false => taken(),
    };
    let sent = bench.until(10, refuses);
    assert_eq!(sent.len(), 1);
    let failed = bench.cases[0].notice.failed.as_ref().unwrap();
    assert_eq!(
        (failed.telling, &failed.key),
        (Telling::Firing, &sent[0].key)
    );
    assert_eq!(failed.why, "it answers 404");
    // Whoever did not hear of it does not hear of its end.
    bench.resolve("a");
    bench.fire("b");
    let sent = bench.until(7 * 86_400, refuses);
    let said: Vec<_> = sent.iter().map(|it| (it.at, it.alerts.concat())).collect();
    assert_eq!(said, [(10, "b".to_owned())]);
}

#[test]
fn what_a_receiver_never_takes_is_tried_for_three_days_and_then_dead() {
    let mut bench = Bench::new();
    bench.fire("a");
    let sent = bench.until(7 * 86_400, |_| again(None));
    assert_eq!(sent.len(), 84);
    assert!(sent.iter().all(|it| it.key == sent[0].key));
    let waits = sent.windows(2).map(|two| two[1].at - two[0].at);
    assert!(waits.max().unwrap() <= 3600);
    assert_eq!(sent.last().unwrap().at / 86_400, 3);
    let notice = &bench.cases[0].notice;
    let failed = notice.failed.as_ref().unwrap();
    assert_eq!(failed.why, "given up after 84 tries: it answers 500");
    assert_eq!((notice.told_at, &notice.sending), (None, &None));
}
