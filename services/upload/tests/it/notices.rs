//! Messages to people: which were told, which were not, and why.

use event_bus::{Failed, Notice, Sending, Telling, Turn};
use serde_json::{Value, json};
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime};

use crate::service::{Service, problem};

const PATH: &str = "/api/v1/notices";

fn told(folder: &str, number: u32) -> Notice {
    Notice {
        alert: format!("{folder}-{number}-a"),
        folder: folder.to_owned(),
        subject: "view".to_owned(),
        what: format!("{folder} is <covered>"),
        group: "1".to_owned(),
        told_at: Some(OffsetDateTime::now_utc()),
        last_told_at: None,
        end_told_at: None,
        messages: 1,
        sending: None,
        failed: None,
        thread: None,
        pass: None,
    }
}

async fn keep(service: &Service, receiver: &str, notice: &Notice) {
    let key = format!("{}={receiver}", notice.alert).parse().unwrap();
    service.bus.notices().set(&key, notice).await.unwrap();
}

/// What is listed, once it is so many.
async fn listed(service: &Service, query: &str, count: u64) -> Value {
    eventually("all is known", async || {
        let list = service.json(&format!("{PATH}{query}")).await;
        (list["total"] == count).then_some(list)
    })
    .await
}

/// One that was told, one that is not taken, and one that was given up.
async fn three(service: &Service) {
    let now = OffsetDateTime::now_utc();
    keep(service, "ops", &told("dock", 1)).await;
    let retried = Notice {
        sending: Some(Sending {
            key: "k".to_owned(),
            telling: Telling::Reminder,
            since: now,
            tries: 3,
            not_before: Some(now + Duration::MINUTE),
            why: "hook.example answers 503".to_owned(),
        }),
        ..told("gate", 2)
    };
    keep(service, "ops", &retried).await;
    let failed = Notice {
        failed: Some(Failed {
            key: "k".to_owned(),
            telling: Telling::Firing,
            at: now,
            why: "hook.example answers 404".to_owned(),
        }),
        told_at: None,
        messages: 0,
        ..told("yard", 3)
    };
    keep(service, "oncall", &failed).await;
}

#[tokio::test]
async fn what_was_told_what_failed_and_why_is_listed_the_last_changed_first() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    three(&service).await;
    let list = listed(&service, "", 3).await;
    let states: Vec<_> = (0..3)
        .map(|at| list["notices"][at]["state"].clone())
        .collect();
    assert_eq!(
        states,
        [json!("failed"), json!("retrying"), json!("told")],
        "{list}"
    );
    assert_eq!(
        list["notices"][0]["failed"]["why"],
        "hook.example answers 404"
    );
    assert_eq!(list["notices"][0]["receiver"], "oncall");
    assert_eq!(list["notices"][1]["sending"]["tries"], 3);
    assert_eq!(list["notices"][1]["sending"]["telling"], "reminder");

    for (query, alert) in [
        ("?receiver=oncall", "yard-3-a"),
        ("?state=told", "dock-1-a"),
        ("?folder=gate", "gate-2-a"),
    ] {
        let list = listed(&service, query, 1).await;
        assert_eq!(list["notices"][0]["alert"], alert, "{query}: {list}");
    }
    for query in ["?state=maybe", "?receiver=No", "?limit=201", "?before=x"] {
        let refused = service.get(&format!("{PATH}{query}")).await;
        problem(refused, 400, "invalid-request").await;
    }

    let page = service.get("/notices").await.text().await.unwrap();
    assert!(page.contains("hook.example answers 404"), "{page}");
    assert!(
        page.contains("<a href=\"/alerts/dock-1-a\"><bdi>dock is &#60;covered&#62;"),
        "{page}"
    );
    let narrowed = service
        .get("/notices?state=failed&receiver=")
        .await
        .text()
        .await
        .unwrap();
    assert!(
        narrowed.contains("yard-3-a") && !narrowed.contains("dock-1-a"),
        "{narrowed}"
    );
}

#[tokio::test]
async fn a_list_goes_on_and_a_change_moves_to_its_head() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for number in 1..=5 {
        keep(&service, "ops", &told("dock", number)).await;
    }
    keep(&service, "ops", &told("dock", 2)).await;
    let alerts = |list: &Value| {
        let notices = list["notices"].as_array().unwrap().iter();
        let numbers = notices.map(|it| it["alert"].as_str().unwrap()[5..6].to_owned());
        numbers.collect::<String>()
    };
    let mut list = eventually("the change is known", async || {
        let list = listed(&service, "?limit=2&state=told", 5).await;
        alerts(&list).starts_with('2').then_some(list)
    })
    .await;
    let mut all = alerts(&list);
    while let Some(next) = list["next"].as_str().map(str::to_owned) {
        assert!(next.contains("state=told"), "{next}");
        list = service.json(&next).await;
        all += &alerts(&list);
    }
    assert_eq!(all, "25431");
}

#[tokio::test]
async fn a_receiver_shows_what_waits_for_it_and_whether_anybody_sends() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let held = Turn {
        holder: "a copy".to_owned(),
        rests_ms: 60_000,
        why: "mail.example answers 451".to_owned(),
        waiting: 7,
        held_by_rate: 2,
        held: 1,
        ..Turn::default()
    };
    let turns = service.bus.turns();
    turns.set(&"ops".parse().unwrap(), &held).await.unwrap();
    let left = Turn::default();
    turns.set(&"old".parse().unwrap(), &left).await.unwrap();
    let receivers = eventually("both are known", async || {
        let list = service.json("/api/v1/receivers").await;
        (list["receivers"].as_array()?.len() == 2).then_some(list)
    })
    .await;
    let [old, ops] = [&receivers["receivers"][0], &receivers["receivers"][1]];
    assert_eq!(
        (&old["receiver"], &old["isAttended"]),
        (&json!("old"), &json!(false))
    );
    assert_eq!(
        (&ops["waiting"], &ops["heldByRate"], &ops["held"]),
        (&json!(7), &json!(2), &json!(1))
    );
    let rests = ops["restsSeconds"].as_u64().unwrap();
    assert!((1..=60).contains(&rests), "{ops}");
    let page = service.get("/notices").await.text().await.unwrap();
    assert!(
        page.contains("7 alerts wait to be told, 2 of them for its rate."),
        "{page}"
    );
    assert!(page.contains("mail.example answers 451"), "{page}");
    assert!(page.contains("No notifier sends to it"), "{page}");
    // Of one that stands still nothing comes any more.
    eventually("nobody is taken to send any more", async || {
        let list = service.json("/api/v1/receivers").await;
        (list["receivers"][1]["isAttended"] == false).then_some(())
    })
    .await;
}
