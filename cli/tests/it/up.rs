//! `framewatch up` as a process, with its children.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use test_support::{NatsServer, RedisServer, block_until, lines_of, terminate, wait};
use tests::{View, picture};

use crate::{framewatch, run, stderr, stdout};

/// A running `framewatch up` on ports that were free.
pub(crate) struct Up {
    pub(crate) process: Child,
    pub(crate) web: String,
    pub(crate) nats: String,
    pub(crate) redis: String,
    metrics: String,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Up {
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        let mut process = framewatch()
            .args([
                "up",
                "--listen",
                "127.0.0.1:0",
                "--ops-listen",
                "127.0.0.1:0",
            ])
            .arg("--data")
            .arg(data)
            .args(more)
            .env("OTEL_BSP_SCHEDULE_DELAY", "100") // milliseconds between two batches of spans
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = lines_of(process.stdout.take().unwrap());
        let mut after = |label: &str| {
            let line = lines.find(|line| line.trim_start().starts_with(label));
            line.unwrap_or_else(|| panic!("up ended before it named {label}"))
                .split_whitespace()
                .last()
                .unwrap()
                .to_owned()
        };
        Up {
            web: after("web page"),
            nats: after("NATS"),
            redis: after("Redis"),
            metrics: after("metrics"),
            process,
        }
    }

    /// With servers on ports of its own.
    pub(crate) fn with_own_servers(data: &Path, more: &[&str]) -> Self {
        let [nats, redis] = free_ports();
        let ports = ["--nats-port", &nats, "--redis-port", &redis];
        Self::start(data, &[&ports, more].concat())
    }

    /// Where it says whether it is ready.
    pub(crate) fn ops(&self) -> String {
        let address = self.metrics.trim_start_matches("http://");
        address.trim_end_matches("/metrics").to_owned()
    }

    fn has_reference(&self) -> bool {
        let folders = run(&["folders", "--url", &self.web]);
        stdout(&folders)
            .lines()
            .any(|line| line.contains("folder1") && line.contains("dock.jpg"))
    }

    /// Again until it is taken: at first the service may still be reading what there is.
    pub(crate) fn upload_reference(&self, files: &Path) {
        let file = files.join("dock.jpg");
        fs::write(&file, picture(View::Dock, 0)).unwrap();
        let file = file.display().to_string();
        block_until(PATIENCE, "the reference is uploaded", || {
            let output = run(&["upload", "folder1", &file, "--url", &self.web]);
            match output.status.success() {
                true => Ok(()),
                false => Err(stderr(&output).to_owned()),
            }
        });
    }
}

/// One for nats-server and one for redis-server.
fn free_ports() -> [String; 2] {
    [(); 2].map(|()| local_servers::free_port().unwrap().to_string())
}

impl Drop for Up {
    fn drop(&mut self) {
        if self.process.try_wait().unwrap().is_none() {
            terminate(&self.process);
            // A test that fails already says why.
            if std::thread::panicking() {
                self.process.wait().unwrap();
            } else {
                wait(&mut self.process);
            }
        }
    }
}

fn until(what: &str, holds: impl FnMut() -> bool) {
    until_within(PATIENCE, what, holds);
}

/// Asks again until it holds, for so long at most; then fails the test with `what`.
pub(crate) fn until_within(within: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    block_until(within, what, || match holds() {
        true => Ok(()),
        false => Err("it does not hold"),
    });
}

fn listens(url: &str) -> bool {
    let address = url.split("://").nth(1).unwrap().trim_end_matches('/');
    TcpStream::connect(address).is_ok()
}

/// The processes whose parent is this one, and their names.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<(i32, String)> {
    let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| stat(entry.unwrap()))
        .filter_map(|stat| {
            let (head, tail) = stat.rsplit_once(')')?;
            let (pid, name) = head.split_once(" (")?;
            let is_child = tail.split_whitespace().nth(1)? == parent.to_string();
            is_child.then(|| (pid.parse().unwrap(), name.to_owned()))
        })
        .collect()
}

#[test]
fn it_ends_in_order_and_goes_on_where_it_stopped() {
    let data = TempDir::new().unwrap();
    let mut up = Up::with_own_servers(data.path(), &[]);
    up.upload_reference(data.path());
    terminate(&up.process);
    assert!(wait(&mut up.process).success());
    assert!(
        !listens(&up.nats) && !listens(&up.redis),
        "a server is left behind"
    );

    let up = Up::with_own_servers(data.path(), &[]);
    until("the reference is there again", || up.has_reference());
}

#[test]
fn a_second_one_on_the_same_data_is_refused() {
    let data = TempDir::new().unwrap();
    let up = Up::with_own_servers(data.path(), &[]);
    let path = data.path().display().to_string();
    let second = run(&[
        "up",
        "--data",
        &path,
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(second.status.code(), Some(69));
    let message = stderr(&second);
    assert!(
        message.contains("in use") && message.contains(&up.process.id().to_string()),
        "{message}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn of_a_damaged_append_only_file_it_says_how_to_repair_it() {
    let data = TempDir::new().unwrap();
    drop(Up::with_own_servers(data.path(), &[]));
    let folder = data.path().join("redis/appendonlydir");
    let file = folder.join("appendonly.aof.1.incr.aof");
    fs::write(&file, "*1\r\n$4\r\nPING\r\nno command of Redis's\r\n").unwrap();

    let began = Instant::now();
    let data = fs::canonicalize(data.path()).unwrap();
    let [nats, redis] = free_ports();
    let output = run(&[
        "up",
        "--nats-port",
        &nats,
        "--redis-port",
        &redis,
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(69), "{said}");
    let manifest = data.join("redis/appendonlydir/appendonly.aof.manifest");
    let command = format!("redis-check-aof --fix {}", manifest.display());
    let error = said.lines().find(|line| line.starts_with("error: "));
    assert!(
        error.is_some_and(|error| error.contains(&command)),
        "{said}"
    );
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[test]
fn killed_it_leaves_no_child_behind() {
    let data = TempDir::new().unwrap();
    let mut up = Up::with_own_servers(data.path(), &[]);
    assert_eq!(children(up.process.id()).len(), 2);
    up.process.kill().unwrap();
    up.process.wait().unwrap();
    until("nats-server has ended", || !listens(&up.nats));
    until("redis-server has ended", || !listens(&up.redis));
}

#[test]
fn killed_it_can_be_started_again_at_once() {
    let data = TempDir::new().unwrap();
    let mut up = Up::with_own_servers(data.path(), &[]);
    up.upload_reference(data.path());
    up.process.kill().unwrap();
    up.process.wait().unwrap();

    let up = Up::with_own_servers(data.path(), &[]);
    until("the reference is there again", || up.has_reference());
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_dies_is_started_again() {
    use rustix::process::{Pid, Signal, kill_process};

    let data = TempDir::new().unwrap();
    let up = Up::with_own_servers(data.path(), &[]);
    up.upload_reference(data.path());
    let before = children(up.process.id());
    assert_eq!(before.len(), 2, "{before:?}");
    for (pid, _) in &before {
        kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL).unwrap();
    }
    until("both servers are there again", || {
        let now = children(up.process.id());
        now.len() == 2
            && now
                .iter()
                .all(|(pid, _)| before.iter().all(|(old, _)| old != pid))
    });
    until("they listen", || listens(&up.nats) && listens(&up.redis));
    until("the reference is still there", || up.has_reference());
}

#[test]
fn it_uses_the_servers_that_it_is_given() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start());
    let data = TempDir::new().unwrap();
    let up = Up::start(
        data.path(),
        &["--nats-url", &nats.url(), "--redis-url", &redis.url()],
    );
    assert_eq!(
        (up.nats.as_str(), up.redis.as_str()),
        (nats.url().as_str(), redis.url().as_str())
    );
    up.upload_reference(data.path());
    until("the reference is there", || up.has_reference());
    assert!(
        !data.path().join("nats").exists(),
        "no server of our own was started"
    );
}

#[test]
fn it_refuses_to_be_open_to_the_network_unless_told_to() {
    let data = TempDir::new().unwrap();
    let path = data.path().join("data").display().to_string();
    let output = run(&["up", "--data", &path, "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(64));
    for way_out in ["0.0.0.0:0", "--users-file", "--open-to-everyone"] {
        assert!(stderr(&output).contains(way_out), "{}", stderr(&output));
    }
    assert!(
        !Path::new(&path).join("nats").exists(),
        "nothing was started"
    );
}

#[test]
fn with_accounts_it_lets_in_who_has_a_token_and_its_own_demo() {
    let data = TempDir::new().unwrap();
    let users = data.path().join("users.toml").display().to_string();
    let token = ["token", "add", "--role", "viewer", "--users-file", &users];
    let token = stdout(&run(&token)).trim().to_owned();
    let [nats, redis] = free_ports();
    let servers = ["--nats-port", &nats, "--redis-port", &redis];
    let accounts = ["--users-file", &users, "--demo"];
    let up = Up::start(data.path(), &[&servers[..], &accounts].concat());

    let mut refused = run(&["folders", "--url", &up.web]);
    until("who has no token is refused", || {
        refused = run(&["folders", "--url", &up.web]);
        refused.status.code() == Some(64)
    });
    assert!(
        stderr(&refused).contains("framewatch token add"),
        "{}",
        stderr(&refused)
    );
    until("the demo has its references", || {
        let folders = run(&["folders", "--url", &up.web, "--token", &token]);
        stdout(&folders).matches(".jpg").count() == 6
    });
    let unset = run(&[
        "rule", "unset", "folder1", "--url", &up.web, "--token", &token,
    ]);
    assert_eq!(unset.status.code(), Some(64));
    assert!(
        stderr(&unset).contains("takes the role admin"),
        "{}",
        stderr(&unset)
    );
}

#[test]
fn what_it_cannot_run_with_it_names() {
    let data = TempDir::new().unwrap();
    let path = data.path().display().to_string();
    let up = [
        "up",
        "--data",
        &path,
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ];
    let output = run(&[&up[..], &["--nats-server", "/no/such/nats-server"]].concat());
    assert_eq!(output.status.code(), Some(69));
    assert!(
        stderr(&output).contains("/no/such/nats-server"),
        "{}",
        stderr(&output)
    );

    let output = run(&[
        &up[..],
        &["--nats-url", "nats://127.0.0.1:1", "--nats-port", "4222"],
    ]
    .concat());
    assert_eq!(output.status.code(), Some(64));
    let output = run(&["up", "--listen", "here"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("here"), "{}", stderr(&output));
}

#[test]
fn it_refuses_data_of_a_later_version_and_so_do_backup_and_restore() {
    let (nats, redis) = (NatsServer::start_with_newer_data(), RedisServer::start());
    let files = TempDir::new().unwrap();
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let (data, file, url) = (path("data"), path("backup"), nats.url());
    let output = run(&[
        "up",
        "--data",
        &data,
        "--nats-url",
        &url,
        "--redis-url",
        &redis.url(),
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the data format 3"),
        "{}",
        stderr(&output)
    );

    let output = run(&["backup", &file, "--nats-url", &url]);
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
    let server = NatsServer::start();
    let made = run(&["backup", &file, "--nats-url", &server.url()]);
    assert!(made.status.success(), "{}", stderr(&made));
    let output = run(&["restore", &file, "--nats-url", &url]);
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the data format 3"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_folders_of_a_watched_directory_are_cameras() {
    let (data, inputs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let put = |path: &str, view| {
        let path = inputs.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, picture(view, 0)).unwrap();
    };
    put("folder1/2026-11-28/08.jpg", View::Wall);
    put("Not A Folder/08.jpg", View::Wall);
    let directory = inputs.path().display().to_string();
    let up = Up::with_own_servers(
        data.path(),
        &["--watch", &directory, "--redis-alerts", "sentence"],
    );
    up.upload_reference(data.path());
    let redis = redis::Client::open(up.redis.as_str()).unwrap();
    let alert = || -> Option<String> {
        let mut connection = redis.get_connection().ok()?;
        redis::cmd("GET")
            .arg("alert_folder1")
            .query(&mut connection)
            .ok()?
    };
    until("its newest picture is a frame", || {
        alert().is_some_and(|sentence| sentence.starts_with("folder1 (camera folder1) no longer"))
    });

    // The day after, in a folder that is new.
    put("folder1/2026-11-29/08.jpg", View::Dock);
    until("a picture that comes is a frame", || alert().is_none());
    put("gate/08.jpg", View::Wall);
    until("a folder that comes is a camera", || {
        let folders = run(&["folders", "--url", &up.web]);
        stdout(&folders).lines().any(|line| line.contains("gate"))
    });
}

#[test]
fn a_watched_directory_must_be_there() {
    let data = TempDir::new().unwrap();
    let path = data.path().join("nowhere").display().to_string();
    let refused = run(&["up", "--watch", &path]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(stderr(&refused).contains(&path), "{}", stderr(&refused));
}
