//! Logging in to a Redis that asks who we are, and that shows who it is.

use std::path::PathBuf;

use redis::AsyncCommands;
use service_runtime::Failure;
use sink::{Config, Connection, RedisLogin};
use test_support::{Certificates, RedisServer, Secrets};

fn password(secrets: &Secrets, user: &str, password: &str) -> RedisLogin {
    RedisLogin {
        user: Some(user.to_owned()),
        password_file: Some(secrets.file(password)),
        ..RedisLogin::default()
    }
}

fn asks_who_we_are() -> RedisServer {
    let nobody = ["--user", "default", "off"];
    let me = [
        "--user",
        "me",
        "on",
        ">p@ssword",
        "~mine_*",
        "~framewatch:position:*",
        "+get",
        "+set",
        "+ping",
    ];
    RedisServer::start_with(&[&nobody[..], &me].concat())
}

fn over_tls(certificates: &Certificates, clients: &str) -> RedisServer {
    let (certificate, key) = certificates.server();
    let text = |path: PathBuf| path.display().to_string();
    RedisServer::start_with(&[
        "--port",
        "0",
        "--tls-port",
        "{port}",
        "--tls-cert-file",
        &text(certificate),
        "--tls-key-file",
        &text(key),
        "--tls-ca-cert-file",
        &text(certificates.authority()),
        "--tls-auth-clients",
        clients,
    ])
}

async fn connect(url: String, login: RedisLogin) -> Result<Connection, Failure> {
    let config = Config {
        login,
        redis_connect_timeout_s: 5,
        ..Config::for_url(url)
    };
    sink::connect(&config).await
}

/// What the operator reads, which must hold no secret.
async fn refused(url: String, login: RedisLogin) -> String {
    let Err(failure) = connect(url, login).await else {
        panic!("this must be refused")
    };
    let text = format!("{:#}", failure.error());
    assert!(
        !text.contains("p@ss") && !text.contains("wrong-one"),
        "{text}"
    );
    text
}

#[tokio::test]
async fn a_password_comes_from_a_file_or_with_the_url() {
    let (server, secrets) = (asks_who_we_are(), Secrets::make());
    let login = password(&secrets, "me", "p@ssword\n");
    let mut redis = connect(server.url(), login).await.unwrap();
    redis.set::<_, _, ()>("mine_a", "1").await.unwrap();
    redis.set::<_, _, ()>("other", "1").await.unwrap_err();

    let url = server.url().replace("://", "://me:p%40ssword@");
    connect(url, RedisLogin::default()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_login_is_refused_at_once_and_not_repeated() {
    let (server, secrets) = (asks_who_we_are(), Secrets::make());
    for login in [
        password(&secrets, "me", "wrong-one"),
        password(&secrets, "you", "p@ssword"),
        RedisLogin::default(),
    ] {
        let text = refused(server.url(), login).await;
        let address = server.address().to_string();
        assert!(
            text.contains("refuses the login") && text.contains(&address),
            "{text}"
        );
    }
    let url = server.url().replace("://", "://me:wrong-one@");
    let text = refused(url, RedisLogin::default()).await;
    assert!(text.contains("refuses the login"), "{text}");
}

#[tokio::test]
async fn a_server_is_known_by_the_authority_that_is_given() {
    let certificates = Certificates::make();
    let server = over_tls(&certificates, "no");
    let url = server.url().replace("redis://", "rediss://");
    let login = |authority: Option<PathBuf>| RedisLogin {
        ca_file: authority,
        ..RedisLogin::default()
    };
    let mut redis = connect(url.clone(), login(Some(certificates.authority())))
        .await
        .unwrap();
    redis.set::<_, _, ()>("mine_a", "1").await.unwrap();

    let other = Certificates::make();
    for authority in [Some(other.authority()), None] {
        let text = refused(url.clone(), login(authority)).await;
        assert!(text.contains("cannot agree on TLS"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_is_shown_ours() {
    let certificates = Certificates::make();
    let server = over_tls(&certificates, "yes");
    let url = server.url().replace("redis://", "rediss://");
    let (certificate, key) = certificates.client();
    let nobody = RedisLogin {
        ca_file: Some(certificates.authority()),
        ..RedisLogin::default()
    };
    let login = RedisLogin {
        cert_file: Some(certificate),
        key_file: Some(key),
        ..nobody.clone()
    };
    connect(url.clone(), login).await.unwrap();
    let text = refused(url, nobody).await;
    assert!(text.contains("cannot agree on TLS"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_used_is_named() {
    let secrets = Secrets::make();
    let url = || "redis://127.0.0.1:1/".to_owned();
    let login = RedisLogin {
        password_file: Some("/no/such/file".into()),
        ..RedisLogin::default()
    };
    let text = refused(url(), login).await;
    assert!(
        text.contains("/no/such/file") && text.contains("--redis-password-file"),
        "{text}"
    );

    let login = RedisLogin {
        ca_file: Some(secrets.file("no certificate")),
        ..RedisLogin::default()
    };
    let text = refused(url(), login.clone()).await;
    assert!(text.contains("rediss://"), "{text}");
    let text = refused(url().replace("redis://", "rediss://"), login).await;
    assert!(text.contains("holds no certificate"), "{text}");

    let text = refused(
        "http://me:p@ss@127.0.0.1:1".to_owned(),
        RedisLogin::default(),
    )
    .await;
    assert!(text.contains("is not a Redis URL"), "{text}");

    let login = password(&secrets, "sink", "secret");
    let text = refused("redis+cluster://127.0.0.1:1,127.0.0.1:2".to_owned(), login).await;
    assert!(
        text.contains("cannot reach the Redis cluster at 127.0.0.1:1, 127.0.0.1:2"),
        "{text}"
    );
}
