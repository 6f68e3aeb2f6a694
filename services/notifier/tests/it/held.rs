//! What holds back a message, and what does not.

use event_bus::AlertSubject;
use proto::v1::Kind;
use test_support::Hook;

use crate::site::{Site, to};

/// Something that is told after all that was due before it.
async fn another_is_told(site: &Site, hook: &Hook, number: usize) {
    let alert = site.fire_view(&format!("other{number}")).await;
    test_support::eventually("another alert is told", async || {
        let came = hook.came();
        came.iter()
            .any(|it| it.alerts().contains(&alert.id))
            .then_some(())
    })
    .await;
}

/// Waits until the notifier has heard of a silence of `dock*`: what fires at the same moment may still be told.
async fn the_silence_is_known(site: &Site, hook: &Hook) {
    for number in 100..200 {
        let silenced = site.fire_view(&format!("dock{number}")).await;
        another_is_told(site, hook, number).await;
        if site.is_untold(&silenced).await {
            return;
        }
    }
    panic!("no silence holds anything back");
}

#[tokio::test]
async fn a_silence_holds_back_what_fires_until_it_ends_but_no_end() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    let told = site.fire_view("dock1").await;
    site.notice_where(&told, |notice| notice.told_at.is_some())
        .await;

    let silence = site.silence("dock*").await;
    the_silence_is_known(&site, &hook).await;
    let silenced = site.fire_view("dock2").await;
    let brief = site.fire_view("dock3").await;
    another_is_told(&site, &hook, 1).await;
    assert!(site.is_untold(&silenced).await);

    // Who heard that it fires hears that it is over; who did not, does not.
    site.resolve(&told).await;
    site.resolve(&brief).await;
    site.notice_where(&told, |notice| notice.end_told_at.is_some())
        .await;

    site.bus.silences().unset(&silence).await.unwrap();
    site.notice_where(&silenced, |notice| notice.told_at.is_some())
        .await;
    assert!(site.is_untold(&brief).await);
    running.stop().await;
}

/// From now on for a minute or two, every week. The hours are of a zone in which it is not about to be midnight.
fn hours_from_now() -> (String, time::Duration) {
    let now = time::OffsetDateTime::now_utc();
    let zone = if now.hour() < 12 { "UTC" } else { "Etc/GMT+12" };
    let there = if now.hour() < 12 {
        now
    } else {
        now - time::Duration::hours(12)
    };
    let end = there + time::Duration::minutes(if there.second() < 20 { 1 } else { 2 });
    let (from, to) = (there.time(), end.time());
    let hours = format!(
        "Mon-Sun {:02}:{:02}-{:02}:{:02} {zone}",
        from.hour(),
        from.minute(),
        to.hour(),
        to.minute()
    );
    let left = end.replace_second(0).unwrap() - there;
    (hours, left)
}

#[tokio::test]
async fn at_the_end_of_its_hours_a_silence_that_recurs_lets_what_still_fires_be_told() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    let (hours, left) = hours_from_now();
    site.silence_in("dock*", &hours).await;
    the_silence_is_known(&site, &hook).await;
    let lasting = site.fire_view("dock1").await;
    let brief = site.fire_view("dock2").await;
    another_is_told(&site, &hook, 1).await;
    assert!(site.is_untold(&lasting).await && site.is_untold(&brief).await);
    site.resolve(&brief).await;
    tokio::time::sleep(left.try_into().unwrap()).await;
    site.notice_where(&lasting, |notice| notice.told_at.is_some())
        .await;
    assert!(site.is_untold(&brief).await);
    running.stop().await;
}

#[tokio::test]
async fn a_camera_that_is_silent_holds_back_its_view() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    let camera = AlertSubject::camera(&"dock".parse().unwrap());
    let silent = site.fire(&camera, 1, Kind::Silent).await;
    site.notice_where(&silent, |notice| notice.told_at.is_some())
        .await;
    let view = site.fire_view("dock").await;
    another_is_told(&site, &hook, 1).await;
    assert!(site.is_untold(&view).await);

    site.resolve(&silent).await;
    site.notice_where(&view, |notice| notice.told_at.is_some())
        .await;
    running.stop().await;
}

#[tokio::test]
async fn what_nobody_has_in_hand_is_told_to_others_and_what_somebody_has_is_not() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let oncall = Hook::start().await;
    let text = format!(
        "{}escalate = {{ after = \"6s\", to = [\"oncall\"] }}\n[receiver.oncall]\ntype = \"webhook\"\nurl = \"{}\"\n",
        to(&hook.url(), "group-wait = \"0s\""),
        oncall.url()
    );
    let running = site.start(&text).await;
    let left = site.fire_view("left").await;
    let taken = site.fire_view("taken").await;
    site.acknowledge(&taken).await;
    let came = oncall.first(1).await;
    assert_eq!(
        (came[0].occasion(), came[0].alerts()),
        ("escalation", vec![left.id.clone()])
    );

    // Its end is told to both; that of the other to those who heard of it.
    site.notice_where(&taken, |notice| notice.told_at.is_some())
        .await;
    site.resolve(&taken).await;
    site.resolve(&left).await;
    let came = oncall.first(2).await;
    assert_eq!(
        (came[1].occasion(), came[1].alerts()),
        ("resolved", vec![left.id.clone()])
    );
    site.notice_where(&taken, |notice| notice.end_told_at.is_some())
        .await;
    assert_eq!(oncall.came().len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn no_more_than_the_rate_is_sent_and_the_last_state_is_right() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let text = to(&hook.url(), "group-wait = \"0s\"").replace(
        "type = \"webhook\"\n",
        "type = \"webhook\"\nrate = \"2/s\"\n",
    );
    let running = site.start(&text).await;
    let mut last = Vec::new();
    for round in 1..=5 {
        last.clear();
        for number in 0..50 {
            let subject = AlertSubject::view(&format!("flap{number}").parse().unwrap());
            let alert = site.fire(&subject, round, Kind::Covered).await;
            match round {
                5 => last.push(alert),
                _ => site.resolve(&alert).await,
            }
        }
    }
    for alert in &last {
        site.notice_where(alert, |notice| notice.told_at.is_some())
            .await;
    }
    let came = hook.came();
    for (number, it) in came.iter().enumerate() {
        let within = came[number..]
            .iter()
            .take_while(|other| other.at - it.at < std::time::Duration::from_millis(990));
        assert!(within.count() <= 2, "more than two within a second");
    }
    running.stop().await;
}
