//! The page of folders whose pictures want renewing.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Html};

use super::api;
use crate::{
    access::Visitor,
    app::App,
    front_door::{moment::Moment, pages::render},
    problem::Problem,
};

/// Folders that are shown.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "drift/page.html")]
struct DriftPage {
    renewing: Vec<Row>,
    others: Vec<Row>,
    /// Folders that are not shown, all of which have drifted less.
    left_out: usize,
    visitor: Visitor,
    is_connected: bool,
}

/// A folder in words.
struct Row {
    folder: String,
    called: String,
    before: String,
    lately: String,
    change: String,
    threshold: String,
    /// For how long frames have been averaged.
    over: String,
    at: Option<Moment>,
    wants_renewing: bool,
}

pub(super) async fn drift(
    State(app): State<Arc<App>>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let mut all = api::all(&app);
    let left_out = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    let rows = all.into_iter().map(Row::new);
    let (renewing, others) = rows.partition(|row| row.wants_renewing);
    render(&DriftPage {
        renewing,
        others,
        left_out,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

impl Row {
    fn new(of: api::FolderDrift) -> Self {
        let drift = of.drift;
        let called = match of.title.is_empty() {
            true => of.folder.clone(),
            false => of.title,
        };
        Row {
            called,
            folder: of.folder,
            before: format!("{:.3}", drift.before),
            lately: format!("{:.3}", drift.lately),
            change: change(-drift.drift),
            threshold: format!("{:.3}", drift.threshold),
            over: hours(drift.seconds),
            at: Moment::new(drift.at),
            wants_renewing: drift.wants_renewing,
        }
    }
}

/// With its sign, unless it is none.
fn change(of: f64) -> String {
    match (of * 1000.0).round() {
        0.0 => "0.000".to_owned(),
        thousandths => format!("{:+.3}", thousandths / 1000.0),
    }
}

fn hours(seconds: f64) -> String {
    match seconds / 3600.0 {
        hours if hours < 1.0 => format!("{:.0} min", seconds / 60.0),
        hours if hours < 48.0 => format!("{hours:.0} h"),
        hours => format!("{:.0} days", hours / 24.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_its_largest_unit() {
        assert_eq!(hours(90.0), "2 min");
        assert_eq!(hours(7200.0), "2 h");
        assert_eq!(hours(14.0 * 86_400.0), "14 days");
    }
}
