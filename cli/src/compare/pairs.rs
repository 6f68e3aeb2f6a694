//! Answers a list of pairs: on all cores, in order, and each as soon as it and those before it are known.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
};

use anyhow::Context as _;
use parking_lot::Mutex;
use service_runtime::Failure;

use super::{Answer, comparer::Comparer};
use crate::progress::Progress;

/// How many lines may be read ahead for each core before the first of them is answered.
const AHEAD: usize = 4;

/// A line, and where its answer is waited for.
struct Asked {
    line: String,
    answer: SyncSender<Answer>,
}

/// Answers each line of the file; `say` makes what is printed of an answer.
pub(super) fn answer_all(
    comparer: &Comparer,
    pairs: &Path,
    say: impl Fn(&Answer) -> Result<String, Failure> + Send,
) -> Result<(), Failure> {
    let (input, progress) = open(pairs)?;
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (ask, asked) = mpsc::sync_channel::<Asked>(workers);
    let (expect, expected) = mpsc::sync_channel::<Receiver<Answer>>(workers * AHEAD);
    let asked = Mutex::new(asked);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| answer_each(comparer, &asked));
        }
        let printing = scope.spawn(move || print_in_order(&expected, &progress, say));
        let read = read_lines(input, &ask, &expect);
        drop((ask, expect));
        let printed = printing.join().expect("printing does not panic");
        printed.and(read)
    })
}

/// Hands the lines on, until there are no more or nobody prints any longer.
fn read_lines(
    input: impl BufRead,
    ask: &SyncSender<Asked>,
    expect: &SyncSender<Receiver<Answer>>,
) -> Result<(), Failure> {
    for line in input.split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        let (answer, answered) = mpsc::sync_channel(1);
        if expect.send(answered).is_err() || ask.send(Asked { line, answer }).is_err() {
            break;
        }
    }
    Ok(())
}

fn answer_each(comparer: &Comparer, asked: &Mutex<Receiver<Asked>>) {
    let mut worker = comparer.worker();
    loop {
        let next = asked.lock().recv();
        let Ok(Asked { line, answer }) = next else {
            return;
        };
        let of_line = match pair(&line) {
            Some((right, frame)) => worker.answer(&right, &frame),
            None => Answer::not_a_pair(&line),
        };
        // Nobody waits for it where printing has failed.
        answer.send(of_line).ok();
    }
}

/// The pictures that are right, and the frame; `None` where the line has no tab.
fn pair(line: &str) -> Option<(Vec<PathBuf>, PathBuf)> {
    let (right, frame) = line.trim_end_matches('\r').rsplit_once('\t')?;
    Some((right.split('\t').map(PathBuf::from).collect(), frame.into()))
}

fn print_in_order(
    expected: &Receiver<Receiver<Answer>>,
    progress: &Progress,
    say: impl Fn(&Answer) -> Result<String, Failure>,
) -> Result<(), Failure> {
    for answered in expected {
        let answer = answered.recv();
        let answer = answer.context("a pair was given up: comparing it panicked")?;
        progress.print(say(&answer)?)?;
    }
    Ok(())
}

/// The pairs, and how far they are read; of standard input nobody knows how much there is.
fn open(pairs: &Path) -> Result<(Box<dyn BufRead>, Progress), Failure> {
    if pairs == Path::new("-") {
        return Ok((Box::new(BufReader::new(io::stdin())), Progress::hidden()));
    }
    let file = File::open(pairs)
        .with_context(|| format!("cannot read the pairs in {}", pairs.display()))
        .map_err(Failure::Usage)?;
    let progress = Progress::of_bytes(file.metadata().map_or(0, |metadata| metadata.len()));
    let input = BufReader::new(progress.through(file));
    Ok((Box::new(input), progress))
}
