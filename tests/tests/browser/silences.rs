//! Silences, and the page of messages.

use event_bus::{Failed, Notice, Sending, Telling, Turn};
use proto::{
    timestamp,
    v1::{AlertMatcher, Silence},
};
use tempfile::TempDir;
use test_support::eventually;
use tests::Stack;
use time::{Duration, OffsetDateTime};

use crate::start;

/// Silences a folder; a receiver was told of an alert, another one does not take messages, a third has refused one.
pub(crate) async fn silence_and_tell(stack: &Stack) {
    let (bus, now) = (stack.bus().await, OffsetDateTime::now_utc());
    let silence = Silence {
        matcher: Some(AlertMatcher {
            folders: vec!["folder1".to_owned(), "x".repeat(90)],
            ..AlertMatcher::default()
        }),
        starts_at: Some(timestamp(now)),
        ends_at: Some(timestamp(now + Duration::HOUR)),
        reason: "A new switch.".to_owned(),
        name: "Jo".to_owned(),
        ..Silence::default()
    };
    bus.silences().add(silence).await.unwrap();
    let told = Notice {
        alert: "folder1-1-a".to_owned(),
        folder: "folder1".to_owned(),
        subject: "view".to_owned(),
        what: "folder1 does not look like its reference: similarity 0.42, below 0.90".to_owned(),
        group: "1".to_owned(),
        told_at: Some(now),
        last_told_at: None,
        end_told_at: None,
        messages: 1,
        sending: None,
        failed: None,
        thread: None,
        pass: None,
    };
    let retried = Notice {
        sending: Some(Sending {
            key: "k".to_owned(),
            telling: Telling::Resolved,
            since: now,
            tries: 3,
            not_before: Some(now + Duration::MINUTE),
            why: "hook.example answers 503".to_owned(),
        }),
        ..told.clone()
    };
    let failed = Notice {
        failed: Some(Failed {
            key: "k".to_owned(),
            telling: Telling::Firing,
            at: now,
            why: format!("hook.example answers 404: {}", "x".repeat(200)),
        }),
        ..told.clone()
    };
    for (receiver, notice) in [("ops", told), ("mail", retried), ("oncall", failed)] {
        let key = format!("{}={receiver}", notice.alert).parse().unwrap();
        bus.notices().set(&key, &notice).await.unwrap();
    }
    let turn = Turn {
        holder: "a copy".to_owned(),
        waiting: 3,
        rests_ms: 60_000,
        why: "hook.example answers 503".to_owned(),
        ..Turn::default()
    };
    let name = "mail".parse().unwrap();
    bus.turns().set(&name, &turn).await.unwrap();
    eventually("all of it is known", async || {
        let silences = stack.get("/api/v1/silences").await;
        let notices = stack.get("/api/v1/notices").await;
        let receivers = stack.get("/api/v1/receivers").await;
        let has_receiver = receivers["receivers"].as_array()?.len() == 1;
        (silences["total"] == 1 && notices["total"] == 3 && has_receiver).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_silences_alerts_and_takes_it_back() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    browser.visit("/silences?folder=dock-*").await;
    browser.fill("#site", "Hamburg, Bremen").await;
    browser.choose("#kind", "covered").await;
    browser.fill("#reason", "A new switch").await;
    browser.fill("#name", "Jo").await;
    browser.click("form[data-silence] button").await;
    browser
        .reads(
            ".silence strong",
            "folder dock-*, site Hamburg or Bremen, kind covered",
        )
        .await;
    let list = stack.get("/api/v1/silences").await;
    assert_eq!(list["silences"][0]["name"], "Jo", "{list}");

    // The page remembers who silences, and shows what others silence without being asked.
    browser.visit("/folder/1").await;
    browser.click(".acknowledge summary").await;
    browser
        .until("document.querySelector('.acknowledge [name=name]').value === 'Jo'")
        .await;
    browser.fill(".acknowledge [name=reason]", "Painting").await;
    browser.click(".acknowledge button[value='1h']").await;
    browser.reads(".silenced bdi", "folder folder1").await;

    browser.visit("/silences").await;
    browser
        .until("document.querySelectorAll('.silence').length === 2")
        .await;
    let id = list["silences"][0]["id"].as_str().unwrap();
    let client = reqwest::Client::new();
    let path = stack.url(&format!("/api/v1/silences/{id}"));
    client.delete(path).send().await.unwrap();
    browser
        .until("document.querySelectorAll('.silence').length === 1")
        .await;
    browser.close().await;
}

/// A notifier that tells of nothing there is; its file is kept as long as the folder is.
pub(crate) async fn start_notifier(stack: &mut Stack) -> TempDir {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notify.toml");
    let nowhere = local_servers::free_port().unwrap();
    let text = format!(
        "[receiver.pager]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:{nowhere}/\"\nrate = \"10/min\"\n\
         [receiver.oncall]\ntype = \"slack\"\nurl-file = \"hooks.url\"\n\
         [[route]]\nmatch = {{ folder = \"dock-*\", kind = [\"covered\", \"moved\", \"silent\"], site = \"{}\" }}\n\
         to = \"pager\"\ngroup-by = [\"site\", \"kind\"]\nremind = \"4h\"\n\
         escalate = {{ after = \"10m\", to = \"oncall\" }}\nhours = \"Mon-Fri 06:00-22:00 Europe/Berlin\"\n\
         [[route]]\nmatch = {{ folder = \"dock-*\" }}\nto = \"oncall\"\n",
        "x".repeat(90)
    );
    std::fs::write(
        folder.path().join("hooks.url"),
        "https://hooks.slack.com/services/T0/B0/x",
    )
    .unwrap();
    std::fs::write(&file, text).unwrap();
    stack.start_notifier(&file).await;
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_silences_every_week_in_their_time_zone() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    browser.visit("/silences").await;
    browser.fill("#folder", "dock-*").await;
    browser.click(".weekly summary").await;
    browser.click("[name=sun]").await;
    for (name, time) in [("begins", "02:00"), ("ends", "04:00")] {
        let set = format!("document.querySelector('[name={name}]').value = '{time}' || true");
        browser.value(&set).await;
    }
    browser.fill("#reason", "The docks are cleaned").await;
    browser.fill("#name", "Jo").await;
    browser.click("form[data-silence] .buttons button").await;
    browser.reads(".silence strong", "folder dock-*").await;
    let list = stack.get("/api/v1/silences").await;
    let zone = browser
        .value("Intl.DateTimeFormat().resolvedOptions().timeZone")
        .await;
    let hours = format!("Sun 02:00-04:00 {}", zone.as_str().unwrap());
    assert_eq!(list["silences"][0]["hours"], hours, "{list}");
    browser.reads(".silence p:nth-of-type(3) bdi", &hours).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_sees_who_would_be_told_and_sends_a_test_message() {
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    let folder = start_notifier(&mut stack).await;
    browser.visit("/routes").await;
    browser.fill("[name=folder]", "dock-7").await;
    browser.choose("[name=kind]", "moved").await;
    browser.click(".alert-filter button").await;
    browser.reads(".told li", "oncall by route 2.").await;
    browser.click("[action='/routes/test/pager'] button").await;
    browser.reads(".notice strong", "pager").await;
    browser
        .reads(".notice .state.mismatch", "The test message was not taken")
        .await;
    browser.close().await;
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_sees_who_was_told_and_what_failed() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    silence_and_tell(&stack).await;
    browser.visit("/notices").await;
    browser
        .reads("[data-live=told] .state.camera", "Failed")
        .await;
    browser.choose("select[name=state]", "retrying").await;
    browser.click(".alert-filter button").await;
    browser
        .until("document.querySelectorAll('[data-live=told] li').length === 1")
        .await;
    browser
        .reads("[data-live=told] .unknown", "hook.example answers 503")
        .await;
    browser.close().await;
}
