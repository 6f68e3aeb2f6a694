//! Server-sent events: what happens, as it happens.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::State,
    response::{IntoResponse, Sse, sse::Event},
};
use event_bus::Folder;
use folder_state::{Announcement, News};
use futures::{
    Stream, StreamExt,
    future::ready,
    stream::{once, select},
};
use serde::Deserialize;
use tokio::time::{Instant, interval_at};
use tokio_stream::wrappers::{BroadcastStream, IntervalStream, errors::BroadcastStreamRecvError};
use utoipa::IntoParams;

use super::viewers::{ALIVE, KEEP_ALIVE, Seat, UNBUFFERED, alive};
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
pub(super) struct EventsQuery {
    /// What happens to one folder.
    #[param(value_type = Option<FolderName>, inline)]
    folder: Option<String>,
}

/// Tells of everything as it happens
///
/// Server-sent events: `comparison` (with a `Comparison`), `alert` (`Alert`), `acknowledged` and `acknowledgement-removed`
/// (`Acknowledgement`), `upload` (`Upload`), `upload-removed` (`UploadRemoved`), `normal-added` (`NormalAdded`),
/// `normal-removed` (`NormalRemoved`); first of all `hello`, and `missed` with a `count` for a client that falls behind;
/// `alive` every 3 s. `hello` and `alive` say as `isConnected` whether the service is connected to NATS.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "events",
    operation_id = "followEvents",
    params(EventsQuery),
    responses(
        (status = OK, description = "Events without end", body = String, content_type = "text/event-stream"),
        Refusals<(Asked, Named, refusals::Seat)>,
    )
)]
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    Search(query): Search<EventsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let folder = query.folder.as_deref().map(parse).transpose()?;
    let events = announcements(&app, folder, Seat::take(&app)?);
    let events = select(events, signs_of_life(Arc::clone(&app)));
    let events = events.take_until(app.shutdown.clone().cancelled_owned());
    Ok(([UNBUFFERED], Sse::new(events)))
}

fn signs_of_life(app: Arc<App>) -> impl Stream<Item = Result<Event, Infallible>> {
    let first = Instant::now() + KEEP_ALIVE;
    IntervalStream::new(interval_at(first, KEEP_ALIVE))
        .map(move |_| Ok(Event::default().event(ALIVE).data(alive(&app))))
}

fn announcements(
    app: &App,
    folder: Option<Folder>,
    seat: Seat,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let live = BroadcastStream::new(app.states.live().subscribe());
    let hello = once(ready(Event::default().event("hello").data(alive(app))));
    let events = live.filter_map(move |received| {
        let _until_the_stream_ends = &seat;
        ready(event(received, folder.as_ref()))
    });
    hello.chain(events).map(Ok)
}

fn event(
    received: Result<Announcement, BroadcastStreamRecvError>,
    folder: Option<&Folder>,
) -> Option<Event> {
    match received {
        Ok(it) if folder.is_none_or(|folder| folder == it.folder()) => {
            Some(Event::default().event(name(it.news())).data(it.json()))
        }
        Ok(_) => None,
        Err(BroadcastStreamRecvError::Lagged(count)) => Some(
            Event::default()
                .event("missed")
                .data(format!("{{\"count\":{count}}}")),
        ),
    }
}

fn name(news: &News) -> &'static str {
    match news {
        News::Uploaded(_) => "upload",
        News::UploadRemoved(_) => "upload-removed",
        News::NormalAdded(_) => "normal-added",
        News::NormalRemoved(_) => "normal-removed",
        News::Compared(_) => "comparison",
        News::Alert(_) => "alert",
        News::Acknowledged(_) => "acknowledged",
        News::AcknowledgementRemoved(_) => "acknowledgement-removed",
    }
}
