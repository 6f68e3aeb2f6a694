//! `framewatch alerts`: lists alerts, and acknowledges them.

use std::time::Duration;

use alerting::sentences;
use comfy_table::{Table, presets};
use event_bus::{AlertKey, Folder};
use pbjson_types::Timestamp;
use proto::{
    from_timestamp,
    v1::{Acknowledgement, Alert, Label},
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use service_runtime::Failure;
use time::{OffsetDateTime, macros::format_description};

use crate::{
    api::{Api, ApiConfig},
    lines,
};

#[derive(clap::Args)]
pub(crate) struct Alerts {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show alerts, newest first
    List(List),
    /// Say that you have an alert in hand
    Ack(Ack),
    /// Take back that somebody has it in hand
    Unack(Unack),
}

#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    filter: Filter,

    /// Show no more than so many
    #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    /// One JSON object a line, as the service has it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    api: ApiConfig,
}

/// Which alerts; the names are those of the service's query.
#[derive(clap::Args)]
struct Filter {
    /// Those of one folder
    #[arg(long)]
    folder: Option<Folder>,

    /// Those that are firing, or those that are over
    #[arg(long, value_parser = ["firing", "resolved"])]
    phase: Option<String>,

    /// Those that somebody has in hand, or nobody
    #[arg(long, value_name = "true|false")]
    acknowledged: Option<bool>,

    /// Those that fired in the last hour, day, week or month (30 days)
    #[arg(long, value_parser = ["hour", "day", "week", "month"])]
    within: Option<String>,
}

#[derive(clap::Args)]
struct Ack {
    /// Its id, as `list` shows it
    id: AlertKey,

    /// Who you are; where there are accounts, the token says it
    #[arg(long, env = "USER")]
    name: String,

    /// What there is to say, in one line
    #[arg(long, default_value = "")]
    note: String,

    /// What it was: real where something was wrong, normal where all was as it should be. By this, changes of the rule are
    /// proposed
    #[arg(long, value_parser = Label::WORDS)]
    label: Option<String>,

    #[command(flatten)]
    api: ApiConfig,
}

#[derive(clap::Args)]
struct Unack {
    /// Its id, as `list` shows it
    id: AlertKey,

    #[command(flatten)]
    api: ApiConfig,
}

#[derive(Deserialize)]
struct Page {
    alerts: Vec<Box<RawValue>>,
    total: usize,
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    #[serde(flatten)]
    alert: Alert,
    acknowledgement: Option<Acknowledgement>,
    /// It fires, but since then no frame has said how the view looks.
    unknown_since: Option<Timestamp>,
}

impl Alerts {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List(list) => list.run().await,
            Action::Ack(ack) => ack.run().await,
            Action::Unack(unack) => unack.run().await,
        }
    }
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let (alerts, total) = self.fetch().await?;
        if self.json {
            return alerts
                .iter()
                .try_for_each(|alert| lines::print(alert.get()));
        }
        if alerts.is_empty() {
            return lines::print("There are no such alerts.");
        }
        lines::print(table(&alerts)?.to_string())?;
        if alerts.len() < total {
            lines::print(format!("{} of {total}; --limit shows more.", alerts.len()))?;
        }
        Ok(())
    }

    /// Up to the limit, from as many pages as that takes, and how many there are.
    async fn fetch(&self) -> Result<(Vec<Box<RawValue>>, usize), Failure> {
        let api = Api::new(&self.api)?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut alerts = Vec::new();
        let mut page: Page = api.get(&self.filter.first_page(limit)).await?;
        loop {
            let wanted = limit - alerts.len();
            alerts.extend(page.alerts.into_iter().take(wanted));
            match page.next {
                Some(next) if alerts.len() < limit => page = api.get(&next).await?,
                _ => return Ok((alerts, page.total)),
            }
        }
    }
}

impl Filter {
    fn first_page(&self, limit: usize) -> String {
        /// What the service gives at a time.
        const MOST: usize = 200;
        let folder = self.folder.as_ref().map(Folder::to_string);
        let acknowledged = self.acknowledged.map(|is| is.to_string());
        let given = [
            ("folder", folder.as_ref()),
            ("phase", self.phase.as_ref()),
            ("acknowledged", acknowledged.as_ref()),
            ("within", self.within.as_ref()),
        ];
        let narrowing: String = given
            .into_iter()
            .filter_map(|(name, value)| Some(format!("&{name}={}", value?)))
            .collect();
        format!("/api/v1/alerts?limit={}{narrowing}", limit.min(MOST))
    }
}

impl Ack {
    async fn run(self) -> Result<(), Failure> {
        let said = json!({ "name": self.name, "note": self.note, "label": self.label });
        let holds: Acknowledgement = Api::new(&self.api)?.put(&path(&self.id), &said).await?;
        lines::print(format!("{}: acknowledged by {}", self.id, holds.name))
    }
}

impl Unack {
    async fn run(self) -> Result<(), Failure> {
        Api::new(&self.api)?.delete(&path(&self.id)).await?;
        lines::print(format!("{}: not acknowledged", self.id))
    }
}

fn path(id: &AlertKey) -> String {
    format!("/api/v1/alerts/{id}/acknowledgement")
}

fn table(alerts: &[Box<RawValue>]) -> Result<Table, Failure> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "ID",
        "PHASE",
        "FIRED",
        "LASTED",
        "FOUND",
        "SIMILARITY",
        "ENDED BY",
        "ACKNOWLEDGED",
    ]);
    for alert in alerts {
        let Known {
            alert,
            acknowledgement,
            unknown_since,
        } = serde_json::from_str(alert.get())?;
        table.add_row([
            alert.id.clone(),
            phase(&alert, unknown_since),
            moment(alert.fired_at),
            lasted(&alert),
            found(&alert),
            fired_with(&alert),
            why_it_ended(&alert),
            acknowledgement.map_or_else(|| "-".to_owned(), said),
        ]);
    }
    Ok(table)
}

fn found(alert: &Alert) -> String {
    let kinds: Vec<String> = alert.findings.iter().map(|it| it.kind().words()).collect();
    match kinds.is_empty() {
        true => "-".to_owned(),
        false => kinds.join(", "),
    }
}

/// The similarity with which it fired, and that this was below the threshold, where it was.
fn fired_with(alert: &Alert) -> String {
    match alert.fired_with() {
        None => "-".to_owned(),
        Some((similarity, threshold)) => {
            let shown = sentences::shown(similarity, threshold);
            match similarity < threshold {
                true => format!("{shown} < {threshold}"),
                false => shown,
            }
        }
    }
}

fn why_it_ended(alert: &Alert) -> String {
    let (why, who) = (alert.resolved_by().words(), &alert.resolved_by_name);
    match (why, who.as_str()) {
        ("", _) => "-".to_owned(),
        (why, "") => why.to_owned(),
        (why, who) => format!("{why}, {who}"),
    }
}

/// Firing or resolved; and since when nothing is known of the view, if so.
fn phase(alert: &Alert, unknown_since: Option<Timestamp>) -> String {
    let word = alert.phase().word();
    match unknown_since {
        None => word.to_owned(),
        since => format!("{word}, not seen since {}", moment(since)),
    }
}

fn moment(at: Option<Timestamp>) -> String {
    let minute = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
    at.as_ref()
        .and_then(from_timestamp)
        .and_then(|at| at.format(minute).ok())
        .unwrap_or_else(|| "-".to_owned())
}

/// Until it resolved, or until now.
fn lasted(alert: &Alert) -> String {
    let at = |time: &Option<_>| time.as_ref().and_then(from_timestamp);
    let until = at(&alert.resolved_at).unwrap_or_else(OffsetDateTime::now_utc);
    at(&alert.fired_at).map_or_else(
        || "-".to_owned(),
        |fired| {
            let seconds = (until - fired).whole_seconds().try_into().unwrap_or(0);
            humantime::format_duration(Duration::from_secs(seconds)).to_string()
        },
    )
}

fn said(acknowledgement: Acknowledgement) -> String {
    let name = match acknowledgement.label().word() {
        "" => acknowledgement.name,
        label => format!("{} ({label})", acknowledgement.name),
    };
    match acknowledgement.note.as_str() {
        "" => name,
        note => format!("{name}: {note}"),
    }
}
