//! The file of routes: who is told of what. It is read strictly and as a whole, and what is wrong is said with the line and
//! with what is right. So are routes that people set by page or API, in place of the file's.

mod section;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use event_bus::ReceiverName;
use receivers::Receiver;
use strict_file::{Faults, FileError, StrictFile};
use toml::Spanned;

use crate::{
    page::PageUrl,
    routes::{Addressee, Route, Routes},
};
use section::{File, rate};

/// Enough for thousands of routes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The most receivers: each has a task of its own.
const MOST_RECEIVERS: usize = 100;

/// The most routes: each alert is held against each.
const MOST_ROUTES: usize = 500;

/// The file that says who is told of what.
#[derive(Debug, Clone)]
pub struct RoutesFile {
    file: StrictFile,
    /// Where messages lead if the file does not say.
    page: Option<PageUrl>,
}

impl RoutesFile {
    /// The file at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        RoutesFile {
            file: StrictFile::new(path, "routes", MAX_BYTES),
            page: None,
        }
    }

    /// The same, whose messages lead to this page unless the file names another.
    pub fn leading_to(self, page: Option<PageUrl>) -> Self {
        RoutesFile { page, ..self }
    }

    /// The routes that it describes, with the contents of the files that it names.
    ///
    /// # Errors
    /// When it or a file that it names can't be read, or something in it can't be.
    pub fn read(&self) -> Result<Routes, FileError> {
        self.parsed(&self.text()?)
    }

    /// Its text, by which a change is noticed.
    pub(crate) fn text(&self) -> Result<String, FileError> {
        self.file.text()
    }

    pub(crate) fn parsed(&self, text: &str) -> Result<Routes, FileError> {
        let mut routes = self.file.parsed(text, parse)?;
        routes.link = routes.link.or_else(|| self.page.clone());
        Ok(routes)
    }
}

/// Tables `[[route]]` for the receivers of a file.
///
/// # Errors
/// When something in them can't be.
pub(crate) fn set_routes(
    text: &str,
    receivers: &BTreeMap<ReceiverName, Addressee>,
) -> Result<Vec<Route>, Faults> {
    let file: section::Routes = toml::from_str(text).map_err(|error| of_syntax(text, &error))?;
    let mut faults = Faults::new(text);
    let names: Vec<&str> = receivers.keys().map(ReceiverName::as_str).collect();
    let routes = routes_of(file.route, &names, &mut faults);
    faults.none_or(routes)
}

/// The tables `[[route]]` of a file, in its words but without its comments.
fn route_tables(text: &str) -> String {
    let mut table: toml::Table = toml::from_str(text).unwrap_or_default();
    table.retain(|name, _| name == "route");
    toml::to_string(&table).unwrap_or_default()
}

/// What a text says. Files that it names are sought from the folder `beside`.
fn parse(text: &str, beside: &Path) -> Result<Routes, Faults> {
    let file: File = toml::from_str(text).map_err(|error| of_syntax(text, &error))?;
    let mut faults = Faults::new(text);
    let mut routes = Routes {
        link: section::link(file.link.as_ref(), &mut faults),
        links_ask_for_login: file.links_ask_for_login,
        text: route_tables(text),
        ..Routes::default()
    };
    routes.receivers = addressees(&file, beside, &mut faults);
    if file.receiver.len() > MOST_RECEIVERS {
        let message = format!("there must be at most {MOST_RECEIVERS} receivers");
        faults.add(0..0, None, message);
    }
    let names: Vec<&str> = file
        .receiver
        .keys()
        .map(|name| name.get_ref().as_str())
        .collect();
    routes.routes = routes_of(file.route, &names, &mut faults);
    faults.none_or(routes)
}

fn of_syntax(text: &str, error: &toml::de::Error) -> Faults {
    let message = error.message().trim().replace('\n', ", ");
    Faults::of_syntax(text, error.span(), message)
}

fn routes_of(
    sections: Vec<Spanned<section::RouteSection>>,
    names: &[&str],
    faults: &mut Faults,
) -> Vec<Route> {
    if sections.len() > MOST_ROUTES {
        let message = format!("there must be at most {MOST_ROUTES} routes");
        faults.add(0..0, None, message);
    }
    let mut routes = Vec::new();
    for (number, section) in sections.into_iter().enumerate() {
        let name = format!("route {}", number + 1);
        routes.extend(section::Reading::new(&name, names, faults).route(section));
    }
    routes
}

fn addressees(
    file: &File,
    beside: &Path,
    faults: &mut Faults,
) -> BTreeMap<ReceiverName, Addressee> {
    let mut addressees = BTreeMap::new();
    for (name, spec) in &file.receiver {
        let said = format!("receiver {}", name.get_ref());
        let said: String = said.chars().take(64).collect();
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
