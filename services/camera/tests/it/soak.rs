//! Cameras whose servers are killed and stopped at random: each picture is published once and in order, each outage is said once
//! and ended, and memory stays where it is. Passes, with a message, unless `FRAMEWATCH_CAMERA_SOAK_SECONDS` says for how long: with
//! 24 cameras from five minutes on. `FRAMEWATCH_CAMERA_SOAK_SEED` repeats the faults.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use event_bus::Latest;
use proto::v1::{Source, SourceState};
use test_support::{terminate, wait};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    numbered::{NumberedServer, is_after, make_video, number},
    site::Site,
};

/// Longer than what is silent for so long that it is said.
const SHORTEST_OUTAGE: u64 = 25;
const LONGEST_OUTAGE: u64 = 50;

/// A camera that comes or goes four times in ten minutes is flapping, which is no outage of its own.
const APART: Duration = Duration::from_secs(630);

/// How long cameras may take to come back after their server is back: the longest pause between two attempts, and
/// connecting.
const BACK_WITHIN: Duration = Duration::from_secs(100);

#[derive(Default)]
struct Heard {
    /// The last number, and how many there were.
    pictures: BTreeMap<String, (u32, usize)>,
    /// The states that were published of each camera, in order.
    states: BTreeMap<String, Vec<SourceState>>,
    wrong: Vec<String>,
}

impl Heard {
    fn picture(&mut self, folder: &str, number: u32) {
        let (last, count) = self
            .pictures
            .get(folder)
            .copied()
            .unwrap_or((number.wrapping_sub(1), 0));
        if count > 0 && !is_after(number, last) {
            self.wrong.push(format!("{folder}: {number} after {last}"));
        }
        self.pictures.insert(folder.to_owned(), (number, count + 1));
    }

    fn state(&mut self, folder: &str, state: SourceState) {
        let states = self.states.entry(folder.to_owned()).or_default();
        if states.last() != Some(&state) {
            states.push(state);
        }
    }
}

/// Faults by a seed (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn variable(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
        Err(_) => usual,
    }
}

fn resident_kilobytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse().unwrap()
}

#[expect(
    clippy::print_stderr,
    reason = "whoever runs it wants to see what it was"
)]
fn say(text: &str) {
    eprintln!("{text}");
}

async fn listen(site: &Site, heard: &Arc<Mutex<Heard>>) {
    let client = async_nats::connect(site.nats.url()).await.unwrap();
    let mut frames = client.subscribe("frames.*").await.unwrap();
    client.flush().await.unwrap();
    let to = Arc::clone(heard);
    tokio::spawn(async move {
        while let Some(frame) = futures::StreamExt::next(&mut frames).await {
            let folder = frame.subject.trim_start_matches("frames.");
            let number = number(&frame.payload);
            to.lock().picture(folder, number);
        }
    });
    let (bus, to) = (site.bus.clone(), Arc::clone(heard));
    tokio::spawn(async move {
        bus.follow::<Source>(&CancellationToken::new(), |latest| {
            if let Latest::Event(stored) = latest {
                let folder = stored.key.to_string();
                to.lock().state(&folder, stored.event.state());
            }
        })
        .await;
    });
}

/// A server's next fault.
struct Fault {
    begins: Duration,
    ends: Duration,
    kills: bool,
}

impl Fault {
    /// One in each period of a server, wherever it fits.
    fn all(seconds: u64, chance: &mut Chance) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut from = 15;
        loop {
            let lasts = SHORTEST_OUTAGE + chance.below(LONGEST_OUTAGE - SHORTEST_OUTAGE);
            let room = BACK_WITHIN.as_secs() + lasts;
            if from + room > seconds {
                return faults;
            }
            let latest = (seconds - room).min(from + APART.as_secs() / 2);
            let begins = from + chance.below((latest - from).max(1));
            faults.push(Fault {
                begins: Duration::from_secs(begins),
                ends: Duration::from_secs(begins + lasts),
                kills: chance.below(2) == 0,
            });
            from = begins + lasts + APART.as_secs();
        }
    }
}

/// Does what is to be done to a server, and gives how many outages its cameras had.
async fn suffer(mut server: NumberedServer, faults: Vec<Fault>, began: Instant) -> NumberedServer {
    for fault in faults {
        sleep(fault.begins.saturating_sub(began.elapsed())).await;
        match fault.kills {
            true => server.kill(),
            false => server.stop(),
        }
        sleep(fault.ends.saturating_sub(began.elapsed())).await;
        match fault.kills {
            true => server.start_again(),
            false => server.go_on(),
        }
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_come_once_and_in_order_while_servers_are_killed_and_stopped() {
    let seconds = variable("FRAMEWATCH_CAMERA_SOAK_SECONDS", 0);
    if seconds == 0 {
        return say("left out: it takes minutes; make camera-soak runs it");
    }
    let seed = variable("FRAMEWATCH_CAMERA_SOAK_SEED", 19).max(1);
    let (servers, cameras) = if seconds >= 300 { (8, 3) } else { (2, 2) };
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));

    let folder = tempfile::TempDir::new().unwrap();
    let video = folder.path().join("numbered.h264");
    make_video(&video);
    let mut file = String::new();
    let servers: Vec<NumberedServer> = (0..servers)
        .map(|number| {
            let paths: Vec<String> = (0..cameras).map(|it| format!("s{number}c{it}")).collect();
            NumberedServer::start(&video, &paths)
        })
        .collect();
    for server in &servers {
        for path in server.paths() {
            let url = server.url(path);
            writeln!(
                file,
                "[camera.{path}]\nsource = \"{url}\"\nevery = \"1s\"\nwatch-frozen = false"
            )
            .unwrap();
        }
    }
    let site = Site::new(&file).await;
    let heard = Arc::new(Mutex::new(Heard::default()));
    listen(&site, &heard).await;
    let ops = format!("127.0.0.1:{}", local_servers::free_port().unwrap());
    let mut service = Command::new(env!("CARGO_BIN_EXE_framewatch-camera"))
        .args(["--nats-url", &site.nats.url(), "--ops-listen", &ops])
        .arg("--cameras")
        .arg(site.cameras())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let process = service.id();

    let began = Instant::now();
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    let suffering: Vec<_> = servers
        .into_iter()
        .map(|server| {
            let faults = Fault::all(seconds, &mut chance);
            for path in server.paths() {
                expected.insert(path.clone(), faults.len());
            }
            tokio::spawn(suffer(server, faults, began))
        })
        .collect();
    sleep(Duration::from_secs(seconds / 6).saturating_sub(began.elapsed())).await;
    let early = resident_kilobytes(process);
    sleep(Duration::from_secs(seconds).saturating_sub(began.elapsed())).await;
    let late = resident_kilobytes(process);
    let mut servers = Vec::new();
    for server in suffering {
        servers.push(server.await.unwrap());
    }
    terminate(&service);
    assert!(wait(&mut service).success());

    let heard = heard.lock();
    let pictures: usize = heard.pictures.values().map(|(_, count)| count).sum();
    let outages: usize = expected.values().sum();
    say(&format!(
        "{seconds} s, seed {seed}: {} cameras, {pictures} pictures, {outages} outages; resident {early} KB after a sixth, {late} KB \
         at the end",
        expected.len()
    ));
    assert!(heard.wrong.is_empty(), "{:?}", heard.wrong);
    assert_eq!(heard.states.len(), expected.len());
    for (folder, states) in &heard.states {
        // Each outage is a state that is no other, and then pictures come again.
        let mut wanted = vec![SourceState::Connecting, SourceState::Online];
        for _ in 0..expected[folder] {
            wanted.extend([SourceState::Silent, SourceState::Online]);
        }
        // One that is reached at once is never said to be connected to.
        let said = states
            .strip_prefix(&[SourceState::Connecting])
            .unwrap_or(states);
        assert_eq!(said, &wanted[1..], "{folder}");
    }
    for (folder, (_, count)) in &heard.pictures {
        let out = expected[folder] as u64 * (LONGEST_OUTAGE + BACK_WITHIN.as_secs());
        let least = seconds.saturating_sub(out + 15) / 3;
        assert!(*count as u64 >= least, "{folder}: {count} pictures");
    }
    assert!(
        late < early * 5 / 4 + 10_000,
        "{early} KB after a sixth of the time, {late} KB at its end"
    );
}
