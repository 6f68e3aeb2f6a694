//! An error as one line of a log.

use std::{error::Error, fmt::Write};

/// An error with all that caused it, in a line, for logs.
pub fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(line, ": {error}").expect("a string takes all that is written");
        cause = error.source();
    }
    line
}
