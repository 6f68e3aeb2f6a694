//! `framewatch rule`: set, shown, taken back, and proposed.

use tests::{Stack, View, picture};

use crate::{run, stderr, stdout};

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_set_shown_and_taken_back() {
    let stack = Stack::start().await;
    let web = stack.url("");
    let rule = |arguments: &[&str]| run(&[&["rule"], arguments, &["--url", &web]].concat());
    let said = |arguments: &[&str]| {
        let output = rule(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim_end().to_owned()
    };

    let expected = |name: &str, [threshold, hold, keep_firing, enabled]: [&str; 4]| {
        format!(
            "{name}:\n  threshold    {threshold}\n  hold         {hold}\n  keep-firing  {keep_firing}\n  enabled      {enabled}\n  measure      phash  (built-in)\n  learn        ask  (built-in)\n  silent       automatic  (built-in)\n  frozen       2m  (built-in)"
        )
    };
    let built_in = [
        "0.9  (built-in)",
        "0s  (built-in)",
        "0s  (built-in)",
        "true  (built-in)",
    ];

    assert_eq!(said(&["get", "folder1"]), expected("folder1", built_in));
    assert_eq!(
        said(&[
            "set",
            "_default",
            "--threshold",
            "0.8",
            "--keep-firing",
            "1m 30s"
        ]),
        expected(
            "_default",
            [
                "0.8  (default)",
                "0s  (built-in)",
                "1m 30s  (default)",
                "true  (built-in)"
            ]
        )
    );
    said(&["set", "folder1", "--threshold", "1", "--hold", "500ms"]);
    assert_eq!(
        said(&["set", "folder1", "--enabled", "false"]),
        expected(
            "folder1",
            [
                "1  (folder)",
                "500ms  (folder)",
                "1m 30s  (default)",
                "false  (folder)"
            ]
        ),
        "what is not given stays"
    );
    assert!(said(&["get", "folder1", "--json"]).contains(r#""holdSeconds":0.5"#));
    let mask = "0,0 0.3,0 0.3,0.1 0,0.1";
    let gate = "gate@0.95: 0.4,0.5 0.6,0.5 0.5,0.9";
    let drawn = ["set", "folder1", "--measure", "view", "--mask", mask];
    let shown = said(&[&drawn[..], &["--region", gate]].concat());
    let lines = format!("\n  mask    {mask}\n  region  {gate}");
    assert!(shown.ends_with(&lines), "{shown}");
    let shown = said(&["set", "folder1", "--no-masks"]);
    assert!(!shown.contains("mask") && shown.contains(gate), "{shown}");
    let lock = "lock: 0.1,0.1 0.2,0.1 0.2,0.2";
    let both = ["--region", gate, "--detail-region", lock];
    let shown = said(&[&["set", "folder1"], &both[..]].concat());
    let lines = format!("\n  region  {gate}\n  detail-region {lock}");
    assert!(shown.ends_with(&lines), "{shown}");
    let five: Vec<String> = (1..=5)
        .map(|at| lock.replace("lock", &format!("lock {at}")))
        .collect();
    let five = five.iter().flat_map(|it| ["--detail-region", it.as_str()]);
    let refused = rule(
        &["set", "folder1"]
            .into_iter()
            .chain(five)
            .collect::<Vec<_>>(),
    );
    assert_eq!(refused.status.code(), Some(64), "{}", stderr(&refused));
    let reason = "regions[4].ownDetail is true, and so it is of 4 regions before";
    assert!(stderr(&refused).contains(reason), "{}", stderr(&refused));
    let refused = rule(&["set", "_default", "--mask", mask]);
    assert_eq!(refused.status.code(), Some(64), "{}", stderr(&refused));
    let reason = "set them in that folder's own rule";
    assert!(stderr(&refused).contains(reason), "{}", stderr(&refused));

    said(&["unset", "_default"]);
    assert_eq!(said(&["unset", "folder1"]), expected("folder1", built_in));

    let unknown = rule(&["set", "nosuch", "--threshold", "0.5"]);
    assert_eq!(unknown.status.code(), Some(64), "{}", stderr(&unknown));
    assert!(stderr(&unknown).contains("nosuch"), "{}", stderr(&unknown));
}

#[test]
fn a_rule_that_cannot_be_is_refused_before_anything_is_asked() {
    for (arguments, reason) in [
        (&["set", "folder1", "--threshold", "1.5"][..], "0 to 1"),
        (&["set", "folder1", "--threshold", "NaN"], "0 to 1"),
        (&["set", "folder1"], "--threshold"),
        (&["set", "folder1", "--hold", "25h"], "a day at most"),
        (&["set", "folder1", "--hold", "soon"], "30s or 5m"),
        (&["set", "folder1", "--keep-firing", "-1s"], "--keep-firing"),
        (&["set", "folder1", "--enabled", "maybe"], "true"),
        (
            &["set", "folder1", "--mask", "0,0 1.3,0 1,1"],
            "polygon[1].x is 1.3",
        ),
        (
            &["set", "folder1", "--region", "0,0 1,0 1,1"],
            "a name and a colon",
        ),
        (&["set", "Folder 1", "--threshold", "0.5"], "lower-case"),
    ] {
        let output = run(&[&["rule"], arguments].concat());
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_labels_speak_for_is_shown_and_other_measures_are_tried_where_that_is_asked() {
    let stack = Stack::watching("folder1").await;
    let web = stack.url("");
    let said = |arguments: &[&str]| {
        let output = run(&[arguments, &["--url", &web]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim_end().to_owned()
    };
    let propose = |more: &[&str]| said(&[&["rule", "propose", "folder1"], more].concat());
    let none = "No alert of this folder is called normal";
    assert!(propose(&["--measures"]).starts_with(none));

    stack.publish("folder1", picture(View::Wall, 0)).await;
    let id = stack.firing("folder1").await.id;
    test_support::eventually("the service shows the alert", async || {
        let page = stack.get("/api/v1/alerts").await;
        (page["total"] == 1).then_some(())
    })
    .await;
    said(&["alerts", "ack", &id, "--name", "Jo", "--label", "normal"]);
    let shown = propose(&["--measures"]);
    let words = "1 of 1 labelled alert was judged again, by one frame each: an estimate.";
    assert!(shown.contains(words), "{shown}");
    assert!(shown.contains("start it with --model"), "{shown}");
    assert!(!propose(&[]).contains(words), "nobody asked for it");
    let json: serde_json::Value =
        serde_json::from_str(&propose(&["--measures", "--json"])).unwrap();
    assert_eq!(json["tried"]["judged"], 1);
}
