//! A task for each receiver, begun and ended as the file of routes says, which is read again when it changes.

use std::{collections::BTreeMap, sync::Arc, sync::PoisonError, time::Duration};

use event_bus::{ReceiverName, with_causes};
use strict_file::FileError;
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Routes, RoutesFile,
    delivery::{Delivery, Shared},
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

    /// Reads the file again and again, and does what it says.
    pub(crate) async fn follow(&mut self, file: RoutesFile) {
        let mut read: Option<String> = None;
        let mut complaint = None;
        loop {
            sleep(LOOK).await;
            let (reading, before) = (file.clone(), read.clone());
            let looked = spawn_blocking(move || changed(&reading, before.as_deref())).await;
            let looked = match looked {
                Ok(looked) => looked,
                Err(error) => {
                    tracing::error!(%error, "reading the file of routes failed");
                    continue;
                }
            };
            match looked {
                Ok(None) => {}
                Ok(Some((text, routes))) => {
                    let is_first = read.replace(text).is_none();
                    complaint = None;
                    self.become_these(routes).await;
                    if !is_first {
                        tracing::info!("the routes are those of the changed file now");
                    }
                }
                Err(error) => {
                    let said = with_causes(&error);
                    if complaint.as_ref() != Some(&said) {
                        tracing::error!("the routes stay as they are: {said}");
                    }
                    self.refuse(said.clone());
                    complaint = Some(said);
                    metrics::gauge!("framewatch_routes_refused").set(1.0);
                }
            }
        }
    }

    /// What is wrong with the file as it is now; nothing, where it is empty.
    fn refuse(&self, why: String) {
        let refused = self.shared.refused.write();
        *refused.unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Ends who is no more, and begins who is new. The others take what the file says of them before their next message.
    pub(crate) async fn become_these(&mut self, routes: Routes) {
        metrics::gauge!("framewatch_routes_refused").set(0.0);
        self.refuse(String::new());
        let names: Vec<ReceiverName> = routes.receivers.keys().cloned().collect();
        *self
            .shared
            .routes
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
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

/// What the file says, where it is not the same as before.
fn changed(file: &RoutesFile, before: Option<&str>) -> Result<Option<(String, Routes)>, FileError> {
    let text = file.text()?;
    if before == Some(text.as_str()) {
        return Ok(None);
    }
    let routes = file.parsed(&text)?;
    Ok(Some((text, routes)))
}
