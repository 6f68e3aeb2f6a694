//! Which routes hold: the file's, or those that people have set in their place.

use std::{sync::Arc, time::Duration};

use event_bus::{
    NotifierAnswer, RoutesChange, RoutesKey, RoutesSet, RoutesText, Stored, with_causes,
};
use proto::rfc3339;
use strict_file::Faults;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{Routes, delivery::Shared, routes_file::set_routes};

/// How long routes may take to be stored.
const STORED_WITHIN: Duration = Duration::from_secs(4);

/// How long it may take until stored routes are in force here.
const HOLD_WITHIN: Duration = Duration::from_secs(3);

const LOOK: Duration = Duration::from_millis(20);

/// The routes that people have set; `None` where the file's are in force.
pub(crate) type SetByPeople = Option<Arc<Given>>;

/// Routes that people have set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Given {
    text: String,
    set: RoutesSet,
}

/// Takes in what was set, or that it was taken back.
pub(crate) fn learn(given: &watch::Sender<SetByPeople>, change: Stored<RoutesChange>) {
    let at = rfc3339(change.stored_at);
    let set = change.event.value.map(|RoutesText { text, by }| {
        Arc::new(Given {
            text,
            set: RoutesSet { by, at },
        })
    });
    given.send_replace(set);
}

impl Routes {
    /// These with the routes that people have set, if they have.
    ///
    /// # Errors
    /// When those cannot be: they name a receiver that the file no longer has.
    pub(crate) fn with(self, given: Option<&Given>) -> Result<Self, Faults> {
        let Some(Given { text, set }) = given else {
            return Ok(self);
        };
        Ok(Routes {
            routes: set_routes(text, &self.receivers)?,
            text: text.clone(),
            set: Some(set.clone()),
            ..self
        })
    }
}

/// Sets routes, where they can be; answers as they then hold.
pub(crate) async fn set(shared: &Shared, given: &RoutesText) -> NotifierAnswer {
    if let Err(faults) = set_routes(&given.text, &shared.routes().receivers) {
        return NotifierAnswer::RoutesRefused {
            why: faults.to_string(),
        };
    }
    let bucket = shared.bus.set_routes();
    let stored = timeout(STORED_WITHIN, bucket.set(&RoutesKey, given)).await;
    let why = match stored {
        Ok(Ok(_)) => {
            tracing::info!(by = given.by, "routes were set");
            let holds = |routes: &Routes| routes.set.is_some() && routes.text == given.text;
            return once(shared, holds).await;
        }
        Ok(Err(error)) => with_causes(&error),
        Err(_) => "NATS did not answer in time".to_owned(),
    };
    NotifierAnswer::RoutesNotStored { why }
}

/// Lets the file's routes hold again.
pub(crate) async fn unset(shared: &Shared, by: &str) -> NotifierAnswer {
    let bucket = shared.bus.set_routes();
    let why = match timeout(STORED_WITHIN, bucket.unset(&RoutesKey)).await {
        Ok(Ok(_)) => {
            tracing::info!(by, "the routes that were set are taken back");
            return once(shared, |routes| routes.set.is_none()).await;
        }
        Ok(Err(error)) => with_causes(&error),
        Err(_) => "NATS did not answer in time".to_owned(),
    };
    NotifierAnswer::RoutesNotStored { why }
}

/// Answers with the routes once such routes are in force here. Where that takes too long, with those in force by then.
async fn once(shared: &Shared, holds: impl Fn(&Routes) -> bool) -> NotifierAnswer {
    let waiting = async {
        while !holds(&shared.routes()) {
            sleep(LOOK).await;
        }
    };
    if timeout(HOLD_WITHIN, waiting).await.is_err() {
        tracing::warn!("the routes are stored, but do not hold here yet");
    }
    NotifierAnswer::Routes(shared.said())
}
