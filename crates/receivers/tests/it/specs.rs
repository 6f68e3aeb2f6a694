//! What a configuration may say of a receiver, and what is said of what it may not.

use std::{collections::BTreeMap, fs};

use receivers::{Receiver, ReceiverKind, ReceiverSpec};

use crate::folder;

#[test]
fn what_is_wrong_is_told_by_the_setting_with_what_is_right() {
    let folder = folder();
    fs::write(folder.path().join("secret"), "s3cret-s3cret-s3cret\n").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    fs::write(folder.path().join("two"), "a\nb\n").unwrap();
    let hook = "url = \"https://example.org/hook\"";
    let mail =
        "server = \"mail.example.org\"\nfrom = \"fw@example.org\"\nto = [\"ops@example.org\"]";
    for (kind, settings, setting, words) in [
        ("webhook", String::new(), "url", "is missing"),
        (
            "webhook",
            "url = \"example.org\"".to_owned(),
            "url",
            "http://",
        ),
        (
            "webhook",
            "url = \"https://me:pw@example.org\"".to_owned(),
            "url",
            "password-file",
        ),
        (
            "webhook",
            format!("{hook}\nchannel = \"#a\""),
            "channel",
            "it is of slack",
        ),
        (
            "webhook",
            format!("{hook}\nurl-file = \"secret\""),
            "url-file",
            "takes the place of url",
        ),
        (
            "webhook",
            format!("{hook}\nsecret-file = \"none\""),
            "secret-file",
            "cannot read ",
        ),
        (
            "webhook",
            format!("{hook}\nsecret-file = \"empty\""),
            "secret-file",
            "one line",
        ),
        (
            "webhook",
            format!("{hook}\nsecret-file = \"two\""),
            "secret-file",
            "one line",
        ),
        (
            "webhook",
            format!("{hook}\ncontent-type = \"text/plain\""),
            "content-type",
            "template",
        ),
        (
            "webhook",
            format!("{hook}\ntemplate = \"\"\"a\n{{{{ b\"\"\""),
            "template",
            "line 2",
        ),
        (
            "webhook",
            format!("{hook}\ntemplate = \"a\"\nformat = \"cloudevents\""),
            "template",
            "format",
        ),
        (
            "webhook",
            format!("{hook}\ntimeout = \"1h\""),
            "timeout",
            "\"30s\"",
        ),
        (
            "webhook",
            format!("{hook}\ntime-zone = \"Berlin\""),
            "time-zone",
            "Europe/Berlin",
        ),
        (
            "webhook",
            format!("{hook}\nusername = \"me\""),
            "password-file",
            "needed beside username",
        ),
        (
            "webhook",
            format!("{hook}\nca-file = \"secret\""),
            "ca-file",
            "holds no certificate",
        ),
        ("slack", String::new(), "token-file", "is missing"),
        (
            "slack",
            "token-file = \"secret\"".to_owned(),
            "channel",
            "needed beside token-file",
        ),
        (
            "slack",
            "url-file = \"secret\"".to_owned(),
            "url-file",
            "no URL",
        ),
        (
            "email",
            "server = \"mail.example.org\"".to_owned(),
            "from",
            "is missing",
        ),
        (
            "email",
            "from = \"fw@example.org\"".to_owned(),
            "to",
            "addresses",
        ),
        ("email", mail.replace("ops@", "ops"), "to", "is no address"),
        (
            "email",
            mail.replace("mail.", "mail/"),
            "server",
            "mail.example.org",
        ),
        (
            "email",
            format!("{mail}\ntls = \"none\""),
            "tls",
            "none-anywhere",
        ),
        (
            "alertmanager",
            format!("{hook}\ntemplate = \"a\""),
            "template",
            "webhook, email, slack",
        ),
    ] {
        let spec: ReceiverSpec = toml::from_str(&format!("type = {kind:?}\n{settings}")).unwrap();
        let error = Receiver::of("ops", &spec, folder.path()).unwrap_err();
        assert_eq!(error.setting, setting, "{settings}: {error}");
        assert!(error.why.contains(words), "{error} has {words}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn an_unknown_setting_is_refused_with_its_line() {
    let error = toml::from_str::<ReceiverSpec>("type = \"slack\"\nchanel = \"#cctv\"").unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("line 2") && text.contains("`chanel`"),
        "{text}"
    );
    let error = toml::from_str::<ReceiverSpec>("type = \"pager\"").unwrap_err();
    assert!(error.to_string().contains("alertmanager"), "{error}");
}

#[test]
fn a_spec_is_written_as_it_is_read_and_shows_no_url() {
    let text = "type = \"webhook\"\nrate = \"10/min\"\nurl = \"https://example.org/SECRET\"\n";
    let spec: ReceiverSpec = toml::from_str(text).unwrap();
    assert_eq!(spec.kind, ReceiverKind::Webhook);
    assert_eq!(spec.rate.as_deref(), Some("10/min"));
    assert!(!format!("{spec:?}").contains("SECRET"));
    let json = serde_json::to_value(&spec).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 3, "{json}");
    assert_eq!(serde_json::from_value::<ReceiverSpec>(json).unwrap(), spec);
}

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/receivers.md");
    fs::read_to_string(path).unwrap()
}

/// The blocks of the document that are in a language.
pub(crate) fn examples(language: &str) -> Vec<String> {
    let document = document();
    let begin = format!("```{language}\n");
    let blocks = document.split(&begin).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_setting_is_documented_and_every_example_is_a_receiver() {
    #[derive(serde::Deserialize)]
    struct File {
        receiver: BTreeMap<String, ReceiverSpec>,
    }
    let folder = folder();
    for name in ["mail.password", "slack.token"] {
        fs::write(folder.path().join(name), "s3cret-s3cret\n").unwrap();
    }
    let examples = examples("toml");
    assert_eq!(examples.len(), 2);
    for example in examples {
        let file: File = toml::from_str(&example).unwrap();
        for (name, spec) in file.receiver {
            Receiver::of(&name, &spec, folder.path()).unwrap();
        }
    }
    let error = toml::from_str::<ReceiverSpec>("type = \"webhook\"\nnone = 1").unwrap_err();
    let (_, settings) = error.message().split_once("expected one of ").unwrap();
    let document = document();
    for setting in settings.split(", ") {
        assert!(
            document.contains(&format!("| {setting}"))
                || document.contains(&format!(", {setting} |")),
            "{setting} is documented"
        );
    }
}
