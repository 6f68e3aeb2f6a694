//! The long tail of receivers: a webhook with a template into Apprise, which passes it on.

use receivers::Outcome;
use serde_json::Value;

use crate::{
    folder,
    hook::Hook,
    messages::{firing, resolved},
    python::{Server, python},
    receiver,
    specs::examples,
};

#[tokio::test]
async fn a_message_goes_through_apprise() {
    let Some(python) = python() else { return };
    let hook = Hook::start().await;
    let service = format!("json://{}/end", hook.address);
    let apprise = Server::start(&python, "apprise_server.py", [service]);
    let url = format!("http://127.0.0.1:{}/notify/ops", apprise.port);
    let example = &examples("toml")[1];
    let (_, template) = example.split_once("template = ").unwrap();
    let ops = receiver(
        &folder(),
        &format!("type = \"webhook\"\nurl = {url:?}\ntemplate = {template}"),
    );
    let told = |request: Value, field: &str| request[field].as_str().unwrap().to_owned();
    for (message, kind) in [(firing(), "warning"), (resolved(), "success")] {
        assert_eq!(ops.send(&message, None).await, Outcome::Delivered(None));
        let request = hook.last();
        assert_eq!(request.path, "/end");
        assert_eq!(told(request.json(), "title"), ops.subject(&message));
        assert_eq!(told(request.json(), "type"), kind);
        let text = told(request.json(), "message");
        assert!(
            text.contains("https://framewatch.example.org/alerts/1"),
            "{text}"
        );
    }
}
