//! How nats-server and redis-server are started on loopback.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
};

/// How to start nats-server on a port of loopback with JetStream in `folder`, which is made where it is missing. Its log
/// goes to `nats-server.log` in there.
pub fn nats_server(program: &Path, folder: &Path, port: u16) -> io::Result<Command> {
    nats_server_with(program, folder, nats_configuration(folder, port))
}

/// The same; by HTTP on another port it says how it is.
pub fn monitored_nats_server(
    program: &Path,
    folder: &Path,
    port: u16,
    monitor_port: u16,
) -> io::Result<Command> {
    let monitor = format!("http: \"127.0.0.1:{monitor_port}\"\n");
    nats_server_with(program, folder, nats_configuration(folder, port) + &monitor)
}

fn nats_server_with(program: &Path, folder: &Path, text: String) -> io::Result<Command> {
    fs::create_dir_all(folder)?;
    let configuration = folder.join("nats-server.conf");
    fs::write(&configuration, text)?;
    let mut command = Command::new(program);
    command.arg("--config").arg(configuration);
    Ok(quiet(command))
}

/// How to start redis-server on a port of loopback with its append-only file in `folder`, which is made where it is
/// missing. Its log goes to `redis-server.log` in there.
pub fn redis_server(program: &Path, folder: &Path, port: u16) -> io::Result<Command> {
    fs::create_dir_all(folder)?;
    let mut command = Command::new(program);
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args([
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
        ])
        .arg("--logfile")
        .arg(fs::canonicalize(folder)?.join("redis-server.log"))
        .arg("--dir")
        .arg(folder);
    Ok(quiet(command))
}

/// Frames and references are larger than the default of 1 MB a message. The default `sync_interval` of 2 minutes would
/// let a power failure take that much of what was acknowledged.
fn nats_configuration(folder: &Path, port: u16) -> String {
    let text = |path: &Path| {
        let path = path.display().to_string();
        format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
    };
    format!(
        "listen: \"127.0.0.1:{port}\"\n\
         server_name: framewatch\n\
         max_payload: 8MB\n\
         log_file: {}\n\
         logfile_size_limit: 10MB\n\
         logfile_max_num: 3\n\
         jetstream {{\n  store_dir: {}\n  sync_interval: \"1s\"\n}}\n",
        text(&folder.join("nats-server.log")),
        text(folder),
    )
}

fn quiet(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
