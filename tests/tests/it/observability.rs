//! What Prometheus, Grafana and the documents say of metrics and alerts is so.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap()
}

/// The metrics of ours that a text names; a histogram by the name that the code has for it.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    text.match_indices("framewatch_")
        .filter(|(at, _)| !text[..*at].ends_with(is_part))
        .map(|(at, _)| {
            let rest = &text[at..];
            let name = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
            let parts = ["_bucket", "_sum", "_count"].into_iter();
            let mut histograms = parts.filter_map(|part| name.strip_suffix(part));
            histograms.next().unwrap_or(name).to_owned()
        })
        .collect()
}

/// Those that the services have.
fn of_the_code() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![workspace().join("crates"), workspace().join("services")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.components().any(|part| part.as_os_str() == "src") {
                let source = fs::read_to_string(&path).unwrap_or_default();
                let made = ["counter!(", "gauge!(", "histogram!("]
                    .into_iter()
                    .flat_map(|call| source.split(call).skip(1).map(str::trim_start))
                    .filter_map(|call| call.strip_prefix('"')?.split('"').next());
                found.extend(made.map(str::to_owned));
            }
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

#[test]
fn every_metric_is_documented_and_no_other() {
    assert_eq!(metrics(&text("docs/observability.md")), of_the_code());
}

#[test]
fn rules_and_dashboard_ask_for_metrics_that_there_are() {
    let known = of_the_code();
    for file in [
        "deploy/prometheus/rules.yml",
        "deploy/grafana/framewatch.json",
        "docs/runbook.md",
    ] {
        let asked = metrics(&text(file));
        let unknown: Vec<_> = asked.difference(&known).collect();
        assert!(
            unknown.is_empty() && !asked.is_empty(),
            "{file}: {unknown:?}"
        );
    }
    let dashboard: serde_json::Value =
        serde_json::from_str(&text("deploy/grafana/framewatch.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
}

#[test]
fn every_alert_is_in_the_runbook() {
    let rules = text("deploy/prometheus/rules.yml");
    let runbook = text("docs/runbook.md");
    let alerts: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        assert!(runbook.contains(&format!("\n## {alert}\n")), "{alert}");
        let link = format!("docs/runbook.md#{}", alert.to_lowercase());
        assert!(rules.contains(&link), "{link}");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "says what was skipped")]
fn the_rules_fire_when_they_should() {
    let folder = workspace().join("deploy/prometheus");
    for arguments in [
        &["check", "config", "prometheus.yml"][..],
        &["test", "rules", "rules_test.yml"],
    ] {
        let mut promtool = Command::new("promtool");
        let Ok(output) = promtool.args(arguments).current_dir(&folder).output() else {
            return eprintln!("no promtool: the rules are not tried");
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}
