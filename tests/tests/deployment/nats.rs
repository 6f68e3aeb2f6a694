//! Each user tries what it may and what it may not.

use test_support::NatsServer;

use crate::{client::Client, site::Site};

struct Rights<'a> {
    user: &'a str,
    may_publish: &'a [&'a str],
    may_not_publish: &'a [&'a str],
    may_subscribe: &'a [&'a str],
    may_not_subscribe: &'a [&'a str],
}

/// Where one reads what all others are told.
const ALL: [&str; 8] = [
    ">",
    "frames.*",
    "frames.gate",
    "comparisons.>",
    "_INBOX.>",
    "_INBOX_operator.>",
    "$JS.API.>",
    "$SYS.>",
];

const SERVICES: [Rights<'_>; 3] = [
    Rights {
        user: "upload",
        may_publish: &[
            "$JS.API.CONSUMER.CREATE.ALERTS.x_1.alerts.>",
            "$JS.API.CONSUMER.DELETE.ALERTS.x",
            "uploads.gate",
            "$KV.folders.gate",
            "$KV.rules._default",
            "$KV.acknowledgements.gate-1",
            "$O.references.C.x",
            "$O.references.M.x",
            "$JS.API.STREAM.CREATE.UPLOADS",
            "$JS.API.STREAM.INFO.ALERTS",
            "$JS.API.STREAM.PURGE.FRAMES",
            "$JS.API.CONSUMER.CREATE.ALERTS",
            "dead-letters.alerts.x",
        ],
        may_not_publish: &[
            "$JS.API.CONSUMER.CREATE.FRAMES.comparator.frames.*",
            "frames.gate",
            "comparisons.gate",
            "alerts.gate",
            "$KV.holds.gate",
            "$O.evidence.C.x",
            "$JS.API.STREAM.DELETE.ALERTS",
            "$JS.API.STREAM.DELETE.FRAMES",
            "$JS.API.STREAM.PURGE.ALERTS",
            "$JS.API.STREAM.PURGE.OBJ_evidence",
            "$JS.API.STREAM.CREATE.OTHER",
            "$JS.API.STREAM.MSG.DELETE.ALERTS",
            "$JS.API.STREAM.RESTORE.ALERTS",
            "$JS.API.STREAM.SNAPSHOT.ALERTS",
            "$JS.API.CONSUMER.DELETE.FRAMES.comparator",
            "$JS.ACK.FRAMES.comparator.1.1.1.1.1",
            "_INBOX_comparator.x",
        ],
        may_subscribe: &["_INBOX_upload.x", "_INBOX_upload.>"],
        may_not_subscribe: &["alerts.>", "_INBOX_comparator.>"],
    },
    Rights {
        user: "comparator",
        may_publish: &[
            "$JS.API.CONSUMER.CREATE.ALERTS.x_1.alerts.>",
            "$JS.API.CONSUMER.DELETE.ALERTS.x",
            "comparisons.gate",
            "alerts.gate",
            "$KV.holds.gate",
            "$O.evidence.C.x",
            "$JS.API.STREAM.CREATE.FRAMES",
            "$JS.API.CONSUMER.MSG.NEXT.FRAMES.comparator",
            "$JS.ACK.FRAMES.comparator.1.1.1.1.1",
            "dead-letters.frames.x",
        ],
        may_not_publish: &[
            "frames.gate",
            "uploads.gate",
            "$KV.rules._default",
            "$KV.folders.gate",
            "$KV.acknowledgements.x",
            "$O.references.C.x",
            "$JS.API.STREAM.UPDATE.ALERTS",
            "$JS.API.STREAM.DELETE.ALERTS",
            "$JS.API.STREAM.PURGE.FRAMES",
            "$JS.API.STREAM.CREATE.OTHER",
            "$JS.API.CONSUMER.DELETE.FRAMES.comparator",
            "_INBOX_upload.x",
        ],
        may_subscribe: &["_INBOX_comparator.>", "frames.*.>", "alerts.>"],
        may_not_subscribe: &["comparisons.gate", "frames.gate", "_INBOX_upload.>"],
    },
    Rights {
        user: "sink",
        may_publish: &[
            "$JS.API.CONSUMER.CREATE.ALERTS.x_1.alerts.>",
            "$JS.API.CONSUMER.DELETE.ALERTS.x",
            "$JS.API.STREAM.INFO.ALERTS",
            "$JS.API.CONSUMER.CREATE.ALERTS",
            "$JS.API.CONSUMER.CREATE.COMPARISONS",
            "dead-letters.alerts.x",
        ],
        may_not_publish: &[
            "alerts.gate",
            "comparisons.gate",
            "uploads.gate",
            "frames.gate",
            "$KV.rules._default",
            "$O.evidence.C.x",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.UPLOADS",
            "$JS.API.STREAM.CREATE.ALERTS",
            "$JS.API.STREAM.PURGE.ALERTS",
            "$JS.API.CONSUMER.CREATE.FRAMES",
            "$JS.API.CONSUMER.MSG.NEXT.FRAMES.comparator",
            "$JS.API.DIRECT.GET.OBJ_references",
        ],
        may_subscribe: &["_INBOX_sink.>"],
        may_not_subscribe: &["alerts.>", "_INBOX_upload.>"],
    },
];

const OUTSIDERS: [Rights<'_>; 4] = [
    Rights {
        user: "camera-gate",
        may_publish: &["frames.gate", "sources.gate"],
        may_not_publish: &[
            "frames.yard-1",
            "sources.yard-1",
            "sources.>",
            "frames.gate.x",
            "frames.>",
            "frames",
            "alerts.gate",
            "comparisons.gate",
            "uploads.gate",
            "$JS.API.INFO",
            "$JS.API.STREAM.DELETE.FRAMES",
            "$KV.rules.gate",
            "_INBOX_camera-yard.x",
        ],
        may_subscribe: &["_INBOX_camera-gate.x"],
        may_not_subscribe: &["alerts.>", "alerts.gate", "_INBOX_camera-yard.>"],
    },
    Rights {
        user: "camera-yard",
        may_publish: &["frames.yard-1", "frames.yard-2"],
        may_not_publish: &["frames.gate", "frames.yard"],
        may_subscribe: &["_INBOX_camera-yard.x"],
        may_not_subscribe: &["alerts.>"],
    },
    Rights {
        user: "camera-demo",
        may_publish: &["frames.folder1", "frames.folder6"],
        may_not_publish: &["frames.gate", "frames.folder7"],
        may_subscribe: &["_INBOX_camera-demo.x"],
        may_not_subscribe: &["alerts.>"],
    },
    Rights {
        user: "subscriber",
        may_publish: &[],
        may_not_publish: &["alerts.gate", "frames.gate", "x", "$JS.API.INFO"],
        may_subscribe: &["alerts.>", "alerts.gate"],
        may_not_subscribe: &["_INBOX_subscriber.>", "uploads.>"],
    },
];

pub(crate) fn log_in(server: &NatsServer, site: &Site, user: &str) -> Client {
    let password = site.password(&format!("nats-{user}"));
    Client::log_in(server.address(), Some((user, &password))).unwrap()
}

#[test]
fn each_user_may_do_its_work_and_nothing_else() {
    let site = Site::new();
    let server = site.nats(&[]);
    for rights in SERVICES.iter().chain(&OUTSIDERS) {
        let mut client = log_in(&server, &site, rights.user);
        for subject in rights.may_publish {
            let user = rights.user;
            assert!(
                client.may_publish(subject),
                "{user} must be allowed to publish {subject}"
            );
        }
        for subject in rights.may_not_publish {
            let user = rights.user;
            assert!(
                !client.may_publish(subject),
                "{user} must not publish {subject}"
            );
        }
        for subject in rights.may_subscribe {
            let user = rights.user;
            assert!(
                client.may_subscribe(subject),
                "{user} must be allowed to read {subject}"
            );
        }
        for subject in rights.may_not_subscribe.iter().chain(&ALL) {
            assert!(
                !client.may_subscribe(subject),
                "{} must not read {subject}",
                rights.user
            );
        }
    }
}

#[test]
fn nobody_comes_in_without_the_right_password() {
    let site = Site::new();
    let server = site.nats(&[]);
    let sink = site.password("nats-sink");
    for login in [
        None,
        Some(("upload", sink.as_str())),
        Some(("nobody", &sink)),
        Some(("sink", "")),
        Some(("", "")),
    ] {
        let refused = Client::log_in(server.address(), login);
        assert!(refused.is_err(), "{login:?} must be refused");
    }
}

#[test]
fn a_camera_cannot_have_answers_sent_where_it_may_not_publish() {
    let site = Site::new();
    let server = site.nats(&[]);
    let mut operator = log_in(&server, &site, "operator");
    assert!(operator.may_subscribe("_made"));
    let create = r#"{"name":"FRAMES","subjects":["frames.*"],"storage":"memory"}"#;
    operator.ask("$JS.API.STREAM.CREATE.FRAMES", "_made", create);
    assert_eq!(operator.next_subject(), "_made");
    assert!(operator.may_subscribe("alerts.>"));

    let mut camera = log_in(&server, &site, "camera-gate");
    camera.may_subscribe("_INBOX_camera-gate.>");
    camera.may_ask("frames.gate", "alerts.gate");
    // Its own answers come: so the message before was stored and answered as well.
    assert!(camera.may_ask("frames.gate", "_INBOX_camera-gate.x"));
    assert_eq!(camera.next_subject(), "_INBOX_camera-gate.x");
    assert!(operator.may_publish("alerts.end"));
    assert_eq!(operator.next_subject(), "alerts.end");
}

#[test]
fn a_subscriber_hears_of_alerts() {
    let site = Site::new();
    let server = site.nats(&[]);
    let mut subscriber = log_in(&server, &site, "subscriber");
    assert!(subscriber.may_subscribe("alerts.>"));
    assert!(log_in(&server, &site, "comparator").may_publish("alerts.gate"));
    assert_eq!(subscriber.next_subject(), "alerts.gate");
}
