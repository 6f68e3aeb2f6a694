//! Who is told of alerts: receivers that answer late, refuse, ask for patience, hang and cut as long as everything goes wrong.

use std::{
    collections::HashMap,
    fmt::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use test_support::{Answer, Came, Hook};
use tokio::time::{sleep, timeout};

/// How a receiver is told.
#[derive(Debug, Clone, Copy)]
struct Plan {
    name: &'static str,
    /// What the alerts of one message have in common.
    group_by: Option<&'static str>,
    group_wait: Duration,
    /// The most messages in a minute.
    a_minute: Option<usize>,
}

/// One hears of each folder by itself, and no more than its rate; the other of all that fires at a time.
const PLANS: [Plan; 2] = [
    Plan {
        name: "each",
        group_by: Some("folder"),
        group_wait: Duration::ZERO,
        a_minute: Some(90),
    },
    Plan {
        name: "together",
        group_by: None,
        group_wait: Duration::from_secs(1),
        a_minute: None,
    },
];

/// A receiver that has not answered by then is tried again.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The most messages that fail in a row, and the most often that one message fails. A receiver that fails for long is
/// left alone for long.
const MOST_FAILURES: u32 = 2;

/// How long a message may have to be waited for.
const COMES_WITHIN: Duration = Duration::from_secs(3);

/// For so long a message is heard and not answered, while its sender is killed.
const KILLED_WITHIN: Duration = Duration::from_secs(1);

/// A receiver, and all that it was sent.
pub(crate) struct Receiver {
    plan: Plan,
    hook: Hook,
    is_well: Arc<AtomicBool>,
}

/// What a receiver answers as long as it is not well.
struct Mood {
    random: fastrand::Rng,
    /// How many messages have failed since one did not.
    in_a_row: u32,
    /// How often each has failed, by its key.
    failures: HashMap<String, u32>,
}

/// All receivers, each of which decides by the seed what it answers.
pub(crate) async fn start(random: &mut fastrand::Rng) -> Vec<Receiver> {
    let mut receivers = Vec::new();
    for plan in PLANS {
        let receiver = Receiver {
            plan,
            hook: Hook::start().await,
            is_well: Arc::default(),
        };
        let is_well = Arc::clone(&receiver.is_well);
        let mut mood = Mood {
            random: random.fork(),
            in_a_row: 0,
            failures: HashMap::new(),
        };
        let answer = move |key: &str| match is_well.load(Ordering::Relaxed) {
            true => Answer::Status(200),
            false => mood.answer(key),
        };
        receiver.hook.answer_by(answer);
        receivers.push(receiver);
    }
    receivers
}

/// The file of routes, where receivers are found at these addresses.
pub(crate) fn routes(receivers: &[Receiver], ways: &[SocketAddr]) -> String {
    let mut text = String::new();
    for (Receiver { plan, .. }, way) in receivers.iter().zip(ways) {
        let (name, wait) = (plan.name, plan.group_wait.as_secs());
        let timeout = ANSWERS_WITHIN.as_secs();
        let rate = plan
            .a_minute
            .map(|count| format!("rate = \"{count}/min\"\n"));
        let group_by = plan.group_by.map(|by| format!("group-by = \"{by}\"\n"));
        write!(
            text,
            "[receiver.{name}]\ntype = \"webhook\"\nurl = \"http://{way}/\"\ntimeout = \"{timeout}s\"\n{}\
             [[route]]\nto = \"{name}\"\ngroup-wait = \"{wait}s\"\n{}",
            rate.unwrap_or_default(),
            group_by.unwrap_or_default()
        )
        .unwrap();
    }
    text
}

/// Waits until a receiver has a message, which it will answer in a while only.
pub(crate) async fn one_has_a_message(receivers: &[Receiver], random: &mut fastrand::Rng) {
    let hook = &receivers[random.usize(0..receivers.len())].hook;
    let before = hook.came().len();
    hook.answer(&[Answer::Late(KILLED_WITHIN)]);
    let coming = async {
        while hook.came().len() == before {
            sleep(Duration::from_millis(5)).await;
        }
    };
    // Where the rate or the broker holds all messages back, none comes.
    drop(timeout(COMES_WITHIN, coming).await);
}

impl Receiver {
    pub(crate) fn name(&self) -> &'static str {
        self.plan.name
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.hook.address()
    }

    /// How long it waits for others that are told together.
    pub(crate) fn group_wait(&self) -> Duration {
        self.plan.group_wait
    }

    /// The most messages that it is to be sent in a minute.
    pub(crate) fn rate(&self) -> Option<usize> {
        self.plan.a_minute
    }

    /// From now on it takes every message.
    pub(crate) fn be_well(&self) {
        self.is_well.store(true, Ordering::Relaxed);
    }

    /// All that it was sent, whatever it answered.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.hook.came()
    }
}

impl Mood {
    fn answer(&mut self, key: &str) -> Answer {
        let failures = self.failures.entry(key.to_owned()).or_default();
        let answer = match self.random.u8(0..40) {
            _ if self.in_a_row.max(*failures) == MOST_FAILURES => Answer::Status(200),
            0 | 1 => Answer::Status(500),
            2 => Answer::Patience(self.random.u64(1..3)),
            3 => Answer::Silence,
            4..7 => Answer::Cut,
            7..15 => Answer::Late(Duration::from_millis(self.random.u64(0..500))),
            _ => Answer::Status(200),
        };
        if matches!(answer, Answer::Status(200) | Answer::Late(_)) {
            self.in_a_row = 0;
        } else {
            self.in_a_row += 1;
            *failures += 1;
        }
        answer
    }
}
