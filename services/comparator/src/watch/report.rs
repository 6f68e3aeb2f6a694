//! What the log says of the alerts of cameras: a line for all that are alike in one round.

use proto::v1::{Alert, Finding, Kind, Phase};

/// How many folders a line names.
const NAMED: usize = 3;

/// Says which alerts have fired and resolved.
pub(super) fn report(alerts: &[Alert]) {
    for line in lines(alerts) {
        match line.phase {
            Phase::Firing => {
                tracing::warn!(target: "comparator::alerts", cameras = line.cameras, "{}", line.text);
            }
            _ => {
                tracing::info!(target: "comparator::alerts", cameras = line.cameras, "{}", line.text)
            }
        }
    }
}

#[derive(Debug, PartialEq)]
struct Line {
    phase: Phase,
    cameras: usize,
    text: String,
}

fn lines(alerts: &[Alert]) -> Vec<Line> {
    let mut alike: Vec<((Phase, Kind), Vec<&Alert>)> = Vec::new();
    for alert in alerts {
        let kind = alert
            .findings
            .first()
            .map_or(Kind::Unspecified, Finding::kind);
        let key = (alert.phase(), kind);
        match alike.iter_mut().find(|(known, _)| *known == key) {
            Some((_, of_key)) => of_key.push(alert),
            None => alike.push((key, vec![alert])),
        }
    }
    let line = |((phase, kind), alerts): ((Phase, Kind), Vec<&Alert>)| Line {
        phase,
        cameras: alerts.len(),
        text: text(phase, kind, &alerts),
    };
    alike.into_iter().map(line).collect()
}

fn text(phase: Phase, kind: Kind, alerts: &[&Alert]) -> String {
    if let [alert] = alerts {
        return alert.message.clone();
    }
    let count = alerts.len();
    let mut names: Vec<&str> = alerts.iter().map(|alert| alert.folder.as_str()).collect();
    names.sort_unstable();
    let others = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    names.truncate(NAMED);
    let names = names.join(", ");
    match phase {
        Phase::Firing => format!("{count} cameras are {}: {names}{others}", kind.words()),
        _ => format!(
            "{count} cameras are no longer {}: {names}{others}",
            kind.words()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(folder: String, phase: Phase, kind: Kind) -> Alert {
        Alert {
            message: format!("{folder} alone"),
            folder,
            phase: phase.into(),
            findings: vec![Finding {
                kind: kind.into(),
                ..Finding::default()
            }],
            ..Alert::default()
        }
    }

    #[test]
    fn five_hundred_that_fall_silent_are_one_line() {
        let mut alerts: Vec<Alert> = (100..600)
            .map(|number| alert(format!("gate-{number}"), Phase::Firing, Kind::Silent))
            .collect();
        alerts.push(alert("dock".to_owned(), Phase::Resolved, Kind::Frozen));
        let said: Vec<String> = lines(&alerts).into_iter().map(|line| line.text).collect();
        assert_eq!(
            said,
            [
                "500 cameras are silent: gate-100, gate-101, gate-102 and 497 more",
                "dock alone"
            ]
        );
    }
}
