//! What a notifier is asked: what its file says, who would be told, and whether a receiver takes a message.

use std::time::Duration;

use event_bus::{
    AskError, NotifierAnswer, NotifierQuestion, RoutesSaid, SupposedAlert, Tested, WouldTell,
};
use test_support::{Answer, Hook, eventually};

use crate::site::Site;

const WITHIN: Duration = Duration::from_secs(30);

async fn ask(site: &Site, question: NotifierQuestion) -> NotifierAnswer {
    // It answers from a moment after it is ready.
    eventually("the notifier answers", async || {
        match site.bus.ask_notifier(&question, WITHIN).await {
            Err(AskError::Nobody) => None,
            answer => Some(answer.unwrap()),
        }
    })
    .await
}

async fn said(site: &Site) -> RoutesSaid {
    match ask(site, NotifierQuestion::Routes).await {
        NotifierAnswer::Routes(said) => said,
        other => panic!("{other:?}"),
    }
}

async fn would_tell(site: &Site, folder: &str, kind: &str) -> WouldTell {
    let folder = folder.parse().unwrap();
    let supposed = SupposedAlert::of(&folder, kind, "view");
    match ask(site, NotifierQuestion::WouldTell(supposed)).await {
        NotifierAnswer::WouldTell(told) => told,
        other => panic!("{other:?}"),
    }
}

async fn test(site: &Site, receiver: &str) -> NotifierAnswer {
    let receiver = receiver.parse().unwrap();
    ask(site, NotifierQuestion::Test { receiver }).await
}

fn file(hook: &Hook) -> String {
    let secret = hook.url() + "services/T0/very-secret";
    format!(
        "link = \"https://framewatch.example.org\"\n\
         [receiver.ops]\ntype = \"webhook\"\nurl = \"{secret}\"\nrate = \"10/min\"\n\
         [receiver.oncall]\ntype = \"webhook\"\nurl = \"{}\"\n\
         [[route]]\nmatch = {{ site = \"hamburg\", kind = \"covered\" }}\nto = \"ops\"\ngroup-by = \"site\"\nremind = \"4h\"\n\
         escalate = {{ after = \"10m\", to = \"oncall\" }}\nhours = \"Mon-Sun 00:00-24:00 UTC\"\n",
        hook.url()
    )
}

#[tokio::test]
async fn it_says_what_its_file_says_and_no_secret_of_it() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let running = site.start(&file(&hook)).await;
    let answer = said(&site).await;
    let ops = &answer.receivers[&"ops".parse().unwrap()];
    assert_eq!(
        (ops.kind.as_str(), ops.rate.as_str()),
        ("webhook", "10/min")
    );
    assert!(ops.place.starts_with("127.0.0.1"), "{ops:?}");
    let [route] = &answer.routes[..] else {
        panic!("{answer:?}");
    };
    assert_eq!(route.what, "site hamburg, kind covered");
    assert_eq!(
        (route.remind, route.escalate_after),
        (Some(14_400), Some(600))
    );
    assert_eq!(
        (route.hours.as_str(), route.is_open),
        ("Mon-Sun 00:00-24:00 UTC", true)
    );
    assert!(!format!("{answer:?}").contains("secret"), "{answer:?}");
    assert_eq!(answer.refused, "");

    // A file that cannot be is said, and the one before it holds.
    site.routes("[[route]]\nto = [\"nobody\"]\n");
    eventually("it says that the file is refused", async || {
        let answer = said(&site).await;
        assert_eq!(answer.routes.len(), 1);
        answer.refused.contains("line 2, route 1").then_some(())
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn it_says_who_would_be_told_of_an_alert() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    site.describe("dock", "hamburg").await;
    let running = site.start(&file(&hook)).await;
    assert_eq!(
        would_tell(&site, "dock", "moved").await,
        WouldTell::default()
    );
    assert_eq!(
        would_tell(&site, "gate", "covered").await,
        WouldTell::default()
    );
    let told = would_tell(&site, "dock", "covered").await;
    let told: Vec<_> = told
        .receivers
        .iter()
        .map(|it| (it.receiver.as_str(), it.route, it.escalates_after))
        .collect();
    assert_eq!(told, [("oncall", 1, Some(600)), ("ops", 1, None)]);
    site.silence("dock*").await;
    eventually("it is silenced", async || {
        let told = would_tell(&site, "dock", "covered").await;
        (told.held == "silence").then_some(())
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn it_tries_a_receiver_and_says_what_came_of_it() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let running = site.start(&file(&hook)).await;
    assert_eq!(
        test(&site, "oncall").await,
        NotifierAnswer::Tested(Tested::Taken)
    );
    assert_eq!(hook.came()[0].occasion(), "test");
    hook.answer(&[Answer::Status(503), Answer::Status(403)]);
    let answer = test(&site, "oncall").await;
    assert!(
        matches!(&answer, NotifierAnswer::Tested(Tested::NotTaken { why }) if why.contains("503")),
        "{answer:?}"
    );
    let answer = test(&site, "oncall").await;
    assert!(
        matches!(&answer, NotifierAnswer::Tested(Tested::Refused { why }) if why.contains("403")),
        "{answer:?}"
    );
    for _ in 0..10 {
        assert_eq!(test(&site, "nobody").await, NotifierAnswer::UnknownReceiver);
    }
    let answer = test(&site, "oncall").await;
    assert!(matches!(answer, NotifierAnswer::Tested(_)), "{answer:?}");
    // So many in so long, and no more.
    assert_eq!(test(&site, "oncall").await, NotifierAnswer::Busy);
    running.stop().await;
}
