//! Who was told of which alerts, and trying a receiver.

use anyhow::anyhow;
use comfy_table::{Table, presets};
use event_bus::{Bus, BusConfig, Notice, NoticeChange, Role, Stored, TurnChange};
use notifier::Outcome;
use serde_json::json;
use service_runtime::Failure;
use time::OffsetDateTime;

use crate::lines;

#[derive(clap::Args)]
pub(crate) struct NotifyCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show who was told of which alerts, the latest last, what is on its way, and what failed and why
    List(List),
    /// Show to whom messages wait, and why
    Waiting(Waiting),
    /// Send a message to a receiver, to see whether it arrives
    Test(Test),
}

#[derive(clap::Args)]
struct List {
    /// Only what was told to this receiver
    #[arg(long, value_name = "NAME")]
    receiver: Option<String>,

    /// Only what is on its way, or was given up
    #[arg(long)]
    failed: bool,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    bus: BusConfig,
}

#[derive(clap::Args)]
struct Waiting {
    /// One JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    bus: BusConfig,
}

#[derive(clap::Args)]
struct Test {
    /// The receiver, as the file names it: `ops` of [receiver.ops]
    receiver: String,

    #[command(flatten)]
    notify: notifier::Config,
}

impl NotifyCommand {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List(list) => list.run().await,
            Action::Waiting(waiting) => waiting.run().await,
            Action::Test(test) => test.run().await,
        }
    }
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let stored = connect(&self.bus).await?.all::<NoticeChange>().await;
        let mut notices: Vec<(String, Notice)> = stored.into_iter().filter_map(named).collect();
        notices.retain(|(receiver, notice)| self.is_wanted(receiver, notice));
        notices.sort_by_key(|(_, notice)| notice.changed_at());
        if self.json {
            return notices.iter().try_for_each(|(receiver, notice)| {
                let line = json!({ "receiver": receiver, "notice": notice });
                lines::print(line.to_string())
            });
        }
        if notices.is_empty() {
            return lines::print("Nobody was told of anything.");
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "RECEIVER",
            "ALERT",
            "TOLD AT",
            "END TOLD AT",
            "MESSAGES",
            "STANDS",
        ]);
        for (receiver, notice) in &notices {
            table.add_row([
                receiver.clone(),
                notice.alert.clone(),
                time(notice.told_at),
                time(notice.end_told_at),
                notice.messages.to_string(),
                stands(notice),
            ]);
        }
        lines::print(table.to_string())
    }

    fn is_wanted(&self, receiver: &str, notice: &Notice) -> bool {
        let is_theirs = self
            .receiver
            .as_ref()
            .is_none_or(|wanted| wanted == receiver);
        let is_trouble = notice.failed.is_some() || notice.sending.is_some();
        is_theirs && (is_trouble || !self.failed)
    }
}

fn named(stored: Stored<NoticeChange>) -> Option<(String, Notice)> {
    Some((stored.key.receiver.to_string(), stored.event.value?))
}

fn stands(notice: &Notice) -> String {
    if let Some(sending) = &notice.sending {
        let what = sending.telling.word();
        return match sending.tries {
            0 => format!("{what}: being sent"),
            tries => format!("{what}: tried {tries} times: {}", sending.why),
        };
    }
    if let Some(failed) = &notice.failed {
        let (what, at) = (failed.telling.word(), time(Some(failed.at)));
        return format!("{what}: given up at {at}: {}", failed.why);
    }
    match notice.end_told_at {
        Some(_) => "told".to_owned(),
        None => "told; its end is not yet".to_owned(),
    }
}

fn time(at: Option<OffsetDateTime>) -> String {
    let at = at.and_then(|at| at.replace_nanosecond(0).ok());
    at.map_or_else(String::new, proto::rfc3339)
}

impl Waiting {
    async fn run(self) -> Result<(), Failure> {
        let mut turns = std::collections::BTreeMap::new();
        for stored in connect(&self.bus).await?.all::<TurnChange>().await {
            turns.insert(stored.key, stored.event.value.unwrap_or_default());
        }
        if self.json {
            return turns.iter().try_for_each(|(receiver, turn)| {
                lines::print(json!({ "receiver": receiver, "turn": turn }).to_string())
            });
        }
        if turns.is_empty() {
            return lines::print("No notifier has run yet.");
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "RECEIVER",
            "WAITING",
            "FOR THE RATE",
            "NOT TOLD",
            "WHY",
        ]);
        for (receiver, turn) in &turns {
            let why = match (turn.holder.is_empty(), turn.rests_ms) {
                (true, _) => "no notifier sends to it".to_owned(),
                (false, 0) => String::new(),
                (false, rests) => {
                    format!("left alone for {} s: {}", rests.div_ceil(1000), turn.why)
                }
            };
            table.add_row([
                receiver.to_string(),
                turn.waiting.to_string(),
                turn.held_by_rate.to_string(),
                turn.held.to_string(),
                why,
            ]);
        }
        lines::print(table.to_string())
    }
}

impl Test {
    async fn run(self) -> Result<(), Failure> {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let (_, routes) = self.notify.load()?;
        let outcome = routes.try_receiver(&self.receiver).await;
        match outcome.map_err(Failure::usage)? {
            Outcome::Delivered(_) => lines::print(format!("{} has taken it.", self.receiver)),
            Outcome::TryAgain { why, .. } => Err(Failure::Unavailable(anyhow!(
                "{} has not taken it, and may later: {why}",
                self.receiver
            ))),
            Outcome::Refused { why } => Err(Failure::Unavailable(anyhow!(
                "{} does not take it: {why}",
                self.receiver
            ))),
        }
    }
}

async fn connect(config: &BusConfig) -> Result<Bus, Failure> {
    Bus::connect(config, "framewatch notify", Role::Worker)
        .await
        .map_err(Failure::unavailable)
}
