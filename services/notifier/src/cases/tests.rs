//! Who is to be told of what: alerts that are made up, and routes as a file has them.

use std::{path::Path, time::Duration};

use event_bus::{AlertSubject, Latest, Origin, Stored};
use proto::v1::{Finding, Kind, Phase};

use super::*;
use crate::outbox::{Due, due};
use event_bus::Telling;

const ROUTES: &str = r#"
[receiver.ops]
type = "webhook"
url = "http://127.0.0.1:9/"
[receiver.oncall]
type = "webhook"
url = "http://127.0.0.1:9/"
[receiver.prometheus]
type = "alertmanager"
url = "http://127.0.0.1:9/"
[[route]]
match = { folder = "dock" }
to = ["ops"]
group-by = ["site", "kind"]
escalate = { after = "10m", to = ["oncall"] }
[[route]]
to = ["prometheus"]
remind = "1h"
"#;

fn routes() -> Routes {
    crate::routes_file::parsed_for_tests(ROUTES, Path::new(""))
}

fn fires(known: &mut Known, folder: &str, sequence: u64, subject: Subject) {
    let folder = folder.parse().unwrap();
    let key = AlertSubject { folder, subject };
    let alert = Alert {
        id: format!("{key}").replace('.', "-"),
        folder: key.folder.to_string(),
        subject: subject.into(),
        phase: Phase::Firing.into(),
        findings: vec![Finding::certain(Kind::Covered, "")],
        ..Alert::default()
    };
    known.learn_alert(Latest::Event(Stored {
        key,
        event: alert,
        stored_at: OffsetDateTime::UNIX_EPOCH,
        sequence,
        by: String::new(),
        first_said_at: None,
        origin: Origin::default(),
    }));
}

fn now(seconds: i64) -> Now {
    Now {
        wall: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds),
        running: Duration::from_secs(1000),
    }
}

fn of(known: &Known, receiver: &str, now: Now) -> Vec<Case> {
    cases(known, &routes(), &receiver.parse().unwrap(), now)
}

#[test]
fn each_receiver_has_the_alerts_that_its_routes_mean() {
    let mut known = Known::default();
    fires(&mut known, "dock", 1, Subject::View);
    fires(&mut known, "gate", 2, Subject::View);
    let ops = of(&known, "ops", now(0));
    assert_eq!(ops.len(), 1);
    let standing = ops[0].standing.as_ref().unwrap();
    assert_eq!(standing.group, "1 site, kind=covered");
    assert_eq!(
        due(&ops[0].notice, standing, now(0)),
        Due::Tell(Telling::Firing)
    );
    let prometheus = of(&known, "prometheus", now(0));
    assert_eq!(prometheus.len(), 2);
    let standing = prometheus[0].standing.as_ref().unwrap();
    assert!(standing.forgets && standing.remind < Some(Duration::from_secs(120)));
}

#[test]
fn others_are_told_so_long_after_the_first() {
    let mut known = Known::default();
    fires(&mut known, "dock", 1, Subject::View);
    let is_due = |known: &Known, seconds: i64| {
        let case = of(known, "oncall", now(seconds)).remove(0);
        due(&case.notice, case.standing.as_ref().unwrap(), now(seconds))
    };
    assert_eq!(is_due(&known, 10_000), Due::Nothing);
    let case = of(&known, "ops", now(0)).remove(0);
    let notice = Notice {
        told_at: Some(now(100).wall),
        ..case.notice
    };
    known.learn_stored_notice(case.key, notice, 1);
    assert_eq!(is_due(&known, 699), Due::Nothing);
    assert_eq!(is_due(&known, 700), Due::Tell(Telling::Escalation));
}

#[test]
fn a_camera_that_is_not_there_holds_back_its_view() {
    let mut known = Known::default();
    fires(&mut known, "dock", 1, Subject::View);
    fires(&mut known, "dock", 2, Subject::Camera);
    let held: Vec<_> = of(&known, "ops", now(0))
        .iter()
        .map(|case| due(&case.notice, case.standing.as_ref().unwrap(), now(0)))
        .collect();
    assert_eq!(held, [Due::Held(Hold::Camera), Due::Tell(Telling::Firing)]);
}

fn is_at(known: &mut Known, folder: &str, site: &str) {
    let folder: event_bus::Folder = folder.parse().unwrap();
    known.learn_camera(folder.clone());
    known.learn_folder(Stored {
        key: event_bus::FolderKey::Folder(folder),
        event: event_bus::FolderChange {
            value: Some(Details {
                site: site.to_owned(),
                ..Details::default()
            }),
        },
        stored_at: OffsetDateTime::UNIX_EPOCH,
        sequence: 1,
        by: String::new(),
        first_said_at: None,
        origin: Origin::default(),
    });
}

fn groups(known: &Known) -> Vec<String> {
    let cases = of(known, "prometheus", now(0));
    let groups = cases.into_iter().map(|case| case.standing.unwrap().group);
    groups.collect()
}

#[test]
fn half_of_a_site_is_told_as_one_and_so_is_its_end() {
    let mut known = Known::default();
    for number in 0..6 {
        is_at(&mut known, &format!("cam{number}"), "hamburg");
    }
    is_at(&mut known, "gate", "bremen");
    fires(&mut known, "gate", 1, Subject::Camera);
    fires(&mut known, "cam0", 2, Subject::Camera);
    fires(&mut known, "cam1", 3, Subject::Camera);
    assert_eq!(groups(&known), ["2", "2", "2"], "it is a third of one site");
    fires(&mut known, "cam2", 4, Subject::Camera);
    fires(&mut known, "cam5", 5, Subject::View);
    let outage = "2 outage=hamburg";
    assert_eq!(groups(&known), [outage, outage, outage, "2", "2"]);
    let case = of(&known, "prometheus", now(0)).remove(0);
    assert_eq!(case.standing.unwrap().group_interval, OUTAGE_INTERVAL);

    // One that comes back is told with those that it was told with, however many are left.
    let notice = Notice {
        told_at: Some(now(0).wall),
        group: outage.to_owned(),
        ..case.notice
    };
    known.learn_stored_notice(case.key, notice, 1);
    let episode = known.episodes.get_mut("cam0-camera").unwrap();
    episode.ended = Some(episode.alert.clone());
    assert_eq!(groups(&known), [outage, "2", "2", "2", "2"]);
}

#[test]
fn who_was_told_by_a_route_that_is_no_more_hears_of_the_end() {
    let mut known = Known::default();
    fires(&mut known, "gate", 1, Subject::View);
    let key = NoticeKey {
        episode: AlertKey::of_episode("gate"),
        receiver: "ops".parse().unwrap(),
    };
    let notice = Notice {
        told_at: Some(now(0).wall),
        ..first(&known.episodes["gate"].alert)
    };
    known.learn_stored_notice(key, notice, 1);
    let episode = known.episodes.get_mut("gate").unwrap();
    episode.ended = Some(episode.alert.clone());
    let case = of(&known, "ops", now(0)).remove(0);
    let standing = case.standing.unwrap();
    assert_eq!(standing.part, Part::Former);
    assert_eq!(
        due(&case.notice, &standing, now(0)),
        Due::Tell(Telling::Resolved)
    );
}
