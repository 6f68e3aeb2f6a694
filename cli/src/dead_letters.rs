//! `framewatch dead-letters`: lists what could not be read, shows it, and publishes it again.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, anyhow};
use comfy_table::{Table, presets};
use event_bus::{Bus, BusConfig, DeadLetter, ReplayError, Role, Stored};
use serde_json::json;
use service_runtime::Failure;

use crate::{lines, progress::Progress};

#[derive(clap::Args)]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show all of them, oldest first
    List(List),
    /// Show one with its cause, and write what it carries to a file
    Show(Show),
    /// Publish them again where they had been published, and remove them
    Replay(Replay),
}

#[derive(clap::Args)]
struct List {
    /// One JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    bus: BusConfig,
}

#[derive(clap::Args)]
struct Show {
    /// Its number, as `list` shows it
    number: u64,

    /// Where to write what it carries
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    bus: BusConfig,
}

#[derive(clap::Args)]
struct Replay {
    /// Their numbers, as `list` shows them
    #[arg(required_unless_present = "all")]
    numbers: Vec<u64>,

    /// All that there are now
    #[arg(long, conflicts_with = "numbers")]
    all: bool,

    #[command(flatten)]
    bus: BusConfig,
}

impl DeadLetters {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List(list) => list.run().await,
            Action::Show(show) => show.run().await,
            Action::Replay(replay) => replay.run().await,
        }
    }
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let letters = connect(&self.bus).await?.dead_letters().await;
        if self.json {
            return letters
                .iter()
                .try_for_each(|letter| lines::print(as_json(letter).to_string()));
        }
        if letters.is_empty() {
            return lines::print("There are no dead letters.");
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "NUMBER",
            "STORED AT",
            "SUBJECT",
            "BYTES",
            "CAUSE",
        ]);
        for Stored {
            event, sequence, ..
        } in &letters
        {
            table.add_row([
                sequence.to_string(),
                event.stored_at.clone(),
                event.subject.clone(),
                event.size.to_string(),
                event.cause.clone(),
            ]);
        }
        lines::print(table.to_string())
    }
}

impl Show {
    async fn run(self) -> Result<(), Failure> {
        let letter = find(&connect(&self.bus).await?, self.number).await?;
        let DeadLetter {
            subject,
            cause,
            reader,
            stored_at,
            size,
            left_out,
            payload,
            ..
        } = &letter.event;
        lines::print(format!("number     {}", letter.sequence))?;
        lines::print(format!("subject    {subject}"))?;
        lines::print(format!("stored at  {stored_at}"))?;
        lines::print(format!("cause      {cause}"))?;
        lines::print(format!("found by   {reader}"))?;
        for (name, value) in letter.event.headers() {
            lines::print(format!("header     {name}: {value}"))?;
        }
        lines::print(format!("bytes      {size}"))?;
        if !left_out.is_empty() {
            lines::print(format!("left out   {left_out}"))?;
        }
        if let Some(path) = self.output {
            fs::write(&path, payload)
                .with_context(|| format!("cannot write {}", path.display()))
                .map_err(Failure::Usage)?;
        }
        Ok(())
    }
}

impl Replay {
    async fn run(self) -> Result<(), Failure> {
        let bus = connect(&self.bus).await?;
        let numbers: Vec<u64> = if self.all {
            let letters = bus.dead_letters().await;
            letters.iter().map(|letter| letter.sequence).collect()
        } else {
            self.numbers
        };
        let progress = Progress::of_count(numbers.len());
        for number in numbers {
            let letter = find(&bus, number).await?;
            match bus.replay(&letter).await {
                Ok(()) => {
                    progress.print(format!("{number}: published to {}", letter.event.subject))?;
                }
                Err(error) if error.is_final() && self.all => {
                    progress.print(format!("{number}: stays; {error}"))?;
                }
                Err(error) if error.is_final() => {
                    return Err(Failure::usage(stays(number, error)));
                }
                Err(error) => return Err(Failure::Unavailable(stays(number, error))),
            }
            progress.advance();
        }
        Ok(())
    }
}

fn stays(number: u64, error: ReplayError) -> anyhow::Error {
    anyhow!(error).context(format!("the dead letter {number} stays"))
}

async fn connect(config: &BusConfig) -> Result<Bus, Failure> {
    Bus::connect(config, "framewatch dead-letters", Role::Worker)
        .await
        .map_err(Failure::unavailable)
}

async fn find(bus: &Bus, number: u64) -> Result<Stored<DeadLetter>, Failure> {
    let letter = bus
        .dead_letter(number)
        .await
        .map_err(|error| Failure::Unavailable(anyhow!(error)))?;
    letter.ok_or_else(|| {
        Failure::Usage(anyhow!(
            "there is no dead letter {number}; `list` shows those there are"
        ))
    })
}

fn as_json(letter: &Stored<DeadLetter>) -> serde_json::Value {
    json!({
        "number": letter.sequence,
        "subject": letter.event.subject,
        "storedAt": letter.event.stored_at,
        "cause": letter.event.cause,
        "foundBy": letter.event.reader,
        "bytes": letter.event.size,
        "leftOut": letter.event.left_out,
    })
}
