use tests::Stack;

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

    assert_eq!(
        said(&["get", "folder1"]),
        "folder1: threshold 0.9 (built-in)"
    );
    assert_eq!(
        said(&["set", "_default", "--threshold", "0.8"]),
        "_default: threshold 0.8 (default)"
    );
    assert_eq!(
        said(&["set", "folder1", "--threshold", "1"]),
        "folder1: threshold 1 (folder)"
    );
    assert!(said(&["get", "folder1", "--json"]).contains(r#""rule":{"threshold":1.0}"#));
    assert_eq!(
        said(&["unset", "folder1"]),
        "folder1: threshold 0.8 (default)"
    );
    assert_eq!(
        said(&["unset", "_default"]),
        "_default: threshold 0.9 (built-in)"
    );

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
        (&["set", "Folder 1", "--threshold", "0.5"], "lower-case"),
    ] {
        let output = run(&[&["rule"], arguments].concat());
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
}
