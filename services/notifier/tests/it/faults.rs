//! Receivers that refuse, ask for patience, or never answer; and copies that share the work.

use std::time::Duration;

use event_bus::Telling;
use test_support::{Answer, Hook};

use crate::site::{Site, to};

#[tokio::test]
async fn what_may_be_taken_later_is_sent_again_with_the_same_key() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    hook.answer(&[Answer::Status(500), Answer::Status(503)]);
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    let alert = site.fire_view("dock").await;
    let came = hook.first(3).await;
    assert!(
        came.iter()
            .all(|it| it.key == came[0].key && it.occasion() == "firing")
    );
    assert!(came[1].at - came[0].at >= Duration::from_secs(1));
    let told = site
        .notice_where(&alert, |notice| notice.told_at.is_some())
        .await;
    assert_eq!(told.failed, None);
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_asks_for_patience_has_it() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    hook.answer(&[Answer::Patience(3)]);
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    let first = site.fire_view("dock").await;
    hook.first(1).await;
    // Another one has to wait as well.
    site.fire_view("gate").await;
    let came = hook.first(3).await;
    assert!(came[1].at - came[0].at >= Duration::from_secs(3));
    site.notice_where(&first, |notice| notice.told_at.is_some())
        .await;
    running.stop().await;
}

#[tokio::test]
async fn what_is_refused_is_given_up_and_said_so() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    hook.answer(&[Answer::Status(404)]);
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    let alert = site.fire_view("dock").await;
    let notice = site
        .notice_where(&alert, |notice| notice.failed.is_some())
        .await;
    let failed = notice.failed.unwrap();
    assert_eq!(failed.telling, Telling::Firing);
    assert!(failed.why.contains("404"), "{}", failed.why);
    assert_eq!((notice.told_at, notice.sending), (None, None));

    // It was not heard, so its end is not told; others are.
    site.resolve(&alert).await;
    let other = site.fire_view("gate").await;
    site.notice_where(&other, |notice| notice.told_at.is_some())
        .await;
    assert_eq!(hook.came().len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_delays_no_other() {
    let (site, stuck) = (Site::new().await, Hook::start().await);
    let hook = Hook::start().await;
    stuck.answer(&[Answer::Silence]);
    let text = format!(
        "{}[receiver.stuck]\ntype = \"webhook\"\nurl = \"{}\"\n[[route]]\nto = \"stuck\"\ngroup-wait = \"0s\"\n",
        to(&hook.url(), "group-wait = \"0s\""),
        stuck.url()
    );
    let running = site.start(&text).await;
    site.fire_view("dock").await;
    stuck.first(1).await;
    for number in 0..3 {
        let alert = site.fire_view(&format!("gate{number}")).await;
        site.notice_where(&alert, |notice| notice.told_at.is_some())
            .await;
    }
    assert_eq!(stuck.came().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn copies_share_the_work_and_tell_everything_once() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let text = to(&hook.url(), "group-wait = \"0s\"");
    let first = site.start(&text).await;
    let second = site.start(&text).await;
    for number in 0..10 {
        let alert = site.fire_view(&format!("dock{number}")).await;
        site.notice_where(&alert, |notice| notice.told_at.is_some())
            .await;
    }
    // The other one goes on.
    first.stop().await;
    let alert = site.fire_view("gate").await;
    site.notice_where(&alert, |notice| notice.told_at.is_some())
        .await;
    let came = hook.came();
    assert_eq!(came.iter().map(|it| it.alerts().len()).sum::<usize>(), 11);
    second.stop().await;
}

#[tokio::test]
async fn the_server_may_be_away_meanwhile() {
    let (mut site, hook) = (Site::new().await, Hook::start().await);
    let running = site.start(&to(&hook.url(), "group-wait = \"0s\"")).await;
    let alert = site.fire_view("dock").await;
    site.notice_where(&alert, |notice| notice.told_at.is_some())
        .await;
    site.nats.kill();
    site.nats.start_again();
    test_support::eventually("the notifier is ready again", async || {
        (site.bus.is_connected() && running.is_ready()).then_some(())
    })
    .await;
    site.resolve(&alert).await;
    site.notice_where(&alert, |notice| notice.end_told_at.is_some())
        .await;
    let occasions: Vec<String> = hook
        .came()
        .iter()
        .map(|it| it.occasion().to_owned())
        .collect();
    assert_eq!(occasions, ["firing", "resolved"]);
    running.stop().await;
}
