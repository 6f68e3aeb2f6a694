//! What a program under test writes, line by line.

use std::{
    io::{BufRead as _, BufReader, Read},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

/// How long a line may take to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// The lines that come from a program; see [`lines_of`].
pub struct OutputLines(Receiver<String>);

/// The lines of a program's output. One that does not come within two minutes fails the test. All is read, also what nobody
/// asks for, so the program never waits to be rid of it.
pub fn lines_of(output: impl Read + Send + 'static) -> OutputLines {
    let (written, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // When nobody asks any more.
            written.send(line).ok();
        }
    });
    OutputLines(lines)
}

impl Iterator for OutputLines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        match self.0.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("waited {PATIENCE:?} for a line in vain"),
        }
    }
}
