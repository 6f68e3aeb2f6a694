//! The file of routes: who is told of what. It is read strictly and as a whole, and what is wrong is said with the line and
//! with what is right.

mod fault;
mod section;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use event_bus::ReceiverName;
use receivers::Receiver;

use crate::routes::{Addressee, Routes};
pub use fault::{Fault, Faults};
use section::{File, rate};

/// Enough for thousands of routes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The most receivers: each has a task of its own.
const MOST_RECEIVERS: usize = 100;

/// The most routes: each alert is held against each.
const MOST_ROUTES: usize = 500;

/// The file that says who is told of what.
#[derive(Debug, Clone)]
pub struct RoutesFile(PathBuf);

/// Why it can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be read.
    #[error("cannot read the routes in {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It isn't as it must be.
    #[error("{}: {faults}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// All that is wrong.
        faults: Faults,
    },
}

impl RoutesFile {
    /// The file at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        RoutesFile(path.into())
    }

    /// What it says, with what the files hold that it names.
    ///
    /// # Errors
    /// When it or a file that it names can't be read, or something in it can't be.
    pub fn read(&self) -> Result<Routes, FileError> {
        self.parsed(&self.text()?)
    }

    /// Its text, by which a change is noticed.
    pub(crate) fn text(&self) -> Result<String, FileError> {
        read(&self.0).map_err(|source| FileError::Read {
            path: self.0.clone(),
            source,
        })
    }

    pub(crate) fn parsed(&self, text: &str) -> Result<Routes, FileError> {
        let beside = self.0.parent().unwrap_or(Path::new(""));
        parse(text, beside).map_err(|faults| FileError::Wrong {
            path: self.0.clone(),
            faults,
        })
    }
}

fn read(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_BYTES {
        let message = format!("it has more than {MAX_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    fs::read_to_string(path)
}

/// What a text says. Files that it names are sought from the folder `beside`.
fn parse(text: &str, beside: &Path) -> Result<Routes, Faults> {
    let file: File = toml::from_str(text).map_err(|error| Faults::of_syntax(text, &error))?;
    let mut faults = Faults::new(text);
    let mut routes = Routes {
        link: section::link(file.link.as_ref(), &mut faults),
        ..Routes::default()
    };
    routes.receivers = addressees(&file, beside, &mut faults);
    if file.receiver.len() > MOST_RECEIVERS || file.route.len() > MOST_ROUTES {
        let message =
            format!("there must be at most {MOST_RECEIVERS} receivers and {MOST_ROUTES} routes");
        faults.add(0..0, None, message);
    }
    let names: Vec<&str> = file
        .receiver
        .keys()
        .map(|name| name.get_ref().as_str())
        .collect();
    for (number, route) in file.route.into_iter().enumerate() {
        let name = format!("route {}", number + 1);
        if let Some(route) = section::Reading::new(&name, &names, &mut faults).route(route) {
            routes.routes.push(route);
        }
    }
    faults.none_or(routes)
}

fn addressees(
    file: &File,
    beside: &Path,
    faults: &mut Faults,
) -> BTreeMap<ReceiverName, Addressee> {
    let mut addressees = BTreeMap::new();
    for (name, spec) in &file.receiver {
        let said = format!("receiver {}", name.get_ref());
        let (at, spec) = (spec.span(), spec.get_ref());
        let parsed = match name.get_ref().parse::<ReceiverName>() {
            Ok(parsed) => parsed,
            Err(error) => {
                faults.add(name.span(), Some(&said), error.to_string());
                continue;
            }
        };
        let rate = match spec.rate.as_deref().map(rate).transpose() {
            Ok(rate) => rate,
            Err(wrong) => {
                faults.add_setting(at.clone(), "rate", &said, wrong);
                continue;
            }
        };
        match Receiver::of(name.get_ref(), spec, beside) {
            Ok(receiver) => {
                addressees.insert(parsed, Addressee { receiver, rate });
            }
            Err(error) => faults.add_setting(at, error.setting, &said, error.to_string()),
        }
    }
    addressees
}

#[cfg(test)]
pub(crate) fn parsed_for_tests(text: &str, beside: &Path) -> Routes {
    parse(text, beside).unwrap_or_else(|faults| panic!("{faults}"))
}

#[cfg(test)]
mod tests;
