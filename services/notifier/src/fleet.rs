//! A task for each receiver, begun and ended as the routes say: the file is read again when it changes, and people may set
//! routes in place of its own.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use event_bus::{ReceiverName, with_causes};
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Routes, RoutesFile,
    delivery::{Delivery, Shared},
    in_force::{Given, SetByPeople},
};

/// How often the file is read again.
const LOOK: Duration = Duration::from_secs(2);

pub(crate) struct Fleet {
    pub(crate) shared: Shared,
    running: BTreeMap<ReceiverName, Running>,
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Fleet {
    pub(crate) fn new(shared: Shared) -> Self {
        Fleet {
            shared,
            running: BTreeMap::new(),
        }
    }

    /// Begins with what the file says and people have set. Where the latter cannot be, the file's routes are better than none.
    pub(crate) async fn begin(&mut self, routes: Routes, given: Option<&Given>) {
        match routes.clone().with(given) {
            Ok(routes) => self.become_these(routes).await,
            Err(faults) => {
                tracing::error!("the file's routes hold; those that were set cannot: {faults}");
                self.become_these(routes).await;
            }
        }
    }

    /// Reads the file again and again, and does what it and people say.
    pub(crate) async fn follow(
        &mut self,
        file: RoutesFile,
        mut given: watch::Receiver<SetByPeople>,
    ) {
        let mut before = None;
        let mut complaint = None;
        loop {
            // Whoever sets them is gone only when all ends.
            drop(timeout(LOOK, given.changed()).await);
            let now = given.borrow_and_update().clone();
            let (reading, last) = (file.clone(), before.clone());
            let looked = spawn_blocking(move || changed(&reading, now, last)).await;
            let looked = match looked {
                Ok(looked) => looked,
                Err(error) => {
                    tracing::error!(%error, "reading the file of routes failed");
                    continue;
                }
            };
            match looked {
                Ok(None) => {}
                Ok(Some((said, routes))) => {
                    let is_first = before.replace(said).is_none();
                    complaint = None;
                    self.become_these(routes).await;
                    if !is_first {
                        tracing::info!(
                            "the routes are those of the changed file, or those just set, now"
                        );
                    }
                }
                Err(error) => {
                    if complaint.as_ref() != Some(&error) {
                        tracing::error!("the routes stay as they are: {error}");
                    }
                    self.refuse(error.clone());
                    complaint = Some(error);
                    metrics::gauge!("framewatch_routes_refused").set(1.0);
                }
            }
        }
    }

    /// Notes what is wrong with the routes as they are written now; an empty text where nothing is.
    pub(crate) fn refuse(&self, why: String) {
        *self.shared.refused.write() = why;
    }

    /// Ends who is no more, and begins who is new. The others take what the file says of them before their next message.
    pub(crate) async fn become_these(&mut self, routes: Routes) {
        metrics::gauge!("framewatch_routes_refused").set(0.0);
        self.refuse(String::new());
        let names: Vec<ReceiverName> = routes.receivers.keys().cloned().collect();
        *self.shared.routes.write() = Arc::new(routes);
        let gone: Vec<ReceiverName> = self
            .running
            .iter()
            .filter(|(name, running)| !names.contains(name) || running.task.is_finished())
            .map(|(name, _)| name.clone())
            .collect();
        for name in gone {
            if let Some(running) = self.running.remove(&name) {
                running.end(&name).await;
            }
        }
        for name in names {
            self.running.entry(name.clone()).or_insert_with(|| {
                let stop = CancellationToken::new();
                let delivery = Delivery {
                    shared: self.shared.clone(),
                    name,
                };
                Running {
                    task: tokio::spawn(delivery.run(stop.clone())),
                    stop,
                }
            });
        }
        self.shared.knowledge.change(|_| {});
    }

    pub(crate) async fn end(self) {
        for running in self.running.values() {
            running.stop.cancel();
        }
        for (name, running) in self.running {
            running.end(&name).await;
        }
    }
}

impl Running {
    async fn end(self, name: &ReceiverName) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(receiver = %name, %error, "telling a receiver broke down");
        }
    }
}

/// The text of the file, and the routes that people have set.
#[derive(Clone, PartialEq)]
struct Said {
    file: String,
    given: SetByPeople,
}

/// The routes in force now, if the file or what people have set differs from before; or all that is wrong with it.
fn changed(
    file: &RoutesFile,
    given: SetByPeople,
    before: Option<Said>,
) -> Result<Option<(Said, Routes)>, String> {
    let text = file.text().map_err(|error| with_causes(&error))?;
    let now = Said { file: text, given };
    if before.as_ref() == Some(&now) {
        return Ok(None);
    }
    let routes = file
        .parsed(&now.file)
        .map_err(|error| with_causes(&error))?;
    let routes = routes.with(now.given.as_deref());
    let routes = routes.map_err(|faults| format!("the routes that were set: {faults}"))?;
    Ok(Some((now, routes)))
}
