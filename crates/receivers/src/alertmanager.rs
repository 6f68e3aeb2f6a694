//! Prometheus' Alertmanager, by its API v2. It takes alerts one by one, groups them itself, and forgets one that is not sent
//! again.

use std::{path::Path, time::Duration};

use proto::{rfc3339, v1::Subject};
use reqwest::{Client, Url};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::{
    Message, Occasion, ReceiverSpec, SpecError, Told,
    http::{self, Login, Place, Refusal},
    plain,
    wording::Wording,
};

/// As Prometheus does by default.
pub(crate) const REPEATS_EVERY: Duration = Duration::from_secs(60);

/// When Alertmanager takes an alert for resolved that it is not sent again, as Prometheus asks of it: four times as long.
const HOLDS_FOR: Duration = Duration::from_secs(240);

const PATH: &str = "api/v2/alerts";

pub(crate) struct Alertmanager {
    client: Client,
    place: Place,
    login: Login,
}

impl Alertmanager {
    pub(crate) fn of(spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        let place = Place::of(spec, beside)?;
        Ok(Alertmanager {
            client: http::client(spec, beside, place.host())?,
            login: Login::of(spec, beside)?,
            place,
        })
    }

    pub(crate) fn place(&self) -> &str {
        self.place.host()
    }

    pub(crate) async fn send(&self, message: &Message, wording: &Wording) -> Result<(), Refusal> {
        let url = self.place.url().await.map_err(Refusal::now)?;
        let host = self.place.host();
        let request = self.client.post(beneath(url));
        let (request, secrets) = self.login.add(request).await.map_err(Refusal::now)?;
        let now = OffsetDateTime::now_utc();
        let alerts = alerts(message, wording, now);
        let answer = http::ask(request.json(&alerts), host).await?;
        answer.accepted(host, &secrets)?;
        Ok(())
    }
}

/// The API below the address at which Alertmanager is reached.
fn beneath(mut url: Url) -> Url {
    let path = format!("{}/{PATH}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(None);
    url
}

fn alerts(message: &Message, wording: &Wording, now: OffsetDateTime) -> Vec<Value> {
    if message.occasion == Occasion::Test && message.told.is_empty() {
        return vec![json!({
            "labels": { "alertname": "FramewatchTest" },
            "annotations": { "summary": wording.subject },
            "startsAt": rfc3339(now),
            "endsAt": rfc3339(now + REPEATS_EVERY),
        })];
    }
    let told = message.told.iter();
    told.map(|told| alert(told, now)).collect()
}

fn alert(told: &Told, now: OffsetDateTime) -> Value {
    let name = match told.subject {
        Subject::Camera => "FramewatchCamera",
        _ => "FramewatchView",
    };
    let since = told.since.unwrap_or(now);
    // Where an alert ended before it began, as by clocks that differ, it would be refused with all that are sent with it.
    let until = told.ended.unwrap_or(now + HOLDS_FOR).max(since);
    let mut alert = json!({
        "labels": filled([
            ("alertname", name.to_owned()),
            ("folder", plain::line(&told.folder, 100)),
            ("kind", plain::line(&told.kind, 100)),
            ("site", plain::line(&told.site, 100)),
        ]),
        "annotations": filled([
            ("summary", Wording::of_one(told)),
            ("description", plain::line(&told.why, 1000)),
            ("title", plain::line(&told.title, 100)),
            ("alert_id", plain::line(&told.alert.id, 200)),
        ]),
        "startsAt": rfc3339(since),
        "endsAt": rfc3339(until),
    });
    if let Some(link) = told.link.as_deref().and_then(plain::link) {
        alert["generatorURL"] = link.into();
    }
    alert
}

/// An empty label is none, and an empty annotation of no use.
fn filled<const N: usize>(pairs: [(&str, String); N]) -> Map<String, Value> {
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}
