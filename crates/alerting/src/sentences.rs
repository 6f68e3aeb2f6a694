//! What people are told of alerts: one sentence each, made of its findings and of why it ended.

mod places;

use std::time::Duration;

use proto::v1::{Alert, Finding, Kind, Phase, ResolvedBy, Subject};

/// The sentence of an alert. `lasted` is how long what led to it had lasted by then.
pub fn of_alert(alert: &Alert, lasted: Duration) -> String {
    match (alert.phase(), alert.subject()) {
        (Phase::Firing, Subject::Camera) => {
            format!("The camera of {} {}", whose(alert), what_is_wrong(alert))
        }
        (Phase::Firing, _) => format!("{} {}{}", whose(alert), what_is_wrong(alert), since(lasted)),
        (_, _) => why_it_ended(alert),
    }
}

/// What findings say, the most telling first. It is the rest of a sentence that begins with the folder or camera they
/// are about.
pub fn of_findings(findings: &[Finding]) -> String {
    let Some(first) = findings.first() else {
        return words(&Finding::default());
    };
    match (first.kind(), more_of(findings).as_str()) {
        (_, "") => words(first),
        (Kind::Moved, more) => format!("was {more}"),
        (Kind::Covered, more) if or_turned(findings) => format!("is covered, {more}"),
        (Kind::Covered, more) => format!("is covered {more}"),
        (Kind::Changed, more) => format!("has changed {more}"),
        (Kind::Swapped, more) => format!("shows the view {more}"),
        (_, _) => words(first),
    }
}

/// What findings say beyond the kind of the first: which way, where, or whose view. Empty where they say no more.
pub fn more_of(findings: &[Finding]) -> String {
    let Some(first) = findings.first() else {
        return String::new();
    };
    match first.kind() {
        Kind::Moved => {
            let shift = first.shift.as_ref();
            shift.map(places::of_shift).unwrap_or_default()
        }
        Kind::Covered if or_turned(findings) => "or turned to something plain".to_owned(),
        Kind::Changed | Kind::Covered => places::of_regions(&first.regions),
        Kind::Swapped if !first.folder.is_empty() => format!("of {}", first.folder),
        _ => String::new(),
    }
}

/// Whether nothing of the view is left. Then nobody can say whether the camera is covered or was turned.
fn or_turned(findings: &[Finding]) -> bool {
    matches!(findings, [_, second, ..] if second.kind() == Kind::Moved)
}

fn words(finding: &Finding) -> String {
    let words = match finding.kind() {
        Kind::Unspecified => "is not in order",
        Kind::Different => "no longer looks like its reference",
        Kind::Covered => "is covered",
        Kind::Moved => "was turned or shifted",
        Kind::Blurred => "is out of focus",
        Kind::Dark => "is too dark to compare",
        Kind::Blank => "shows one tone only, as when the lens is covered or the signal is lost",
        Kind::Changed => "has changed in a part",
        Kind::Swapped => "shows the view of another folder",
        Kind::Silent => "sends no frames",
        Kind::Frozen => "sends the same frame again and again",
        Kind::Unreadable => "sends what is no picture that can be read",
        Kind::Refused => "refuses the connection",
        Kind::NoKeyFrames => "sends a stream without frames that can be decoded by themselves",
        Kind::Tampering => "reports that somebody tampers with it",
    };
    match finding.cause.as_str() {
        "" => words.to_owned(),
        cause => format!("{words}: {cause}"),
    }
}

fn what_is_wrong(alert: &Alert) -> String {
    let first = alert.findings.first();
    let measured = alert.similarity.map(|similarity| {
        let (similarity, threshold) = (shown(similarity, alert.threshold), alert.threshold);
        match first.map(Finding::kind) {
            // What fired an alert of an earlier version, which has no findings, was always this.
            None | Some(Kind::Different) => {
                format!(": similarity {similarity} is below {threshold}")
            }
            Some(_) => format!(" (similarity {similarity})"),
        }
    });
    let words = match first.map(Finding::kind) {
        None | Some(Kind::Different) => {
            format!("no longer looks like its reference{}", reference(alert))
        }
        Some(_) => of_findings(&alert.findings),
    };
    words + &measured.unwrap_or_default()
}

fn why_it_ended(alert: &Alert) -> String {
    let (whose, by) = (whose(alert), by(alert));
    let measured = alert.similarity.map_or_else(String::new, |similarity| {
        format!("similarity {}", shown(similarity, alert.threshold))
    });
    match (alert.resolved_by(), alert.subject()) {
        (ResolvedBy::SwitchedOff, _) => format!(
            "{} raises no alerts any more: its rule says so{by}",
            alert.folder
        ),
        (ResolvedBy::Removed, _) => format!("{} has no reference any more{by}", alert.folder),
        (ResolvedBy::Camera, _) | (_, Subject::Camera) => {
            format!("The camera of {whose} works again")
        }
        (ResolvedBy::Rule, _) => format!(
            "{whose} counts as in order since its rule was changed{by}: {measured}, and the threshold is {} now",
            alert.threshold
        ),
        (ResolvedBy::Reference, _) => format!(
            "{whose} looks like its new reference{}{by}: {measured}",
            reference(alert)
        ),
        (ResolvedBy::View | ResolvedBy::Unspecified, _) => format!(
            "{whose} looks like its reference{} again: {measured}",
            reference(alert)
        ),
    }
}

/// The folder, and the camera's name where it gives one.
fn whose(alert: &Alert) -> String {
    let camera = alert.frame.as_ref().map_or("", |frame| &frame.camera);
    match (camera, alert.subject()) {
        ("", _) => alert.folder.clone(),
        (camera, Subject::Camera) => format!("{}, {camera},", alert.folder),
        (camera, _) => format!("{} (camera {camera})", alert.folder),
    }
}

fn reference(alert: &Alert) -> String {
    let reference = alert.reference.as_ref();
    reference.map_or_else(String::new, |reference| format!(" {}", reference.name))
}

fn by(alert: &Alert) -> String {
    match alert.resolved_by_name.as_str() {
        "" => String::new(),
        name => format!(" (by {name})"),
    }
}

fn since(lasted: Duration) -> String {
    match lasted.as_secs() {
        0 => String::new(),
        seconds => format!(", for {seconds} s"),
    }
}

/// Three digits, and more where three would show a similarity that is below the threshold as if it were not.
pub fn shown(similarity: f64, threshold: f64) -> String {
    let short = format!("{similarity:.3}");
    let misleads = short.parse().is_ok_and(|short: f64| short >= threshold);
    match misleads && similarity < threshold {
        true => similarity.to_string(),
        false => short,
    }
}

#[cfg(test)]
mod tests {
    use proto::v1::{Frame, Point, Reference, Region, Shift};

    use super::*;

    fn alert(kinds: &[Kind], similarity: f64) -> Alert {
        let findings = kinds.iter().map(|&kind| Finding {
            kind: kind.into(),
            ..Finding::default()
        });
        Alert {
            folder: "dock".to_owned(),
            phase: Phase::Firing.into(),
            subject: Subject::View.into(),
            findings: findings.collect(),
            similarity: Some(similarity),
            threshold: 0.9,
            frame: Some(Frame {
                camera: "cam-7".to_owned(),
                ..Frame::default()
            }),
            reference: Some(Reference {
                name: "dock.jpg".to_owned(),
                ..Reference::default()
            }),
            ..Alert::default()
        }
    }

    fn resolved(by: ResolvedBy, name: &str) -> Alert {
        Alert {
            phase: Phase::Resolved.into(),
            resolved_by: Some(by.into()),
            resolved_by_name: name.to_owned(),
            threshold: 0.4,
            ..alert(&[Kind::Different], 0.4375)
        }
    }

    fn said(alert: &Alert) -> String {
        of_alert(alert, Duration::ZERO)
    }

    #[test]
    fn what_fires_is_said_by_its_first_finding() {
        let different = alert(&[Kind::Different], 0.53125);
        assert_eq!(
            of_alert(&different, Duration::from_secs(5)),
            "dock (camera cam-7) no longer looks like its reference dock.jpg: similarity 0.531 is below 0.9, for 5 s"
        );
        let blank = alert(&[Kind::Blank, Kind::Different], 0.95);
        assert_eq!(
            said(&blank),
            "dock (camera cam-7) shows one tone only, as when the lens is covered or the signal is lost (similarity 0.950)"
        );
        let earlier = alert(&[], 0.5);
        assert!(said(&earlier).contains("no longer looks like"));
    }

    #[test]
    fn what_is_wrong_is_said_with_how_much_and_where() {
        let moved = |shift| Finding {
            kind: Kind::Moved.into(),
            shift,
            ..Finding::default()
        };
        let shift = Shift {
            dx: -0.062,
            zoom: 1.0,
            ..Shift::default()
        };
        let corners = [(0.0, 0.0), (0.35, 0.0), (0.35, 1.0), (0.0, 1.0)];
        let changed = Finding {
            kind: Kind::Changed.into(),
            regions: vec![Region {
                polygon: corners.map(|(x, y)| Point { x, y }).to_vec(),
                ..Region::default()
            }],
            ..Finding::default()
        };
        let named = |name: &str| Region {
            name: name.to_owned(),
            ..changed.regions[0].clone()
        };
        let at_the_gate = Finding {
            regions: vec![named("gate"), named("shelf 3"), named("gate")],
            ..changed.clone()
        };
        let swapped = Finding {
            kind: Kind::Swapped.into(),
            folder: "dock-3".to_owned(),
            ..Finding::default()
        };
        let covered = Finding {
            kind: Kind::Covered.into(),
            ..Finding::default()
        };
        let covered_in_part = Finding {
            regions: changed.regions.clone(),
            ..covered.clone()
        };
        for (findings, sentence) in [
            (
                vec![moved(Some(shift))],
                "was turned about 6 % to the right",
            ),
            (vec![moved(None)], "was turned or shifted"),
            (vec![changed.clone()], "has changed in the left third"),
            (vec![at_the_gate], "has changed at gate, and at shelf 3"),
            (vec![swapped], "shows the view of dock-3"),
            (vec![covered.clone()], "is covered"),
            (vec![covered_in_part], "is covered in the left third"),
            (
                vec![covered, moved(None)],
                "is covered, or turned to something plain",
            ),
        ] {
            let alert = Alert {
                findings,
                ..alert(&[], 0.4)
            };
            assert_eq!(
                said(&alert),
                format!("dock (camera cam-7) {sentence} (similarity 0.400)")
            );
        }
    }

    #[test]
    fn an_end_says_why_and_who() {
        for (alert, sentence) in [
            (
                resolved(ResolvedBy::View, ""),
                "dock (camera cam-7) looks like its reference dock.jpg again: similarity 0.438",
            ),
            (
                resolved(ResolvedBy::Rule, "jo"),
                "dock (camera cam-7) counts as in order since its rule was changed (by jo): similarity 0.438, and the threshold is 0.4 now",
            ),
            (
                resolved(ResolvedBy::Reference, ""),
                "dock (camera cam-7) looks like its new reference dock.jpg: similarity 0.438",
            ),
            (
                resolved(ResolvedBy::SwitchedOff, "jo"),
                "dock raises no alerts any more: its rule says so (by jo)",
            ),
            (
                resolved(ResolvedBy::Removed, ""),
                "dock has no reference any more",
            ),
        ] {
            assert_eq!(said(&alert), sentence);
        }
    }

    #[test]
    fn a_camera_has_sentences_of_its_own() {
        let silent = Alert {
            subject: Subject::Camera.into(),
            similarity: None,
            ..alert(&[Kind::Silent], 0.0)
        };
        assert_eq!(said(&silent), "The camera of dock, cam-7, sends no frames");
        let over = Alert {
            phase: Phase::Resolved.into(),
            resolved_by: Some(ResolvedBy::Camera.into()),
            ..silent
        };
        assert_eq!(said(&over), "The camera of dock, cam-7, works again");
    }

    #[test]
    fn a_similarity_below_the_threshold_is_never_shown_as_if_it_were_not() {
        assert_eq!(shown(0.89996, 0.9), "0.89996");
        assert_eq!(shown(0.9, 0.9), "0.900");
        assert_eq!(shown(0.53125, 0.9), "0.531");
    }
}
