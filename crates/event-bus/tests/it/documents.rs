//! The tables of docs/events.md are what is declared.

use std::{fs, path::Path, time::Duration};

use event_bus::{Backup, BusConfig, DECLARATIONS, Declaration, Kind, Medium, Service};

fn document() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join("docs/events.md")).unwrap()
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn number(value: impl Into<Option<i64>>) -> String {
    match value.into() {
        None | Some(0) => "-".to_owned(),
        Some(value) => value.to_string(),
    }
}

fn minutes(age: Duration) -> i64 {
    (age.as_secs() / 60).try_into().unwrap()
}

fn backup(declared: &Declaration) -> &'static str {
    match declared.backup {
        Backup::No => "no",
        Backup::Emptied => "no; a restore empties it",
        Backup::LatestOfEachKey => "the last of each",
        Backup::Everything => "all",
        Backup::Pictures => "the pictures",
    }
}

/// In words, or what stands for nobody.
fn services(of: impl Fn(Service) -> bool) -> String {
    let services = Service::ALL.into_iter().filter(|service| of(*service));
    let words: Vec<_> = services.map(Service::word).collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(", ")
    }
}

fn row(declared: &Declaration) -> String {
    let subjects = declared.subjects();
    let subjects: Vec<_> = subjects.iter().map(|subject| code(subject)).collect();
    let medium = match declared.medium {
        Medium::File => "file",
        Medium::Memory => "memory",
    };
    let config = BusConfig::for_url("nats://127.0.0.1");
    let cells = [
        code(declared.name),
        subjects.join(" "),
        medium.to_owned(),
        number(declared.newest_kept.map(i64::from)),
        number(declared.max_age.map(minutes)),
        number(declared.max_bytes(&config) / 1_000_000),
        backup(declared).to_owned(),
        services(|service| declared.is_written_by(service)),
        services(|service| declared.is_read_by(service)),
    ];
    format!("| {} |\n", cells.join(" | "))
}

fn table(first: &str, kind: impl Fn(Kind) -> bool) -> String {
    let mut rows: Vec<_> = DECLARATIONS
        .iter()
        .filter(|declared| kind(declared.kind))
        .map(row)
        .collect();
    rows.sort();
    format!(
        "| {first} | subjects | storage | newest kept a subject | kept for (minutes) | at most (MB) | in a backup | written by | read by |\n\
         |---|---|---|---|---|---|---|---|---|\n{}",
        rows.concat()
    )
}

#[test]
fn the_tables_are_what_is_declared() {
    let document = document();
    for table in [
        table("stream", |kind| matches!(kind, Kind::Events { .. })),
        table("key-value bucket", |kind| kind == Kind::KeyValue),
        table("object bucket", |kind| kind == Kind::Objects),
    ] {
        assert!(
            document.contains(&table),
            "docs/events.md does not have this table:\n\n{table}"
        );
    }
}

#[test]
fn the_streams_that_say_their_format_are_named() {
    let marked = DECLARATIONS.iter().filter(|declared| declared.is_marked);
    let mut names: Vec<_> = marked.map(|declared| code(declared.name)).collect();
    names.sort();
    let last = names.pop().unwrap();
    let said = format!("{} and {last} say in their metadata", names.join(", "));
    assert!(document().contains(&said), "{said}");
}
