//! What is wrong in the file, and in which line.

use std::{fmt, ops::Range};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// The camera's name, where it is one's.
    pub camera: Option<String>,
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
    pub(super) fn new(text: &str) -> Self {
        Faults {
            text: text.to_owned(),
            found: Vec::new(),
        }
    }

    pub(super) fn of_syntax(text: &str, error: &toml::de::Error) -> Self {
        let mut faults = Faults::new(text);
        let at = error.span().unwrap_or(0..0);
        let message = error.message().replace('\n', ", ");
        faults.add(at, None, format!("this is no TOML: {message}"));
        faults
    }

    pub(super) fn add(
        &mut self,
        at: Range<usize>,
        camera: Option<&str>,
        message: impl Into<String>,
    ) {
        let before = &self.text.as_bytes()[..at.start.min(self.text.len())];
        self.found.push(Fault {
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            camera: camera.map(|name| name.chars().take(64).collect()),
            message: message.into(),
        });
    }

    /// What was read, if nothing is wrong.
    pub(super) fn none_or<T>(mut self, read: T) -> Result<T, Faults> {
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
        if let Some(camera) = &self.camera {
            write!(f, ", camera {camera}")?;
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
