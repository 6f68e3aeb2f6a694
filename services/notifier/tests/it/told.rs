//! People are told once, in time, together, and of the end.

use std::time::Duration;

use event_bus::AlertSubject;
use futures::future::join_all;
use proto::v1::Kind;
use test_support::Hook;
use tokio::time::Instant;

use crate::site::{Site, to};

#[tokio::test]
async fn what_fires_is_told_once_and_so_is_its_end() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let running = site.start(&to(&hook.url(), "group-wait = \"1s\"")).await;
    let fired_at = Instant::now();
    let alert = site.fire_view("dock").await;
    let came = hook.first(1).await;
    assert!(came[0].at - fired_at >= Duration::from_secs(1));
    assert!(came[0].at - fired_at < Duration::from_secs(6));
    assert_eq!(
        (came[0].occasion(), came[0].alerts()),
        ("firing", vec![alert.id.clone()])
    );
    let told = site
        .notice_where(&alert, |notice| notice.told_at.is_some())
        .await;
    assert_eq!((told.messages, told.sending), (1, None));

    site.resolve(&alert).await;
    let came = hook.first(2).await;
    assert_eq!(
        (came[1].occasion(), came[1].alerts()),
        ("resolved", vec![alert.id.clone()])
    );
    assert_ne!(came[0].key, came[1].key);
    site.notice_where(&alert, |notice| notice.end_told_at.is_some())
        .await;

    // Another copy, which begins now, tells nothing again.
    running.stop().await;
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    let other = site.fire_view("gate").await;
    let came = hook.first(3).await;
    assert_eq!(came[2].alerts(), [other.id]);
    assert_eq!(hook.came().len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn five_hundred_cameras_that_go_dark_are_one_message_and_none_is_lost() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    site.describe("cam0", "hamburg").await;
    let running = site
        .start(&to(
            &hook.url(),
            "group-wait = \"20s\"\nmatch = { subject = \"camera\" }",
        ))
        .await;
    let alerts = join_all((0..500).map(async |number| {
        let subject = AlertSubject::camera(&format!("cam{number}").parse().unwrap());
        site.fire(&subject, 1, Kind::Silent).await
    }))
    .await;
    let came = hook.first(1).await;
    let mut told: Vec<String> = came.iter().flat_map(|it| it.alerts()).collect();
    told.sort();
    let mut all: Vec<String> = alerts.iter().map(|alert| alert.id.clone()).collect();
    all.sort();
    assert_eq!(told, all);

    for alert in &alerts {
        site.notice_where(alert, |notice| notice.told_at.is_some())
            .await;
        site.resolve(alert).await;
    }
    for alert in &alerts {
        site.notice_where(alert, |notice| notice.end_told_at.is_some())
            .await;
    }
    let came = hook.came();
    let ends: usize = came[1..].iter().map(|it| it.alerts().len()).sum();
    assert!(came[1..].iter().all(|it| it.occasion() == "resolved"));
    assert_eq!(ends, 500);
    running.stop().await;
}

#[tokio::test]
async fn alerts_of_a_site_are_told_together() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    for folder in ["dock1", "dock2"] {
        site.describe(folder, "hamburg").await;
    }
    site.describe("gate", "bremen").await;
    let settings = "group-by = \"site\"\ngroup-wait = \"5s\"";
    let running = site.start(&to(&hook.url(), settings)).await;
    for folder in ["dock1", "gate", "dock2"] {
        site.fire_view(folder).await;
    }
    let came = hook.first(2).await;
    let mut groups: Vec<(String, usize)> = came
        .iter()
        .map(|it| {
            let name = it.body["group"]["name"].as_str().unwrap();
            (name.to_owned(), it.alerts().len())
        })
        .collect();
    groups.sort();
    assert_eq!(
        groups,
        [("bremen".to_owned(), 1), ("hamburg".to_owned(), 2)]
    );
    running.stop().await;
}

#[tokio::test]
async fn half_of_a_site_is_one_message_with_the_list_whatever_the_route_groups_by() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    for number in 0..8 {
        site.has_camera(&format!("cam{number}"), "hamburg").await;
    }
    let settings = "group-by = \"folder\"\ngroup-wait = \"5s\"";
    let running = site.start(&to(&hook.url(), settings)).await;
    let mut alerts = Vec::new();
    for number in 0..5 {
        let subject = AlertSubject::camera(&format!("cam{number}").parse().unwrap());
        alerts.push(site.fire(&subject, 1, Kind::Silent).await);
    }
    let came = hook.first(1).await;
    let mut told = came[0].alerts();
    told.sort();
    let all: Vec<String> = alerts.iter().map(|alert| alert.id.clone()).collect();
    assert_eq!(told, all);
    assert_eq!(came[0].body["group"]["name"], "hamburg");
    let subject = came[0].body["subject"].as_str().unwrap();
    assert!(
        subject.starts_with("5 of 8 cameras at hamburg silent since "),
        "{subject}"
    );

    // A view whose camera is not there is told by nobody, one of another camera by itself.
    site.fire_view("cam0").await;
    let other = site.fire_view("cam7").await;
    let came = hook.first(2).await;
    assert_eq!(came[1].alerts(), [other.id]);
    assert_eq!(came[1].body["group"]["by"], "folder");
    running.stop().await;
}

#[tokio::test]
async fn a_changed_file_holds_at_once_and_a_wrong_one_does_not() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let other = Hook::start().await;
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    site.routes("[[route]]\nto = [\"nobody\"]\n");
    let alert = site.fire_view("dock").await;
    hook.first(1).await;
    site.notice_where(&alert, |notice| notice.told_at.is_some())
        .await;

    site.routes(&to(&other.url(), "group-wait = \"0s\""));
    site.resolve(&alert).await;
    let mut number = 1;
    while other.came().is_empty() {
        let subject = AlertSubject::view(&"gate".parse().unwrap());
        let alert = site.fire(&subject, number, Kind::Covered).await;
        site.notice_where(&alert, |notice| notice.told_at.is_some())
            .await;
        site.resolve(&alert).await;
        number += 1;
    }
    assert!(running.is_ready());
    running.stop().await;
}

#[tokio::test]
async fn links_lead_to_where_one_logs_in_where_the_file_says_so() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let head = "link = \"https://framewatch.example.org\"\nlinks-ask-for-login = true\n";
    let file = format!("{head}{}", to(&hook.url(), "group-wait = \"0s\""));
    let running = site.start(&file).await;
    let alert = site.fire_view("dock").await;
    let links = hook.first(1).await[0].body["links"].clone();
    let page = format!("https://framewatch.example.org/alerts/{}", alert.id);
    assert_eq!(links["acknowledge"], format!("{page}#acknowledge"));
    let snooze = "https://framewatch.example.org/silences?folder=dock";
    assert_eq!(links["snooze"], snooze);
    running.stop().await;
}
