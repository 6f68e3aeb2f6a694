//! The events of a page that somebody has open. They say in the address which drawings they have, and are sent those of the
//! parts that look otherwise, in the turns of `pace`. So nothing is kept between two connections, and any copy of the
//! service can answer.

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::response::IntoResponse;
use serde::Deserialize;
use tokio::{sync::watch, time::Instant};

use super::{
    drawing::Drawing,
    viewers::{Connection, InTurns},
};
use crate::{app::App, problem::Problem};

/// A page that tells what becomes of it.
pub(crate) trait Page: Send + 'static {
    /// After this time it is drawn anew although nothing has happened: time alone changes things, too.
    const AT_LEAST_EVERY: Duration;

    /// Another number as soon as something has happened by which it may look otherwise. It is asked for in every turn.
    fn version(&self) -> u64;

    /// All that may change of it; `None` where what it shows is no longer there.
    fn draw(&self) -> Result<Option<Drawing>, Problem>;
}

/// More parts than any page has, and as many as an address of 8 KB can name.
const MOST_PRINTS: usize = 600;

/// Which drawings somebody has.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Has {
    /// Their prints, separated by commas.
    has: String,
}

impl Has {
    pub(crate) fn prints(&self) -> HashSet<String> {
        let prints = self.has.split(',').filter(|print| !print.is_empty());
        prints.take(MOST_PRINTS).map(str::to_owned).collect()
    }
}

/// Somebody who has a page open.
struct Follower<P> {
    app: Arc<App>,
    page: P,
    /// The prints of what they have.
    has: HashSet<String>,
    drawn_at: Instant,
    drawn_of: Option<u64>,
    /// The ends of turns, with how many alerts nobody has in hand.
    turns: watch::Receiver<usize>,
    unattended: usize,
}

/// Tells what becomes of a page: first what looks otherwise than what they have, then `hello`, and then each change.
///
/// Events: `part`, with the element as HTML; `order`, with the names of a list's parts; `gone` when what the page shows is no
/// longer there; `unattended`, `hello` and `alive` as of all pages.
pub(crate) fn follow<P: Page>(
    app: &Arc<App>,
    page: P,
    has: &Has,
) -> Result<impl IntoResponse + use<P>, Problem> {
    let connection = Connection::open(app)?;
    let turns = app.pace.ends_of_turns();
    let unattended = *turns.borrow();
    let follower = Follower {
        app: Arc::clone(app),
        page,
        has: has.prints(),
        drawn_at: Instant::now(),
        drawn_of: None,
        unattended,
        turns,
    };
    Ok(connection.tell_in_turns(follower))
}

impl<P: Page> InTurns for Follower<P> {
    type Turn = usize;

    fn turns(&mut self) -> &mut watch::Receiver<usize> {
        &mut self.turns
    }

    fn news(&mut self) -> Vec<u8> {
        let unattended = *self.turns.borrow_and_update();
        let mut events = self.news_of_the_page().into_bytes();
        if unattended != self.unattended {
            self.unattended = unattended;
            events.extend_from_slice(&self.app.pace.unattended());
        }
        events
    }
}

impl<P: Page> Follower<P> {
    fn news_of_the_page(&mut self) -> String {
        let version = self.page.version();
        if self.drawn_of == Some(version) && self.drawn_at.elapsed() < P::AT_LEAST_EVERY {
            return String::new();
        }
        (self.drawn_of, self.drawn_at) = (Some(version), Instant::now());
        match self.page.draw() {
            Ok(Some(drawing)) => {
                let events = drawing.news(|print| self.has.contains(print));
                self.has = drawing.prints().collect();
                events
            }
            Ok(None) => "event: gone\ndata: {}\n\n".to_owned(),
            Err(problem) => {
                tracing::debug!(detail = problem.detail, "a page stays as it is");
                String::new()
            }
        }
    }
}
