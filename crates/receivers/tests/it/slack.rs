//! Slack: a bot by the server of `slack_server`, webhooks by an HTTP server.

use std::{fs, time::Duration};

use axum::{Json, http::StatusCode};
use receivers::{Handle, Outcome, Receiver};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    folder,
    hook::Hook,
    messages::{again, firing, group, refused, reminder, resolved, told, with_picture},
    receiver,
    slack_server::{CHANNEL, SlackServer, TOKEN},
};

fn bot(folder: &TempDir, server: &SlackServer, more: &str) -> Receiver {
    fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
    let channel = if more.contains("channel =") {
        ""
    } else {
        "channel = \"#cctv\""
    };
    let settings = format!(
        "type = \"slack\"\ntoken-file = \"token\"\n{channel}\napi-url = {:?}\n{more}",
        server.api()
    );
    receiver(folder, &settings)
}

fn handle(outcome: Outcome) -> Handle {
    match outcome {
        Outcome::Delivered(Some(handle)) => handle,
        other => panic!("{other:?} where it was to be delivered with a handle"),
    }
}

#[tokio::test]
async fn a_message_is_posted_with_its_picture_in_its_thread() {
    let (folder, server) = (folder(), SlackServer::start().await);
    let ops = bot(&folder, &server, "time-zone = \"Europe/Berlin\"");
    let root = handle(ops.send(&with_picture(), None).await);
    assert_eq!(root.0, format!("{CHANNEL}/1700000000.000001"));
    let methods = [
        "chat.postMessage",
        "files.getUploadURLExternal",
        "files.completeUploadExternal",
    ];
    assert_eq!(server.methods(), methods);
    assert_eq!(server.last_call()["thread_ts"], "1700000000.000001");
    let post = server.log().calls[0].1.clone();
    let text = post["text"].as_str().unwrap();
    let expected = ":rotating_light: *Loading dock, hamburg: covered since 29 Nov 2020 10:51*\n\
                    dock is &lt;covered&gt; &amp; dark.\n\
                    Folder dock. Since Sun 29 Nov 2020, 10:51:07 CET.\n\
                    <https://framewatch.example.org/alerts/1|Open>  ·  <https://framewatch.example.org/a?token=x|Acknowledge>";
    assert_eq!(text, expected);
    assert_eq!(
        post["metadata"]["event_payload"]["key"],
        "dock-1.ops.firing"
    );
}

#[tokio::test]
async fn later_messages_join_the_thread_and_the_end_is_written_into_the_first() {
    let (folder, server) = (folder(), SlackServer::start().await);
    let ops = bot(&folder, &server, "picture = false");
    assert!(!ops.takes_pictures());
    let root = handle(ops.send(&with_picture(), None).await);
    assert_eq!(handle(ops.send(&reminder(), Some(&root)).await), root);
    let reminded = server.last_call();
    assert_eq!(reminded["thread_ts"], "1700000000.000001");
    assert_eq!(reminded["reply_broadcast"], true);
    assert_eq!(handle(ops.send(&resolved(), Some(&root)).await), root);
    assert_eq!(server.last_call()["reply_broadcast"], false);
    let methods = [
        "chat.postMessage",
        "chat.postMessage",
        "chat.update",
        "chat.postMessage",
    ];
    assert_eq!(server.methods(), methods);
    let first = server.log().messages["1700000000.000001"].0.clone();
    assert!(
        first.starts_with(":white_check_mark: *Loading dock"),
        "{first}"
    );
    assert!(
        first.contains("as it should be again after 4 min"),
        "{first}"
    );
}

#[tokio::test]
async fn a_thread_that_is_gone_begins_anew() {
    let (folder, server) = (folder(), SlackServer::start().await);
    let ops = bot(&folder, &server, "");
    let gone = Handle(format!("{CHANNEL}/1600000000.000001"));
    let root = handle(ops.send(&resolved(), Some(&gone)).await);
    assert_eq!(root.0, format!("{CHANNEL}/1700000000.000001"));
    assert_eq!(server.methods(), ["chat.postMessage"]);
    let of_mail = Handle("<id@example.org>".to_owned());
    handle(ops.send(&reminder(), Some(&of_mail)).await);
}

#[tokio::test]
async fn a_group_in_which_some_still_burns_is_not_called_over() {
    let (folder, server) = (folder(), SlackServer::start().await);
    let ops = bot(&folder, &server, "");
    let root = handle(ops.send(&group(2), None).await);
    let mut part = resolved();
    part.told.push(told("dock-1"));
    handle(ops.send(&part, Some(&root)).await);
    assert_eq!(server.methods(), ["chat.postMessage", "chat.postMessage"]);
}

#[tokio::test]
async fn what_slack_refuses_is_told_and_what_may_pass_is_tried_again() {
    let (folder, server) = (folder(), SlackServer::start().await);
    let ops = bot(&folder, &server, "");
    let error = |word: &str| Json(json!({ "ok": false, "error": word }));
    server.trouble(
        "chat.postMessage",
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "30")]),
    );
    let outcome = ops.send(&firing(), None).await;
    assert!(
        matches!(outcome, Outcome::TryAgain { after: Some(after), .. } if after == Duration::from_secs(30)),
        "{outcome:?}"
    );
    for passing in ["ratelimited", "internal_error", "service_unavailable"] {
        server.trouble("chat.postMessage", error(passing));
        let why = again(ops.send(&firing(), None).await);
        assert_eq!(why, format!("Slack answers {passing} to chat.postMessage"));
    }
    server.trouble("chat.postMessage", "<html>");
    again(ops.send(&firing(), None).await);
    for (lasting, advice) in [
        ("channel_not_found", "invite the bot"),
        ("not_in_channel", "invite the bot"),
        ("token_revoked", "make another"),
        ("something_new", ""),
    ] {
        server.trouble("chat.postMessage", error(lasting));
        let why = refused(ops.send(&firing(), None).await);
        assert!(why.contains(lasting) && why.contains(advice), "{why}");
    }
    let scope = json!({ "ok": false, "error": "missing_scope", "needed": "chat:write" });
    server.trouble("chat.postMessage", Json(scope));
    let why = refused(ops.send(&firing(), None).await);
    assert!(why.contains("needs the scope chat:write"), "{why}");

    fs::write(folder.path().join("token"), "xoxb-another-one\n").unwrap();
    let why = refused(ops.send(&firing(), None).await);
    assert!(why.contains("is the token in token-file right?"), "{why}");
    assert!(!why.contains("xoxb"), "{why}");
}

#[tokio::test]
async fn an_end_that_cannot_be_written_yet_is_posted_once() {
    let (folder, server) = (folder(), SlackServer::start().await);
    let ops = bot(&folder, &server, "");
    let root = handle(ops.send(&firing(), None).await);
    server.trouble(
        "chat.update",
        Json(json!({ "ok": false, "error": "ratelimited" })),
    );
    again(ops.send(&resolved(), Some(&root)).await);
    assert_eq!(server.log().messages.len(), 1, "nothing was posted");
    server.trouble(
        "chat.update",
        Json(json!({ "ok": false, "error": "edit_window_closed" })),
    );
    handle(ops.send(&resolved(), Some(&root)).await);
    assert_eq!(server.log().messages.len(), 2);
}

#[tokio::test]
async fn whatever_becomes_of_the_picture_the_message_has_arrived() {
    let (folder, server) = (folder(), SlackServer::start().await);
    let ops = bot(&folder, &server, "timeout = \"5s\"");
    for method in ["files.getUploadURLExternal", "files.completeUploadExternal"] {
        server.trouble(
            method,
            Json(json!({ "ok": false, "error": "missing_scope" })),
        );
        handle(ops.send(&with_picture(), None).await);
    }
    let elsewhere = json!({ "ok": true, "upload_url": "http://192.0.2.1/", "file_id": "F1" });
    server.trouble("files.getUploadURLExternal", Json(elsewhere));
    handle(ops.send(&with_picture(), None).await);
    // One that never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pictures = json!({
        "ok": true, "file_id": "F1",
        "upload_url": format!("https://{}/", silent.local_addr().unwrap()),
    });
    server.trouble("files.getUploadURLExternal", Json(pictures));
    handle(ops.send(&with_picture(), None).await);
    assert_eq!(server.log().messages.len(), 4);
}

#[tokio::test]
async fn a_webhook_takes_the_text_alone() {
    let (folder, hook) = (folder(), Hook::start().await);
    let url = hook.url("/services/T0SECRET0/B0SECRET0/x");
    fs::write(folder.path().join("url"), url).unwrap();
    let ops = receiver(&folder, "type = \"slack\"\nurl-file = \"url\"");
    assert!(!ops.takes_pictures());
    hook.answer("ok");
    assert_eq!(
        ops.send(&with_picture(), None).await,
        Outcome::Delivered(None)
    );
    let text = hook.last().json()["text"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with(":rotating_light: *Loading dock, hamburg: covered"),
        "{text}"
    );
    for (status, body, words) in [
        (404, "no_service", "make another"),
        (410, "channel_is_archived", "archived"),
        (403, "action_prohibited", "forbid"),
        (400, "/services/T0SECRET0", "answers 400"),
    ] {
        hook.answer((StatusCode::from_u16(status).unwrap(), body));
        let why = refused(ops.send(&firing(), None).await);
        assert!(why.contains(words) && !why.contains("SECRET"), "{why}");
    }
}

#[tokio::test]
async fn a_template_gives_the_text_and_mentions_nobody() {
    let (folder, server) = (folder(), SlackServer::start().await);
    let template = "template = \"<!here> {{ alerts[0].why }}\"";
    let ops = bot(&folder, &server, template);
    handle(ops.send(&firing(), None).await);
    let text = server.last_call()["text"].clone();
    assert_eq!(text, "<!here> dock is &lt;covered&gt; &amp; dark");
    let broken = bot(&folder, &server, "template = \"{{ nobody }}\"");
    handle(broken.send(&firing(), None).await);
    let text = server.last_call()["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with(":rotating_light: *Loading dock"), "{text}");
}
