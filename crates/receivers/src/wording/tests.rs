//! The words of messages, of one alert and of a group, and that none gets too long.

use proptest::prelude::*;
use proto::v1::{Alert, Finding, Kind, Phase, Subject};
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;
use crate::{Group, Links, Told};

const FIRED: OffsetDateTime = datetime!(2020-11-29 09:51:07 UTC);

fn told(folder: &str, subject: Subject, kind: Kind) -> Told {
    Told {
        site: "hamburg".to_owned(),
        ..Told::of(Alert {
            folder: folder.to_owned(),
            subject: subject.into(),
            phase: Phase::Firing.into(),
            findings: vec![Finding::certain(kind, "")],
            fired_at: Some(proto::timestamp(FIRED)),
            message: format!("{folder} is told of"),
            ..Alert::default()
        })
    }
}

fn over(mut told: Told, minutes: i64) -> Told {
    told.ended = Some(FIRED + Duration::minutes(minutes));
    told
}

fn message(occasion: Occasion, told: Vec<Told>) -> Message {
    Message {
        key: "episode-1.firing".to_owned(),
        occasion,
        group: Some(Group {
            by: "site".to_owned(),
            name: "hamburg".to_owned(),
            cameras: None,
        }),
        told,
        picture: None,
        links: Links::default(),
    }
}

fn wording(message: &Message) -> Wording {
    Wording::of(message, &Clock::of(Some("Europe/Berlin")).unwrap())
}

fn subject(occasion: Occasion, told: Vec<Told>) -> String {
    wording(&message(occasion, told)).subject
}

#[test]
fn one_alert_is_told_with_place_kind_and_time() {
    let covered = told("dock", Subject::View, Kind::Covered);
    let titled = Told {
        title: "Loading dock, east gate".to_owned(),
        ..covered.clone()
    };
    for (occasion, told, said) in [
        (
            Occasion::Firing,
            covered.clone(),
            "dock, hamburg: covered since 29 Nov 2020 10:51",
        ),
        (
            Occasion::Reminder,
            titled.clone(),
            "Still: Loading dock, east gate, hamburg: covered since 29 Nov 2020 10:51",
        ),
        (
            Occasion::Escalation,
            told("dock", Subject::Camera, Kind::Silent),
            "Not acknowledged: dock, hamburg: camera silent since 29 Nov 2020 10:51",
        ),
        (
            Occasion::Resolved,
            over(titled, 4),
            "Loading dock, east gate, hamburg: as it should be again after 4 min",
        ),
    ] {
        assert_eq!(subject(occasion, vec![told]), said);
    }
    assert_eq!(
        subject(Occasion::Test, Vec::new()),
        "Test: Framewatch can send you messages"
    );
}

#[test]
fn a_group_is_told_with_number_kinds_and_its_first_time() {
    let silent = || told("c", Subject::Camera, Kind::Silent);
    let frozen = || told("c", Subject::Camera, Kind::Frozen);
    let different = || told("c", Subject::View, Kind::Different);
    let mut later = silent();
    later.since = Some(FIRED + Duration::minutes(5));
    for (occasion, told, said) in [
        (
            Occasion::Firing,
            vec![later.clone(), silent(), later],
            "3 cameras at hamburg silent since 29 Nov 2020 10:51",
        ),
        (
            Occasion::Firing,
            vec![silent(), frozen(), silent()],
            "3 cameras at hamburg: 2 silent, 1 frozen since 29 Nov 2020 10:51",
        ),
        (
            Occasion::Firing,
            vec![silent(), different(), over(different(), 1)],
            "2 alerts at hamburg: 1 not as it should look, 1 silent since 29 Nov 2020 10:51; 1 as it should be again",
        ),
        (
            Occasion::Resolved,
            vec![over(different(), 1), over(different(), 12)],
            "2 views at hamburg as they should be again after 12 min",
        ),
    ] {
        assert_eq!(subject(occasion, told), said);
    }
}

#[test]
fn the_text_of_one_says_why_and_when_and_where_to_go() {
    let told = Told {
        title: "Loading dock".to_owned(),
        link: Some("https://example.org/alerts/1".to_owned()),
        ..over(told("dock", Subject::View, Kind::Different), 4)
    };
    let mut message = message(Occasion::Resolved, vec![told]);
    message.links.snooze = Some("https://example.org/s?x=1".to_owned());
    message.links.acknowledge = Some("javascript:alert(1)".to_owned());
    assert_eq!(
        wording(&message).text(),
        "Loading dock, hamburg: as it should be again after 4 min\n\
         \n\
         dock is told of.\n\
         Folder dock. From Sun 29 Nov 2020, 10:51:07 CET to Sun 29 Nov 2020, 10:55:07 CET.\n\
         \n\
         Open: https://example.org/alerts/1\n\
         Snooze: https://example.org/s?x=1\n"
    );
}

#[test]
fn of_a_site_it_says_how_many_cameras_there_are() {
    let silent = |subject| (0..3).map(move |i| told(&format!("c{i}"), subject, Kind::Silent));
    let of_ten = |told: Vec<Told>, occasion| Message {
        group: Some(Group {
            by: "site".to_owned(),
            name: "hamburg".to_owned(),
            cameras: Some(10),
        }),
        ..message(occasion, told)
    };
    let subject = |message: &Message| wording(message).subject;
    let cameras = of_ten(silent(Subject::Camera).collect(), Occasion::Firing);
    let said = subject(&cameras);
    assert!(
        said.starts_with("3 of 10 cameras at hamburg silent since "),
        "{said}"
    );
    let views = of_ten(silent(Subject::View).collect(), Occasion::Firing);
    assert!(subject(&views).starts_with("3 views at hamburg"));
}

#[test]
fn a_long_list_is_cut_with_the_number_of_the_others() {
    let many = (0..30).map(|i| told(&format!("c{i}"), Subject::Camera, Kind::Silent));
    let text = wording(&message(Occasion::Firing, many.collect())).text();
    assert!(
        text.starts_with("30 cameras at hamburg silent since "),
        "{text}"
    );
    assert_eq!(
        text.matches("\n- c").count(),
        20,
        "as many as are listed: {text}"
    );
    assert!(
        text.contains("- c0, hamburg: camera silent since 29 Nov 2020 10:51\n"),
        "{text}"
    );
    assert!(text.ends_with("… and 10 more\n"), "{text}");
}

fn any_told() -> impl Strategy<Value = Told> {
    let any_time = || proptest::option::of(-377_705_116_800_i64..253_402_300_799);
    (
        any::<[String; 6]>(),
        any_time(),
        any_time(),
        0..3_i32,
        proptest::collection::vec(any::<(i32, f64, String)>(), 0..3),
    )
        .prop_map(|(texts, since, ended, subject, findings)| {
            let [folder, title, site, why, link, kind] = texts;
            let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let findings = findings.into_iter().map(|(kind, score, cause)| Finding {
                kind,
                score,
                cause,
                ..Finding::default()
            });
            let alert = Alert {
                folder,
                subject,
                message: why,
                findings: findings.collect(),
                ..Alert::default()
            };
            let told = Told::of(alert);
            Told {
                title,
                site,
                since: since.map(at),
                ended: ended.map(at),
                kind: if kind.len() % 2 == 0 {
                    told.kind.clone()
                } else {
                    kind
                },
                link: Some(format!("https://{link}")),
                ..told
            }
        })
}

pub(crate) fn any_message() -> impl Strategy<Value = Message> {
    let occasions = prop_oneof![
        Just(Occasion::Firing),
        Just(Occasion::Reminder),
        Just(Occasion::Escalation),
        Just(Occasion::Resolved),
        Just(Occasion::Test),
    ];
    (
        any::<String>(),
        occasions,
        proptest::option::of(any::<(String, String, Option<usize>)>()),
        proptest::collection::vec(any_told(), 0..40),
        any::<[Option<String>; 3]>(),
    )
        .prop_map(|(key, occasion, group, told, links)| {
            let [open, acknowledge, snooze] = links;
            Message {
                key,
                occasion,
                group: group.map(|(by, name, cameras)| Group { by, name, cameras }),
                told,
                picture: None,
                links: Links {
                    open,
                    acknowledge,
                    snooze,
                },
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_message_holds_its_words_are_bounded_and_its_subject_is_one_line(message in any_message()) {
        let wording = wording(&message);
        prop_assert!(wording.subject.chars().count() <= 200);
        prop_assert!(!wording.subject.contains(|c: char| c.is_control()));
        prop_assert!(!wording.subject.is_empty());
        let text = wording.text();
        prop_assert!(text.chars().count() < 20_000);
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    }
}
