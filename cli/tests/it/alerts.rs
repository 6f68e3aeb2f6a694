//! `framewatch alerts`: listed, acknowledged and given back.

use event_bus::{AlertSubject, Expected};
use proto::v1::{Alert, Frame, Phase};
use tests::{Stack, View, picture};

use crate::{run, stderr, stdout};

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_listed_acknowledged_and_given_back() {
    let stack = Stack::start().await;
    let web = stack.url("");
    let alerts = |arguments: &[&str]| run(&[&["alerts"], arguments, &["--url", &web]].concat());
    let said = |arguments: &[&str]| {
        let output = alerts(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim_end().to_owned()
    };
    let none = "There are no such alerts.";
    assert_eq!(said(&["list"]), none);

    let mut ids = Vec::new();
    for folder in ["dock", "gate"] {
        stack.make_folder(folder).await;
        stack
            .upload(folder, "dock.jpg", picture(View::Dock, 0))
            .await;
        stack.publish(folder, picture(View::Wall, 0)).await;
        ids.push(stack.firing(folder).await.id);
        test_support::eventually("the service shows the alert", async || {
            let page = stack.get("/api/v1/alerts").await;
            (page["total"] == ids.len()).then_some(())
        })
        .await;
    }
    let [dock, gate] = [&ids[0], &ids[1]];

    let all = said(&["list"]);
    let at = |id: &str| all.find(id).unwrap_or_else(|| panic!("no {id}:\n{all}"));
    assert!(at(gate) < at(dock), "newest first:\n{all}");
    assert!(all.contains("firing"), "{all}");
    let one = said(&["list", "--limit", "1"]);
    assert!(
        one.contains(gate.as_str()) && !one.contains(dock.as_str()),
        "{one}"
    );
    assert!(one.ends_with("1 of 2; --limit shows more."), "{one}");
    assert!(!said(&["list", "--folder", "dock"]).contains(gate.as_str()));
    assert_eq!(said(&["list", "--phase", "resolved"]), none);

    let acknowledge = ["ack", dock, "--name", "Jo", "--note", "being turned back"];
    assert_eq!(said(&acknowledge), format!("{dock}: acknowledged by Jo"));
    let taken = said(&["list", "--acknowledged", "true", "--within", "hour"]);
    assert!(taken.contains("Jo: being turned back"), "{taken}");
    assert!(!taken.contains(gate.as_str()), "{taken}");
    let json = said(&["list", "--json", "--acknowledged", "true"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["acknowledgement"]["name"], "Jo");

    assert_eq!(said(&["unack", dock]), format!("{dock}: not acknowledged"));
    assert_eq!(said(&["list", "--acknowledged", "true"]), none);

    // Without a reference it would end at once.
    stack.make_folder("yard").await;
    stack
        .upload("yard", "dock.jpg", picture(View::Dock, 0))
        .await;
    let at = time::macros::datetime!(2026-11-01 12:03:10 UTC);
    let alert = Alert {
        id: "yard-1-a".to_owned(),
        folder: "yard".to_owned(),
        phase: Phase::Firing.into(),
        frame: Some(Frame {
            stored_at: Some(proto::timestamp(at)),
            ..Frame::default()
        }),
        ..Alert::default()
    };
    let subject = AlertSubject::view(&"yard".parse().unwrap());
    let bus = stack.bus().await;
    let published = bus.publish_alert(&subject, &alert, Expected(0));
    published.await.unwrap();
    test_support::eventually("nothing is known of it since then", async || {
        let list = said(&["list", "--folder", "yard"]);
        let words = "firing, not seen since 2026-11-01 12:03:10Z";
        list.contains(words).then_some(())
    })
    .await;

    for (arguments, reason) in [
        (&["ack", "nosuch", "--name", "Jo"][..], "nosuch"),
        (&["ack", dock, "--name", ""], "who"),
        (&["ack", "../folders", "--name", "Jo"], "letters, digits"),
        (&["list", "--limit", "0"], "limit"),
        (&["list", "--phase", "burning"], "firing"),
    ] {
        let refused = alerts(arguments);
        assert_eq!(refused.status.code(), Some(64), "{arguments:?}");
        assert!(stderr(&refused).contains(reason), "{}", stderr(&refused));
    }
}
