//! How far long work has come: a bar on standard error where that is a terminal, and nothing elsewhere.

use std::io::{self, IsTerminal, Read};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Body;
use service_runtime::Failure;

use crate::lines;

pub(crate) struct Progress {
    bar: ProgressBar,
    /// Lines on the same terminal have to make the bar give way.
    shares_terminal: bool,
}

impl Progress {
    /// Through so many things.
    pub(crate) fn of_count(total: usize) -> Self {
        Self::new(total as u64, "{wide_bar} {pos}/{len}  {eta} left")
    }

    /// Through so many bytes.
    pub(crate) fn of_bytes(total: u64) -> Self {
        Self::new(
            total,
            "{wide_bar} {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left",
        )
    }

    /// The progress of work without a known end: no bar.
    pub(crate) fn hidden() -> Self {
        Progress {
            bar: ProgressBar::hidden(),
            shares_terminal: false,
        }
    }

    fn new(total: u64, template: &str) -> Self {
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Progress {
            bar,
            shares_terminal: io::stdout().is_terminal(),
        }
    }

    /// One more thing is done.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    /// `count` more bytes, or things, are done.
    pub(crate) fn advance_by(&self, count: u64) {
        self.bar.inc(count);
    }

    /// A line on standard output.
    pub(crate) fn print(&self, line: impl AsRef<str>) -> Result<(), Failure> {
        if self.shares_terminal {
            self.bar.suspend(|| lines::print(line))
        } else {
            lines::print(line)
        }
    }

    /// A line on standard error.
    pub(crate) fn remark(&self, line: &str) {
        self.bar.suspend(|| lines::remark(line));
    }

    /// A reader whose bytes count.
    pub(crate) fn through<R: Read>(&self, reader: R) -> impl Read + use<R> {
        self.bar.wrap_read(reader)
    }

    /// A request's body whose bytes count as they are taken.
    pub(crate) fn through_body(&self, mut bytes: Bytes) -> Body {
        const PIECE: usize = 64 * 1024;
        let bar = self.bar.clone();
        let pieces = std::iter::from_fn(move || {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            (!piece.is_empty()).then_some(piece)
        });
        Body::wrap_stream(stream::iter(pieces).map(move |piece| {
            bar.inc(piece.len() as u64);
            Ok::<_, io::Error>(piece)
        }))
    }
}

/// It leaves nothing behind, whatever the work came to.
impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
