//! What is wrong in a file, and in which line.

use std::{fmt, ops::Range};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// What it is about, where it is about one thing: `camera gate`, `route 2`.
    pub of: Option<String>,
    /// What is wrong, and what is right.
    pub message: String,
}

/// All that is wrong, in the order of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    text: String,
    found: Vec<Fault>,
}

impl Faults {
    /// Nothing is wrong in this text yet.
    pub fn new(text: &str) -> Self {
        Faults {
            text: text.to_owned(),
            found: Vec::new(),
        }
    }

    /// The one fault of a text that cannot be read at all.
    pub fn of_syntax(text: &str, at: Option<Range<usize>>, message: impl Into<String>) -> Self {
        let mut faults = Faults::new(text);
        faults.add(at.unwrap_or(0..0), None, message);
        faults.text.clear();
        faults
    }

    /// Something that is wrong at this place of the text, in bytes.
    pub fn add(&mut self, at: Range<usize>, of: Option<&str>, message: impl Into<String>) {
        let before = &self.text.as_bytes()[..at.start.min(self.text.len())];
        self.found.push(Fault {
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            of: of.map(str::to_owned),
            message: message.into(),
        });
    }

    /// Something about a setting of the table that begins there: in the setting's line, or where it is missing, in the table's
    /// first.
    pub fn add_setting(&mut self, table: Range<usize>, setting: &str, of: &str, message: String) {
        let text = self.text.get(table.start..).unwrap_or_default();
        let mut at = table.start;
        let mut found = table.start;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            // The next table.
            if number > 0 && line.trim_start().starts_with('[') {
                break;
            }
            let key = line.split_once('=').map_or("", |(key, _)| key.trim());
            if key == setting {
                found = at;
            }
            at += line.len();
        }
        self.add(found..found, Some(of), message);
    }

    /// What was read, if nothing is wrong.
    ///
    /// # Errors
    /// All that is wrong, where something is.
    pub fn none_or<T>(mut self, read: T) -> Result<T, Faults> {
        if self.found.is_empty() {
            return Ok(read);
        }
        self.found.sort_by_key(|fault| fault.line);
        self.text.clear();
        Err(self)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.found.iter()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(of) = &self.of {
            write!(f, ", {of}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.found.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n  " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}
