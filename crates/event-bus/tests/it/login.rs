//! Logging in to servers that ask who we are, and that show who they are.

use std::path::PathBuf;

use event_bus::{Bus, BusConfig, ConnectError, Nats, NatsLogin, Role, with_causes};
use nkeys::KeyPair;
use server_login::ServerLogin;
use test_support::{Certificates, NatsServer, Secrets};

use crate::{folder, publish_frame};

fn password_server(more: &str) -> NatsServer {
    NatsServer::start_with(format!(
        "authorization {{ users: [ {{ user: me, password: \"p@ss word\" }} ] }}\n{more}"
    ))
}

async fn connect(url: String, login: NatsLogin) -> Result<Bus, ConnectError> {
    let config = BusConfig {
        login,
        nats_connect_timeout_s: 5,
        ..BusConfig::for_url(url)
    };
    Bus::connect(&config, "test", Role::Worker).await
}

fn password(user: &str, file: PathBuf) -> NatsLogin {
    of_server(ServerLogin {
        user: Some(user.to_owned()),
        password_file: Some(file),
        ..ServerLogin::default()
    })
}

fn of_server(server: ServerLogin<Nats>) -> NatsLogin {
    NatsLogin {
        server,
        ..NatsLogin::default()
    }
}

/// What the operator reads, which must hold no secret.
async fn refused(url: String, login: NatsLogin) -> String {
    let Err(error) = connect(url, login).await else {
        panic!("this must be refused")
    };
    let text = with_causes(&error);
    assert!(
        !text.contains("p@ss") && !text.contains("wrong-one"),
        "{text}"
    );
    text
}

fn tls(certificates: &Certificates, more: &str) -> String {
    let (certificate, key) = certificates.server();
    format!(
        "tls {{\n cert_file: {certificate:?}\n key_file: {key:?}\n ca_file: {:?}\n {more}\n}}\n",
        certificates.authority()
    )
}

#[tokio::test]
async fn a_password_comes_from_a_file_or_with_the_url() {
    let (server, secrets) = (password_server(""), Secrets::make());
    let login = password("me", secrets.file("p@ss word\n"));
    let bus = connect(server.url(), login).await.unwrap();
    publish_frame(&bus, &folder("dock"), b"picture").await;

    let url = server.url().replace("://", "://me:p%40ss%20word@");
    connect(url, NatsLogin::default()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_login_is_refused_at_once_and_not_repeated() {
    let (server, secrets) = (password_server(""), Secrets::make());
    for login in [
        password("me", secrets.file("wrong-one")),
        password("you", secrets.file("p@ss word")),
        NatsLogin::default(),
    ] {
        let text = refused(server.url(), login).await;
        assert!(
            text.contains("refuses the login") && text.contains(&server.url()),
            "{text}"
        );
    }
    let text = refused(
        server.url().replace("://", "://me:wrong-one@"),
        NatsLogin::default(),
    )
    .await;
    assert!(text.contains("refuses the login"), "{text}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named_with_its_setting() {
    let text = refused(
        "nats://127.0.0.1:1".to_owned(),
        password("me", "/no/such/file".into()),
    )
    .await;
    assert!(
        text.contains("/no/such/file") && text.contains("--nats-password-file"),
        "{text}"
    );
    let secrets = Secrets::make();
    let login = of_server(ServerLogin {
        ca_file: Some(secrets.file("no certificate")),
        ..ServerLogin::default()
    });
    let text = refused("nats://127.0.0.1:1".to_owned(), login).await;
    assert!(
        text.contains("--nats-ca-file") && text.contains("holds no certificate"),
        "{text}"
    );

    let text = refused("ftp://127.0.0.1:1".to_owned(), NatsLogin::default()).await;
    assert!(text.contains("ftp://127.0.0.1:1"), "{text}");
}

#[tokio::test]
async fn an_nkey_logs_in_by_its_seed() {
    let keys = KeyPair::new_user();
    let server = NatsServer::start_with(format!(
        "authorization {{ users: [ {{ nkey: {} }} ] }}\n",
        keys.public_key()
    ));
    let secrets = Secrets::make();
    let login = |seed: &str| NatsLogin {
        nats_nkey_file: Some(secrets.file(seed)),
        ..NatsLogin::default()
    };
    let seed = keys.seed().unwrap();
    connect(server.url(), login(&format!("{seed}\n")))
        .await
        .unwrap();
    let other = KeyPair::new_user().seed().unwrap();
    for wrong in ["not a seed", &other] {
        let text = refused(server.url(), login(wrong)).await;
        assert!(text.contains("refuses the login"), "{text}");
    }
}

#[tokio::test]
async fn answers_come_where_this_user_alone_may_listen() {
    let server = NatsServer::start_with(
        "authorization { users: [ { user: me, password: x, permissions: { publish: \">\", subscribe: \"_INBOX_me.>\" } },
                                  { user: you, password: x, permissions: { publish: \">\", subscribe: \"_answers.>\" } } ] }\n",
    );
    let secrets = Secrets::make();
    let login = password("me", secrets.file("x"));
    connect(server.url(), login).await.unwrap();
    let login = NatsLogin {
        nats_inbox_prefix: Some("_answers".to_owned()),
        ..password("you", secrets.file("x"))
    };
    connect(server.url(), login).await.unwrap();
}

#[tokio::test]
async fn a_server_is_known_by_the_authority_that_is_given() {
    let certificates = Certificates::make();
    let server = password_server(&tls(&certificates, ""));
    let secrets = Secrets::make();
    let url = server.url().replace("nats://", "tls://");
    let login = |authority: Option<PathBuf>| {
        of_server(ServerLogin {
            ca_file: authority,
            ..password("me", secrets.file("p@ss word")).server
        })
    };
    let bus = connect(url.clone(), login(Some(certificates.authority())))
        .await
        .unwrap();
    publish_frame(&bus, &folder("dock"), b"picture").await;

    let other = Certificates::make();
    for authority in [Some(other.authority()), None] {
        let text = refused(url.clone(), login(authority)).await;
        assert!(
            text.contains("cannot agree on TLS") && text.contains(&url),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_is_shown_ours() {
    let certificates = Certificates::make();
    let server = NatsServer::start_with(tls(&certificates, "verify: true"));
    let url = server.url().replace("nats://", "tls://");
    let (certificate, key) = certificates.client();
    let nobody = ServerLogin {
        ca_file: Some(certificates.authority()),
        ..ServerLogin::default()
    };
    let login = ServerLogin {
        cert_file: Some(certificate),
        key_file: Some(key),
        ..nobody.clone()
    };
    connect(url.clone(), of_server(login)).await.unwrap();
    let text = refused(url, of_server(nobody)).await;
    assert!(text.contains("cannot agree on TLS"), "{text}");
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_without_tls_where_tls_is_asked_for() {
    let certificates = Certificates::make();
    let (server, secrets) = (password_server(""), Secrets::make());
    let login = of_server(ServerLogin {
        ca_file: Some(certificates.authority()),
        ..password("me", secrets.file("p@ss word")).server
    });
    let text = refused(server.url(), login).await;
    assert!(text.contains("cannot agree on TLS"), "{text}");
}

#[tokio::test]
async fn a_guest_leaves_the_making_of_streams_to_others() {
    let server = NatsServer::start_with(
        "authorization { users: [ { user: camera, password: x,
           permissions: { publish: \"frames.dock\", subscribe: \"_INBOX_camera.>\" } },
           { user: all, password: x } ] }\n",
    );
    let secrets = Secrets::make();
    let config = |user| BusConfig {
        login: password(user, secrets.file("x")),
        ..BusConfig::for_url(server.url())
    };
    let camera = Bus::connect(&config("camera"), "camera", Role::Guest)
        .await
        .unwrap();
    Bus::connect(&config("all"), "keeper", Role::Worker)
        .await
        .unwrap();
    publish_frame(&camera, &folder("dock"), b"picture").await;
}
