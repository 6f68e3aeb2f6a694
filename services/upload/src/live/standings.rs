//! Server-sent events for pages: how folders stand, in turns of a second, sooner where an alert begins or ends.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::IntoResponse};
use bytes::Bytes;
use event_bus::Folder;
use folder_state::Turn;
use serde::Deserialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::task::AbortOnDropHandle;
use utoipa::IntoParams;

use super::{
    pace::{Missed, Told},
    viewers::{Connection, Viewer, alive},
};
use crate::{
    app::{App, parse},
    front_door::{
        extract::Search,
        refusals::{self, Asked, Named, Refusals},
        schemas::FolderName,
    },
    problem::Problem,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StandingsQuery {
    /// How one folder stands.
    #[param(value_type = Option<FolderName>, inline)]
    folder: Option<String>,
    /// The position up to which the viewer knows how things stand; a browser that comes back says it in `Last-Event-ID`.
    after: Option<String>,
}

/// Somebody who is told how folders stand.
struct Follower {
    app: Arc<App>,
    only: Option<Folder>,
    seen: Turn,
    told: Receiver<Told>,
    /// What they have missed, while it is being made.
    missed: Option<AbortOnDropHandle<Missed>>,
}

/// Tells how folders stand, each when it has changed, in turns of a second
///
/// Server-sent events: `folder` (with a `Folder`), `folder-removed` (with its name as `folder`), `unattended` (with the
/// `count` of alerts that fire and nobody has in hand), and `hello` once what was missed is told; `alive` every 3 s. Both
/// say as `isConnected` whether the service is connected to NATS: while it is not, nothing is current. The id of an event
/// is the position that it reaches. A turn ends early where an alert begins or ends.
#[utoipa::path(
    get,
    path = "/api/v1/events/folders",
    tag = "events",
    operation_id = "followFolders",
    params(StandingsQuery),
    responses(
        (status = OK, description = "Events without end", body = String, content_type = "text/event-stream"),
        Refusals<(Asked, Named, refusals::Seat)>,
    )
)]
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    Search(query): Search<StandingsQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let only = query.folder.as_deref().map(parse).transpose()?;
    let last = headers.get("last-event-id");
    let position = last
        .and_then(|id| id.to_str().ok())
        .or(query.after.as_deref());
    let connection = Connection::open(&app)?;
    let mut follower = Follower {
        told: app.pace.subscribe(),
        seen: position.map_or(0, |position| app.pace.turn(position)),
        missed: None,
        only,
        app,
    };
    let first = follower.catch_up().await;
    Ok(connection.tell(first.unwrap_or_default(), follower))
}

impl Viewer for Follower {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.missed.is_some() {
                return self.catch_up().await;
            }
            match self.told.recv().await {
                Ok(told) if told.turn <= self.seen => {}
                Ok(told) => {
                    self.seen = told.turn;
                    if let Some(events) = self.of_interest(&told) {
                        return Some(events);
                    }
                }
                Err(RecvError::Lagged(_)) => return self.catch_up().await,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

impl Follower {
    /// All that they have missed. Whoever stops waiting goes on waiting for the same the next time.
    async fn catch_up(&mut self) -> Option<Bytes> {
        let (turn, missed) = match &self.only {
            Some(only) => self.app.pace.told_since(self.seen, only),
            None => {
                let making = self.missed.get_or_insert_with(|| {
                    let pace = Arc::clone(&self.app.pace);
                    AbortOnDropHandle::new(tokio::spawn(pace.missed_since(self.seen)))
                });
                let missed = making.await.ok()?;
                self.missed = None;
                (missed.turn, missed.all)
            }
        };
        self.seen = turn;
        let hello = format!(
            "id: {}\nevent: hello\ndata: {}\n\n",
            self.app.pace.position(turn),
            alive(&self.app)
        );
        let events = [missed, self.app.pace.unattended(), hello.into()];
        Some(events.concat().into())
    }

    fn of_interest(&self, told: &Told) -> Option<Bytes> {
        let Some(only) = &self.only else {
            return Some([&told.all[..], &told.unattended].concat().into());
        };
        let mut folders = told.folders.iter();
        let event = folders.find(|(folder, _)| folder == only);
        let event = event.map_or(Bytes::new(), |(_, event)| event.clone());
        let events = [event, told.unattended.clone()].concat();
        (!events.is_empty()).then(|| events.into())
    }
}
