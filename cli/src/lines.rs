//! Lines for people and for pipes.

use std::io::{self, Write};

use proto::{
    from_timestamp,
    v1::{Alert, Comparison, Phase},
};
use service_runtime::Failure;
use time::{OffsetDateTime, macros::format_description};

/// Writes a line to standard output. A reader that has gone away, as `head` does, ends the process quietly.
pub(crate) fn print(line: impl AsRef<str>) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{}", line.as_ref()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// Says something beside the output, on standard error.
pub(crate) fn remark(line: &str) {
    // Where nobody reads it, it is not missed.
    drop(writeln!(io::stderr(), "{line}"));
}

/// A text, or what stands for none.
pub(crate) fn or_dash(text: &str) -> &str {
    match text {
        "" => "-",
        text => text,
    }
}

/// An alert in a line.
pub(crate) fn alert(alert: &Alert) -> String {
    let (word, at) = match alert.phase() {
        Phase::Firing => ("FIRING", &alert.fired_at),
        _ => ("resolved", &alert.resolved_at),
    };
    let at = at.as_ref().and_then(from_timestamp);
    format!("{}  {word:<8}  {}", clock(at), alert.message)
}

/// A comparison in a line.
pub(crate) fn comparison(comparison: &Comparison) -> String {
    let at = comparison.compared_at.as_ref().and_then(from_timestamp);
    let camera = comparison
        .frame
        .as_ref()
        .map_or("", |frame| frame.camera.as_str());
    let similarity = comparison
        .similarity
        .map_or_else(|| "-".to_owned(), |similarity| format!("{similarity:.3}"));
    format!(
        "{}  {:<13}  {similarity:<5}  {}  {camera}",
        clock(at),
        comparison.verdict().word(),
        comparison.folder
    )
}

/// The time of day in UTC: what a line begins with.
fn clock(at: Option<OffsetDateTime>) -> String {
    at.and_then(|at| {
        at.format(format_description!("[hour]:[minute]:[second]Z"))
            .ok()
    })
    .unwrap_or_default()
}
