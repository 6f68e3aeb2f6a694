//! Silences: alerts of which nobody is told for a while.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use anyhow::anyhow;
use comfy_table::{Table, presets};
use event_bus::{Bus, BusConfig, Role, SilenceChange, SilenceKey};
use proto::{
    timestamp,
    v1::{AlertMatcher, Silence},
};
use service_runtime::Failure;
use time::OffsetDateTime;

use crate::lines;

#[derive(clap::Args)]
pub(crate) struct SilenceCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Silence alerts until a time; what then still fires and was not told is told
    Add(Box<Add>),
    /// Show the silences that last, and those to come
    List(List),
    /// Take a silence back
    Remove(Remove),
}

#[derive(clap::Args)]
struct Add {
    /// Alerts of this folder; `*` stands for any characters: 'dock-*'
    #[arg(long, value_name = "PATTERN")]
    folder: Vec<String>,

    /// Alerts of folders at this site; `*` as above
    #[arg(long, value_name = "PATTERN")]
    site: Vec<String>,

    /// Alerts of folders in this area; `*` as above
    #[arg(long, value_name = "PATTERN")]
    area: Vec<String>,

    /// Alerts of folders with this tag
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,

    /// Alerts of this kind: covered, silent, …
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,

    /// Alerts about views, or about cameras
    #[arg(long, value_name = "view|camera")]
    subject: Vec<String>,

    /// For how long: 2h, 3days. One that recurs does so for so long [default for that: 365days]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_length, required_unless_present = "hours")]
    lasts: Option<Duration>,

    /// In these hours alone, every week, as for maintenance: 'Sun 02:00-04:00 Europe/Berlin'
    #[arg(long, value_name = "HOURS")]
    hours: Option<String>,

    /// When it begins, as in 2026-11-30T06:00:00Z [default: now]
    #[arg(long, value_name = "WHEN", value_parser = parse_moment)]
    from: Option<SystemTime>,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Who says so
    #[arg(long, env = "USER", value_name = "NAME")]
    name: String,

    #[command(flatten)]
    bus: BusConfig,
}

#[derive(clap::Args)]
struct List {
    /// Those that are over as well
    #[arg(long)]
    all: bool,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    bus: BusConfig,
}

#[derive(clap::Args)]
struct Remove {
    /// Its id, as `list` shows it
    id: SilenceKey,

    #[command(flatten)]
    bus: BusConfig,
}

impl SilenceCommand {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Add(add) => add.run().await,
            Action::List(list) => list.run().await,
            Action::Remove(remove) => remove.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> Result<(), Failure> {
        let now = OffsetDateTime::now_utc();
        let starts_at = self.from.map_or(now, OffsetDateTime::from);
        let lasts = self.lasts.unwrap_or(RECURS);
        let ends_at = starts_at
            .checked_add(lasts.try_into().map_err(|_| too_long())?)
            .ok_or_else(too_long)?;
        let recurs = self.hours.is_some();
        let silence = Silence {
            matcher: Some(AlertMatcher {
                folders: self.folder,
                sites: self.site,
                areas: self.area,
                tags: self.tag,
                kinds: self.kind,
                subjects: self.subject,
            }),
            starts_at: Some(timestamp(starts_at)),
            ends_at: (!recurs).then(|| timestamp(ends_at)),
            recurs_until: recurs.then(|| timestamp(ends_at)),
            hours: self.hours.unwrap_or_default(),
            reason: self.reason,
            name: self.name,
            created_at: Some(timestamp(now)),
            id: String::new(),
        };
        silence.check_new(now).map_err(Failure::usage)?;
        let silences = connect(&self.bus).await?.silences().by(&silence.name);
        let added = silences.add(silence).await.map_err(Failure::unavailable)?;
        let (id, until) = (&added.id, proto::rfc3339(ends_at));
        lines::print(match added.recurs() {
            true => format!("{id}: {}, until {until}", added.hours),
            false => format!("{id}: until {until}"),
        })
    }
}

/// How long a silence recurs if nothing says how long.
const RECURS: Duration = Duration::from_secs(365 * 24 * 3600);

fn too_long() -> Failure {
    Failure::Usage(anyhow!(
        "a silence lasts at most {} days",
        Silence::MAX_DAYS
    ))
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let mut silences = BTreeMap::new();
        for stored in connect(&self.bus).await?.all::<SilenceChange>().await {
            match stored.event.value {
                Some(silence) => silences.insert(stored.key, silence),
                None => silences.remove(&stored.key),
            };
        }
        let now = OffsetDateTime::now_utc();
        let is_over = |silence: &Silence| silence.times().is_none_or(|(_, ends)| ends <= now);
        silences.retain(|_, silence| self.all || !is_over(silence));
        if self.json {
            return silences.values().try_for_each(|silence| {
                let json = serde_json::to_string(silence)?;
                lines::print(json)
            });
        }
        if silences.is_empty() {
            return lines::print("Nothing is silenced.");
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(["ID", "FROM", "UNTIL", "HOURS", "WHAT", "BY", "REASON"]);
        for (key, silence) in &silences {
            let times = silence.times();
            let time = |at: Option<OffsetDateTime>| at.map_or_else(String::new, proto::rfc3339);
            table.add_row([
                key.to_string(),
                time(times.map(|(starts, _)| starts)),
                time(times.map(|(_, ends)| ends)),
                silence.hours.clone(),
                silence
                    .matcher
                    .as_ref()
                    .map(AlertMatcher::words)
                    .unwrap_or_default(),
                silence.name.clone(),
                silence.reason.clone(),
            ]);
        }
        lines::print(table.to_string())
    }
}

impl Remove {
    async fn run(self) -> Result<(), Failure> {
        let silences = connect(&self.bus).await?.silences();
        let found = silences.get(&self.id).await.map_err(Failure::unavailable)?;
        if found.is_none() {
            return Err(Failure::Usage(anyhow!(
                "there is no silence {}; `framewatch silence list` shows those there are",
                self.id
            )));
        }
        silences.unset(&self.id).await.map_err(Failure::unavailable)
    }
}

async fn connect(config: &BusConfig) -> Result<Bus, Failure> {
    Bus::connect(config, "framewatch silence", Role::Worker)
        .await
        .map_err(Failure::unavailable)
}

fn parse_length(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; it must be a duration as in 2h or 3days"))
}

fn parse_moment(text: &str) -> Result<SystemTime, String> {
    humantime::parse_rfc3339_weak(text)
        .map_err(|error| format!("{error}; it must be a moment as in 2026-11-30T06:00:00Z"))
}
