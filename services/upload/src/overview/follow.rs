//! The events of the overview: of the cards that somebody sees, and that the order of all folders has changed. Which cards
//! these are, the address says, so that nothing is kept between two connections, and any copy of the service can answer.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use axum::{Extension, extract::State, response::IntoResponse};
use event_bus::Folder;
use folder_state::Version;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;

use super::{
    glances::{Glanced, Glances, event},
    parts::named_folders,
};
use crate::{
    app::App,
    front_door::extract::Search,
    live::{
        follow::Has,
        pace::Turned,
        viewers::{Connection, InTurns},
    },
    problem::Problem,
};

/// More than a wall screen shows. With the longest names their address is still as long as proxies take one, 8 KB.
const MOST_SEEN: usize = 100;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct CardsQuery {
    /// Separated by commas.
    folders: String,
}

/// Somebody who sees cards.
struct Watcher {
    app: Arc<App>,
    glances: Arc<Glances>,
    sees: Vec<Folder>,
    /// The looks of the cards that it has from the page.
    has: HashSet<String>,
    /// What was last told of each folder; `None` where it was told that there is no such folder.
    told: HashMap<Folder, Option<(Version, Arc<Glanced>)>>,
    turns: watch::Receiver<Turned>,
    last: Turned,
}

/// Tells how the folders stand that are named: first of all each, and then each that has changed, in turns of a second.
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    Extension(glances): Extension<Arc<Glances>>,
    Search(query): Search<CardsQuery>,
    Search(has): Search<Has>,
) -> Result<impl IntoResponse, Problem> {
    let sees = named_folders(&query.folders, MOST_SEEN)?;
    let connection = Connection::open(&app)?;
    let turns = app.pace.turns();
    let last = Turned {
        unattended: turns.borrow().unattended,
        ..Turned::default()
    };
    let watcher = Watcher {
        sees,
        has: has.prints(),
        told: HashMap::new(),
        turns,
        last,
        glances,
        app,
    };
    Ok(connection.tell_in_turns(watcher))
}

impl InTurns for Watcher {
    type Turn = Turned;

    fn turns(&mut self) -> &mut watch::Receiver<Turned> {
        &mut self.turns
    }

    fn news(&mut self) -> Vec<u8> {
        let mut events = Vec::new();
        for (folder, version) in self.versions() {
            events.extend_from_slice(&self.news_of(folder, version));
        }
        let turned = self.turns.borrow_and_update().clone();
        if let Some(listed) = &turned.listed
            && turned.listed != self.last.listed
        {
            let listed = event("listed", &json!({ "listed": listed }));
            events.extend_from_slice(listed.as_bytes());
        }
        if turned.unattended != self.last.unattended {
            events.extend_from_slice(&self.app.pace.unattended());
        }
        self.last = turned;
        events
    }
}

impl Watcher {
    /// The versions of the folders that it sees, all at one moment.
    fn versions(&self) -> Vec<(Folder, Option<Version>)> {
        let known = self.app.states.read();
        let seen = self.sees.iter();
        seen.map(|folder| (folder.clone(), known.version(folder)))
            .collect()
    }

    fn news_of(&mut self, folder: Folder, version: Option<Version>) -> Vec<u8> {
        let last = self.told.get(&folder);
        let last_version = last.map(|told| told.as_ref().map(|(version, _)| *version));
        if last_version == Some(version) {
            return Vec::new();
        }
        let now = version.and_then(|version| {
            let glanced = self.glances.of(&self.app, &folder, version)?;
            Some((version, glanced))
        });
        let before = last.map(|told| told.as_ref().map(|(_, glanced)| &**glanced));
        let events = match (&now, before) {
            (Some((_, glanced)), Some(Some(before))) => changed(glanced, before),
            (Some((_, glanced)), _) if self.has.contains(glanced.looks()) => {
                glanced.figures.to_vec()
            }
            (Some((_, glanced)), _) => [&glanced.drawn()[..], &glanced.figures].concat(),
            (None, Some(None)) => Vec::new(),
            (None, _) => {
                event("folder-removed", &json!({ "folder": folder.as_str() })).into_bytes()
            }
        };
        self.told.insert(folder, now);
        events
    }
}

/// What must be told of a card that was last told as `before`.
fn changed(now: &Glanced, before: &Glanced) -> Vec<u8> {
    let mut events = Vec::new();
    if now.looks() != before.looks() {
        events.extend_from_slice(now.drawn());
    }
    if now.figures != before.figures {
        events.extend_from_slice(&now.figures);
    }
    events
}
