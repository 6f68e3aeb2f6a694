//! Mails, by aiosmtpd on loopback.

use std::{fs, time::Instant};

use receivers::{Handle, Message, Outcome, Receiver};
use ring::digest::{SHA256, digest};
use tempfile::TempDir;
use test_support::Certificates;

use crate::{
    folder,
    messages::{again, firing, group, picture, refused, reminder, resolved, told, with_picture},
    python::python,
    receiver,
    smtp_server::{SmtpServer, scripted},
};

fn email(folder: &TempDir, port: u16, more: &str) -> Receiver {
    let tls = if more.contains("tls =") {
        ""
    } else {
        "tls = \"none\""
    };
    let to = if more.contains("to =") {
        ""
    } else {
        "to = [\"Ops <ops@example.org>\"]"
    };
    let settings = format!(
        "type = \"email\"\nserver = \"localhost:{port}\"\nfrom = \"Framewatch <fw@example.org>\"\n{tls}\n{to}\n{more}"
    );
    receiver(folder, &settings)
}

fn id(key: &str) -> Handle {
    Handle(format!("<{key}@example.org>"))
}

#[tokio::test]
async fn a_mail_says_it_in_text_and_html_with_the_picture_inside() {
    let Some(python) = python() else { return };
    let mut server = SmtpServer::start(&python, &[]);
    let ops = email(&folder(), server.port(), "");
    let sent = ops.send(&with_picture(), None).await;
    assert_eq!(sent, Outcome::Delivered(Some(id("dock-1.ops.firing"))));
    let mail = server.mail();
    assert_eq!(mail.field("defects"), &serde_json::json!([]));
    assert_eq!(mail.to(), ["ops@example.org"]);
    let subject = "Loading dock, hamburg: covered since 29 Nov 2020 09:51 UTC";
    assert_eq!(mail.header("subject"), subject);
    assert_eq!(mail.header("message-id"), "<dock-1.ops.firing@example.org>");
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    assert_eq!(mail.header("in-reply-to"), "");
    assert!(!mail.header("date").is_empty());
    let types = [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
    ];
    assert_eq!(mail.types(), types);
    let text = mail.text("text/plain");
    assert!(text.contains("dock is <covered> & dark."), "{text}");
    assert!(
        text.contains("Open: https://framewatch.example.org/alerts/1"),
        "{text}"
    );
    let html = mail.text("text/html");
    assert!(
        html.contains("dock is &lt;covered&gt; &amp; dark."),
        "{html}"
    );
    assert!(html.contains("<img src=\"cid:picture\""), "{html}");
    let inside = mail.part("image/jpeg");
    assert_eq!(inside["id"], "<picture>");
    assert_eq!(inside["disposition"], "inline");
    let sum = digest(&SHA256, &picture().jpeg);
    let sum: String = sum
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(inside["sha256"], sum.as_str());
}

#[tokio::test]
async fn later_mails_join_the_first_and_a_repeat_has_the_same_id() {
    let Some(python) = python() else { return };
    let mut server = SmtpServer::start(&python, &[]);
    let ops = email(&folder(), server.port(), "picture = false");
    let first = id("dock-1.ops.firing");
    for thread in [None, Some(&first)] {
        let sent = ops.send(&with_picture(), thread).await;
        assert_eq!(sent, Outcome::Delivered(Some(first.clone())));
        let mail = server.mail();
        assert_eq!(mail.header("message-id"), first.0);
        assert_eq!(mail.header("in-reply-to"), "");
        assert_eq!(
            mail.types(),
            ["multipart/alternative", "text/plain", "text/html"]
        );
    }
    for (message, words) in [(reminder(), "Still: "), (resolved(), "again after 4 min")] {
        let sent = ops.send(&message, Some(&first)).await;
        assert_eq!(sent, Outcome::Delivered(Some(first.clone())));
        let mail = server.mail();
        assert_eq!(mail.header("in-reply-to"), first.0);
        assert_eq!(mail.header("references"), first.0);
        assert_ne!(mail.header("message-id"), first.0);
        assert!(
            mail.header("subject").contains(words),
            "{}",
            mail.header("subject")
        );
    }
}

#[tokio::test]
async fn nothing_that_others_wrote_becomes_a_header_or_markup() {
    let Some(python) = python() else { return };
    let mut server = SmtpServer::start(&python, &[]);
    let ops = email(&folder(), server.port(), "");
    let mut told = told("dock");
    told.title = "Dock\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script> ünï".to_owned();
    told.why = "\r\n.\r\nQUIT\r\n".to_owned();
    told.link = Some("javascript:alert(1)".to_owned());
    let message = Message {
        key: "a\r\nBcc: all@example.org".to_owned(),
        told: vec![told.clone(), told],
        ..firing()
    };
    ops.send(&message, None).await;
    let mail = server.mail();
    assert_eq!(mail.to(), ["ops@example.org"]);
    assert_eq!(mail.header("bcc"), "");
    assert_eq!(
        mail.header("message-id"),
        "<a%0D%0ABcc%3A%20all%40example.org@example.org>"
    );
    let html = mail.text("text/html");
    assert!(
        html.contains("&lt;script&gt;") && !html.contains("<script"),
        "{html}"
    );
    assert!(!html.contains("javascript:"), "{html}");
}

#[tokio::test]
async fn a_group_is_listed_and_a_template_takes_the_place_of_the_text() {
    let Some(python) = python() else { return };
    let mut server = SmtpServer::start(&python, &[]);
    let folder = folder();
    email(&folder, server.port(), "")
        .send(&group(30), None)
        .await;
    let mail = server.mail();
    assert!(
        mail.header("subject")
            .starts_with("30 views at hamburg covered since ")
    );
    let html = mail.text("text/html");
    assert_eq!(html.matches("Loading dock, hamburg").count(), 20, "{html}");
    assert!(html.contains("… and 10 more"), "{html}");

    let template = "template = \"{{ alerts|length }} of them <b>\"";
    email(&folder, server.port(), template)
        .send(&group(3), None)
        .await;
    let mail = server.mail();
    assert_eq!(mail.text("text/plain").trim(), "3 of them <b>");
    assert!(mail.text("text/html").contains("3 of them &lt;b&gt;"));
}

#[tokio::test]
async fn a_refusal_of_one_address_keeps_the_mail_from_no_other() {
    let Some(python) = python() else { return };
    let folder = folder();
    let full = folder.path().join("full");
    fs::write(&full, "").unwrap();
    let mut server = SmtpServer::start(&python, &["--full", full.to_str().unwrap()]);
    let all = "to = [\"never@example.org\", \"ops@example.org\", \"later@example.org\"]";
    let ops = email(&folder, server.port(), all);
    let why = again(ops.send(&firing(), None).await);
    assert!(
        why.contains("451 to later@example.org: greylisted, try later"),
        "{why}"
    );
    assert_eq!(server.mail().to(), ["ops@example.org"]);
    fs::remove_file(&full).unwrap();
    ops.send(&firing(), None).await;
    let mail = server.mail();
    assert_eq!(mail.to(), ["later@example.org"], "only who has it not yet");
    assert_eq!(mail.header("message-id"), "<dock-1.ops.firing@example.org>");

    let never = email(&folder, server.port(), "to = [\"never@example.org\"]");
    let why = refused(never.send(&firing(), None).await);
    assert_eq!(
        why,
        format!(
            "localhost:{} answers 550 to never@example.org: no such user",
            server.port()
        )
    );
    fs::write(&full, "").unwrap();
    let later = email(&folder, server.port(), "to = [\"later@example.org\"]");
    again(later.send(&firing(), None).await);
}

#[tokio::test]
async fn a_mail_that_is_too_large_goes_without_its_picture() {
    let Some(python) = python() else { return };
    let mut server = SmtpServer::start(&python, &["--max-bytes", "20000"]);
    let ops = email(&folder(), server.port(), "");
    let sent = ops.send(&with_picture(), None).await;
    assert_eq!(sent, Outcome::Delivered(Some(id("dock-1.ops.firing"))));
    assert_eq!(
        server.mail().types(),
        ["multipart/alternative", "text/plain", "text/html"]
    );

    let tiny = SmtpServer::start(&python, &["--max-bytes", "100"]);
    let why = refused(
        email(&folder(), tiny.port(), "")
            .send(&with_picture(), None)
            .await,
    );
    assert!(why.contains("552"), "{why}");
}

#[tokio::test]
async fn mails_go_by_tls_with_a_login_and_what_is_wrong_is_named() {
    let Some(python) = python() else { return };
    let (folder, certificates) = (folder(), Certificates::make());
    fs::write(folder.path().join("password"), "s3cret-s3cret\n").unwrap();
    fs::write(folder.path().join("wrong"), "wr0ng-wr0ng\n").unwrap();
    let authority = format!("ca-file = {:?}", certificates.authority());
    let login = |file| format!("username = \"me\"\npassword-file = {file:?}");
    let (certificate, key) = certificates.server();
    let pair = [certificate.to_str().unwrap(), key.to_str().unwrap()];
    for tls in ["starttls", "implicit"] {
        let flag = format!("--{tls}");
        let arguments = [
            flag.as_str(),
            pair[0],
            pair[1],
            "--login",
            "me",
            "s3cret-s3cret",
        ];
        let mut server = SmtpServer::start(&python, &arguments);
        let send = async |more: String| {
            let ops = email(&folder, server.port(), &format!("tls = {tls:?}\n{more}"));
            ops.send(&firing(), None).await
        };
        let why = again(send(login("password")).await);
        assert!(why.contains("nobody who is trusted here"), "{why}");
        let why = refused(send(format!("{authority}\n{}", login("wrong"))).await);
        assert!(
            why.contains("535") && why.contains("are username and password right"),
            "{why}"
        );
        assert!(!why.contains("wr0ng"), "{why}");
        let sent = send(format!("{authority}\n{}", login("password"))).await;
        assert_eq!(sent, Outcome::Delivered(Some(id("dock-1.ops.firing"))));
        let mail = server.mail();
        assert_eq!(mail.field("tls"), true, "{tls}");
        assert_eq!(mail.field("login"), "me");
    }
    let (certificate, key) = certificates.client();
    let arguments = [
        "--implicit",
        certificate.to_str().unwrap(),
        key.to_str().unwrap(),
    ];
    let other = SmtpServer::start(&python, &arguments);
    let ops = email(
        &folder,
        other.port(),
        &format!("tls = \"implicit\"\n{authority}"),
    );
    let why = again(ops.send(&firing(), None).await);
    assert!(why.contains("for another name"), "{why}");
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let Some(python) = python() else { return };
    let server = SmtpServer::start(&python, &[]);
    let ops = email(&folder(), server.port(), "tls = \"starttls\"");
    let why = refused(ops.send(&firing(), None).await);
    assert!(why.contains("offers no STARTTLS"), "{why}");
}

#[tokio::test]
async fn servers_that_stop_half_way_are_given_up_in_time() {
    const HELLO: &str = "250 localhost";
    for lines in [
        &[][..],
        &["220 hello"],
        &["220 hello", HELLO],
        &["220 hello", HELLO, "250 ok", "250 ok"],
        &["220 hello", HELLO, "250 ok", "250 ok", "354 go on"],
    ] {
        let address = scripted(lines).await;
        let ops = email(&folder(), address.port(), "timeout = \"1s\"");
        let begun = Instant::now();
        let why = again(ops.send(&firing(), None).await);
        assert!(why.ends_with("was not done within 1s"), "{why}");
        assert!(begun.elapsed().as_secs() < 10, "given up in time");
    }
}

#[tokio::test]
async fn what_a_server_answers_is_told_with_its_step() {
    const HELLO: &str = "250 localhost";
    for (lines, is_passing, words) in [
        (&["421 too busy"][..], true, "421 to the greeting: too busy"),
        (&["554 go away"], false, "554 to the greeting: go away"),
        (
            &["220 hello", HELLO, "451 later"],
            true,
            "451 to the sender: later",
        ),
        (
            &["220 hello", HELLO, "553 not you"],
            false,
            "553 to the sender: not you",
        ),
        (
            &["220 hello", HELLO, "250 ok", "250 ok", "451 full"],
            true,
            "451 to the mail: full",
        ),
        (
            &["220 hello", HELLO, "250 ok", "250 ok", "554 spam"],
            false,
            "554 to the mail: spam",
        ),
        (&["what is this"], true, "the greeting"),
    ] {
        let address = scripted(lines).await;
        let outcome = email(&folder(), address.port(), "")
            .send(&firing(), None)
            .await;
        let why = if is_passing {
            again(outcome)
        } else {
            refused(outcome)
        };
        assert!(why.contains(words), "{why} has {words}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let why = again(email(&folder(), port, "").send(&firing(), None).await);
    assert!(why.contains("connection is refused"), "{why}");
}
