//! People who upload, remove and acknowledge meanwhile.

use std::{collections::HashMap, sync::Arc, time::Duration};

use event_bus::Bus;
use proto::v1::{Comparison, Verdict};
use reqwest::Client;
use serde_json::Value;
use tests::View;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    pictures::picture,
    site::{FOLDERS, Site, folder, is_held},
};

/// Between two uploads.
const PERIOD: Duration = Duration::from_secs(2);

/// The ids of the references that were acknowledged, by folder, in order.
pub(crate) type Uploads = HashMap<String, Vec<String>>;

struct Person {
    client: Client,
    web: String,
    uploads: Uploads,
}

/// The picture that a person uploads under this name.
pub(crate) fn reference(name: &str) -> (View, Vec<u8>) {
    let view = match name {
        "dock.jpg" => View::Dock,
        _ => View::Wall,
    };
    (view, picture(view, 9))
}

/// Gives every folder a reference, and some of them a rule; then uploads others until `stop`: first of all where comparators
/// say that they cannot decide, and ask for it.
pub(crate) async fn start(
    site: &Site,
    mut random: fastrand::Rng,
    stop: &CancellationToken,
) -> JoinHandle<Uploads> {
    let patience = Duration::from_secs(5);
    let mut person = Person {
        client: Client::builder().timeout(patience).build().unwrap(),
        web: format!("http://{}", site.web),
        uploads: Uploads::new(),
    };
    for number in 0..FOLDERS {
        person.make(&folder(number)).await;
        person.upload(&folder(number), "dock.jpg").await;
        if is_held(number) {
            person.hold(&folder(number)).await;
        }
    }
    let (stop, uploading) = (stop.clone(), Arc::clone(&site.uploading));
    let bus = site.broker.bus().await;
    tokio::spawn(async move {
        while stop.run_until_cancelled(sleep(PERIOD)).await.is_some() {
            let folder = match any_undecided(&bus).await {
                Some(folder) => folder,
                None => folder(random.usize(0..FOLDERS)),
            };
            let name = random.choice(["dock.jpg", "wall.jpg"]).unwrap();
            let _uploading = uploading.lock().await;
            person.upload(&folder, name).await;
        }
        person.uploads
    })
}

/// The first folder whose last frame could not be decided on, as far as the broker says so now.
async fn any_undecided(bus: &Bus) -> Option<String> {
    for number in 0..FOLDERS {
        let name = folder(number);
        let key = name.parse().unwrap();
        let latest = bus.latest::<Comparison>(&key);
        let Ok(Ok(latest)) = timeout(PERIOD, latest).await else {
            return None;
        };
        if latest.is_some_and(|latest| latest.event.verdict() == Verdict::Indeterminate) {
            return Some(name);
        }
    }
    None
}

impl Person {
    async fn make(&self, folder: &str) {
        let request = self
            .client
            .put(format!("{}/api/v1/folders/{folder}", self.web));
        request.send().await.unwrap().error_for_status().unwrap();
    }

    async fn hold(&self, folder: &str) {
        let request = self
            .client
            .put(format!("{}/api/v1/folders/{folder}/rule", self.web))
            .body(r#"{"holdSeconds":0.5,"keepFiringSeconds":0.5}"#);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// Tries once. What is not acknowledged may be there all the same.
    async fn upload(&mut self, folder: &str, name: &str) {
        let address = format!("{}/api/v1/folders/{folder}/images?name={name}", self.web);
        let (_, bytes) = reference(name);
        let answer = async {
            let response = self.client.post(address).body(bytes).send().await.ok()?;
            let response = response.error_for_status().ok()?;
            response.json::<Value>().await.ok()
        };
        if let Some(answer) = answer.await {
            let id = answer["images"][0]["id"].as_str().unwrap().to_owned();
            self.uploads.entry(folder.to_owned()).or_default().push(id);
        }
    }
}
