//! Running a server as our child: started, watched, started again, ended.

use std::{
    fmt,
    fs::{self, File},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context as _;
use local_servers::{Server, free_port, is_free, locate, monitored_nats_server, redis_server};
use rustix::process::{Pid, Signal, kill_process};
use service_runtime::Failure;
use tokio::{
    process::Child,
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    data_folder::DataFolder,
    disk::Disk,
    tethered::Tethered,
    trouble::{cause_of_end, check_room},
};

/// A server that runs as our child, on a port of loopback.
pub(super) struct LocalServer {
    server: Server,
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    lock: File,
    /// The disk of nats-server; other servers have none here.
    disk: Option<Disk>,
    trouble: watch::Sender<Option<String>>,
}

/// What keeps a server from starting until a person has done something.
pub(super) struct Trouble(watch::Receiver<Option<String>>);

impl Trouble {
    /// Waits until there is some, and says what to do.
    pub(super) async fn cause(mut self) -> String {
        match self.0.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(cause)) => cause.clone(),
            // The server is not started any more.
            _ => std::future::pending().await,
        }
    }
}

/// Where a server's port comes from.
#[derive(Clone, Copy)]
pub(super) enum Port {
    /// The user's choice.
    Asked(u16),
    /// The usual one, or another where that is taken.
    Usual(u16),
}

const FIRST_RESTART: Duration = Duration::from_millis(200);
const LAST_RESTART: Duration = Duration::from_secs(5);

/// How long a server may take to end before it is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(8);

impl LocalServer {
    pub(super) fn plan(
        server: Server,
        program: Option<&Path>,
        data: &DataFolder,
        port: Port,
    ) -> Result<Self, Failure> {
        let program = match program {
            Some(program) if program.is_file() => program.to_owned(),
            Some(program) => {
                return Err(Failure::Unavailable(anyhow::anyhow!(
                    "there is no {server} at {}",
                    program.display()
                )));
            }
            None => locate(server, Path::new(".")).map_err(Failure::unavailable)?,
        };
        let port = match port {
            Port::Asked(port) if !is_free(port) => {
                return Err(Failure::Unavailable(anyhow::anyhow!(
                    "port {port}, which was asked for {server}, is taken"
                )));
            }
            Port::Asked(port) => port,
            Port::Usual(port) if is_free(port) => port,
            Port::Usual(_) => free_port().context("loopback has no free port")?,
        };
        let folder = data.path().join(folder_name(server));
        let disk = match server {
            Server::Nats => {
                let port = free_port().context("loopback has no free port")?;
                Some(Disk::new(folder.clone(), port))
            }
            Server::Redis => None,
        };
        Ok(LocalServer {
            server,
            program,
            folder,
            port,
            lock: data.lock()?,
            disk,
            trouble: watch::Sender::new(None),
        })
    }

    /// The disk that it writes to, where it can tell of it.
    pub(super) fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    pub(super) fn trouble(&self) -> Trouble {
        Trouble(self.trouble.subscribe())
    }

    pub(super) fn url(&self) -> String {
        match self.server {
            Server::Nats => format!("nats://127.0.0.1:{}", self.port),
            Server::Redis => format!("redis://127.0.0.1:{}/", self.port),
        }
    }

    /// Runs the server until `stop`, and starts it again whenever it ends before. It is started before the future is
    /// handed back.
    ///
    /// To be polled by a thread that lives as long as the process (see [`Tethered::wrap`]).
    pub(super) fn run(self, stop: CancellationToken) -> Result<impl Future<Output = ()>, Failure> {
        if self.server == Server::Nats {
            fs::create_dir_all(&self.folder)?;
            check_room(&self.folder)?;
        }
        let first = self
            .spawn()
            .with_context(|| format!("cannot start {self}"))
            .map_err(Failure::Unavailable)?;
        Ok(self.keep_running(first, stop))
    }

    async fn keep_running(self, first: Child, stop: CancellationToken) {
        let mut child = first;
        let mut pause = FIRST_RESTART;
        loop {
            let began = std::time::Instant::now();
            tokio::select! {
                () = stop.cancelled() => return end(self.server, &mut child).await,
                failure = self.must_start_anew() => {
                    tracing::warn!(server = %self, failure, "a write has failed, and there is room again; starting the server anew");
                    end(self.server, &mut child).await;
                }
                ended = child.wait() => {
                    let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                    tracing::warn!(server = %self, how, "a server has ended; starting it again");
                    self.say_why();
                }
            }
            pause = if began.elapsed() > LAST_RESTART {
                FIRST_RESTART
            } else {
                LAST_RESTART.min(pause * 2)
            };
            child = loop {
                if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                    return;
                }
                match self.spawn() {
                    Ok(child) => break child,
                    Err(error) => {
                        tracing::error!(server = %self, %error, "a server cannot be started again")
                    }
                }
            };
        }
    }

    /// Resolves when it goes on failing though it need not; says why.
    async fn must_start_anew(&self) -> String {
        match &self.disk {
            Some(disk) => disk.has_room_again().await,
            None => std::future::pending().await,
        }
    }

    /// Says once what a person must see to, where its log tells.
    fn say_why(&self) {
        let cause = cause_of_end(self.server, &self.folder);
        self.trouble.send_if_modified(|known| {
            let is_new = cause.is_some() && *known != cause;
            if let (true, Some(cause)) = (is_new, &cause) {
                tracing::error!("{cause}");
            }
            *known = cause;
            is_new
        });
    }

    fn spawn(&self) -> anyhow::Result<Child> {
        let command = self.configure()?;
        let mut tethered = Tethered::wrap(&command)?;
        // A group of its own: Ctrl-C in the terminal is for us, and the server ends after the services.
        tethered.process_group(0);
        // The folder stays locked until the server has ended, even if we are gone before.
        tethered.stdin(self.lock.try_clone()?);
        tethered.stdout(std::process::Stdio::null());
        tethered.stderr(File::create(self.folder.join("stderr.log"))?);
        Ok(tokio::process::Command::from(tethered).spawn()?)
    }

    fn configure(&self) -> io::Result<Command> {
        match self.server {
            Server::Nats => {
                let monitor_port = self.disk.as_ref().map_or(0, Disk::monitor_port);
                monitored_nats_server(&self.program, &self.folder, self.port, monitor_port)
            }
            Server::Redis => redis_server(&self.program, &self.folder, self.port),
        }
    }
}

impl fmt::Display for LocalServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} on port {} (its log is in {})",
            self.program.display(),
            self.port,
            self.folder.display()
        )
    }
}

fn folder_name(server: Server) -> &'static str {
    match server {
        Server::Nats => "nats",
        Server::Redis => "redis",
    }
}

async fn end(server: Server, child: &mut Child) {
    let pid = child
        .id()
        .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, Signal::TERM)
    {
        tracing::debug!(%server, %error, "has ended already");
    }
    if timeout(ENDS_WITHIN, child.wait()).await.is_err() {
        tracing::warn!(%server, "did not end when told to; killing it");
        if let Err(error) = child.kill().await {
            tracing::error!(%server, %error, "cannot be killed");
        }
    }
}
