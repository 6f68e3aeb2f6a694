//! Why a server of ours does not start, and what to do about it.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use anyhow::anyhow;
use event_bus::{BusConfig, DECLARATIONS, Medium};
use local_servers::Server;
use service_runtime::Failure;

/// With less than that a disk is full soon.
const LITTLE: u64 = 256 * MEGABYTE;
const MEGABYTE: u64 = 1_000_000;

/// What a person must do before a server that has ended can run again, by the last line of its log.
pub(super) fn cause_of_end(server: Server, folder: &Path) -> Option<String> {
    let log = folder.join(format!("{server}.log"));
    let last = last_line(&log).ok()?;
    let shown = folder.display();
    if last.contains("redis-check-aof") {
        return Some(format!(
            "{server} cannot read what it has written, for a file in {shown}/appendonlydir is damaged. Keep a copy of that folder and \
             run `redis-check-aof --fix {shown}/appendonlydir/appendonly.aof.manifest`, which cuts off what follows on the damage; \
             or remove the folder. What is missing is written again from NATS"
        ));
    }
    last.contains("No space left on device")
        .then(|| format!("{server} cannot write: there is no room in {shown}"))
}

fn last_line(path: &Path) -> io::Result<String> {
    const ENOUGH: u64 = 4096;
    let mut file = File::open(path)?;
    let begin = file.metadata()?.len().saturating_sub(ENOUGH);
    file.seek(SeekFrom::Start(begin))?;
    let mut end = Vec::new();
    file.take(ENOUGH).read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    Ok(end.trim_end().lines().last().unwrap_or_default().to_owned())
}

/// Refuses a disk that a nats-server could not make our streams on, and warns of one that is full soon. `folder` is where its
/// data are.
pub(super) fn check_room(folder: &Path) -> Result<(), Failure> {
    let disk = rustix::fs::statvfs(folder).map_err(io::Error::from)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let streams = folder.join("jetstream/$G/streams");
    let limited = || {
        let config = BusConfig::for_url("");
        DECLARATIONS
            .iter()
            .filter(|declared| declared.medium == Medium::File)
            .map(move |declared| (declared.stream, declared.max_bytes(&config)))
            .filter(|(_, most)| *most > 0)
    };
    let is_first_start = limited().any(|(stream, _)| !streams.join(stream).exists());
    let reserved = limited().map(|(_, most)| most.unsigned_abs()).sum();
    match needed(reserved) {
        needed if is_first_start && free < needed => Err(Failure::Unavailable(anyhow!(
            "{} has {} MB free, and {} MB are needed for a first start: nats-server sets aside what streams may take. Make room, or \
             name another folder by --data",
            folder.display(),
            free / MEGABYTE,
            needed.div_ceil(MEGABYTE)
        ))),
        _ => {
            if free < LITTLE {
                let (folder, free_mb) = (folder.display(), free / MEGABYTE);
                tracing::warn!(%folder, free_mb, "the disk is nearly full; on a full one nothing is stored");
            }
            Ok(())
        }
    }
}

/// How many bytes must be free for streams that may take `reserved` bytes: a nats-server lets streams have three
/// quarters.
fn needed(reserved: u64) -> u64 {
    reserved.div_ceil(3) * 4
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn only_the_last_line_of_a_log_says_why_a_server_has_ended() {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("redis-server.log");
        assert_eq!(cause_of_end(Server::Redis, folder.path()), None);
        let damaged = "1:M # Bad file format reading the append only file x: then use ./redis-check-aof --fix x\n";
        fs::write(&log, "x".repeat(10_000) + "\n" + damaged).unwrap();
        let cause = cause_of_end(Server::Redis, folder.path()).unwrap();
        assert!(cause.contains("redis-check-aof --fix /"), "{cause}");
        fs::write(
            &log,
            damaged.to_owned() + "1:M * Ready to accept connections\n",
        )
        .unwrap();
        assert_eq!(cause_of_end(Server::Redis, folder.path()), None);
    }

    #[test]
    fn a_nats_server_needs_four_thirds_of_what_streams_may_take() {
        assert_eq!(needed(2_000_000_000), 2_666_666_668);
        assert_eq!(needed(0), 0);
    }
}
