//! What pages of other sites may do.

use reqwest::{Method, Response};
use test_support::NatsServer;
use upload::{AccessConfig, Config};

use crate::service::{Service, problem};

const FOLDERS: &str = "/api/v1/folders";
const RULE: &str = "/api/v1/rules/_default";
const DASHBOARD: &str = "https://dash.example.org";
const OTHER: &str = "https://other.example.org";

async fn start(nats: &NatsServer, origins: &[&str]) -> Service {
    let config = Config {
        access: AccessConfig {
            cors_origins: origins
                .iter()
                .map(|origin| origin.parse().unwrap())
                .collect(),
            ..AccessConfig::default()
        },
        ..Config::default()
    };
    Service::start_with(nats, config).await
}

/// What a page of another site gets a browser to send.
async fn from(service: &Service, site: &str, method: Method, path: &str) -> Response {
    let request = service.request(method, path).header("origin", site);
    let request = request.header("sec-fetch-site", "cross-site");
    request.body("{}").send().await.unwrap()
}

/// What a browser asks first where something is to change.
async fn preflight(service: &Service, site: &str) -> Response {
    let request = service
        .request(Method::OPTIONS, RULE)
        .header("origin", site);
    let request = request
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "authorization");
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap())
}

const ALLOWED: &str = "access-control-allow-origin";

#[tokio::test]
async fn unasked_no_other_site_may_do_anything() {
    let nats = NatsServer::start();
    let service = start(&nats, &[]).await;
    let looked = from(&service, DASHBOARD, Method::GET, FOLDERS).await;
    assert_eq!(header(&looked, ALLOWED), None);
    let changed = from(&service, DASHBOARD, Method::PUT, RULE).await;
    problem(changed, 403, "cross-site").await;
    problem(
        preflight(&service, DASHBOARD).await,
        405,
        "method-not-allowed",
    )
    .await;
}

#[tokio::test]
async fn a_named_site_may_do_what_our_own_pages_may() {
    let nats = NatsServer::start();
    let service = start(&nats, &[DASHBOARD]).await;
    let looked = from(&service, DASHBOARD, Method::GET, FOLDERS).await;
    assert_eq!(header(&looked, ALLOWED), Some(DASHBOARD));
    assert_eq!(header(&looked, "access-control-allow-credentials"), None);
    let mut varies = looked.headers().get_all("vary").iter();
    assert!(varies.any(|it| it.to_str().unwrap().contains("origin")));
    let asked = preflight(&service, DASHBOARD).await;
    assert_eq!(asked.status(), 200);
    let methods = header(&asked, "access-control-allow-methods").unwrap();
    assert!(methods.contains("PUT"), "{methods}");
    let changed = from(&service, DASHBOARD, Method::PUT, RULE).await;
    assert_eq!(changed.status(), 200);
    let refused = from(&service, DASHBOARD, Method::GET, "/api/v1/folders/nosuch").await;
    assert_eq!(
        header(&refused, ALLOWED),
        Some(DASHBOARD),
        "it can read why"
    );

    let looked = from(&service, OTHER, Method::GET, FOLDERS).await;
    assert_eq!(header(&looked, ALLOWED), None);
    assert_eq!(header(&preflight(&service, OTHER).await, ALLOWED), None);
    let changed = from(&service, OTHER, Method::PUT, RULE).await;
    problem(changed, 403, "cross-site").await;
}

#[tokio::test]
async fn with_an_asterisk_every_site_may_look_and_none_may_change() {
    let nats = NatsServer::start();
    let service = start(&nats, &["*"]).await;
    let looked = from(&service, OTHER, Method::GET, FOLDERS).await;
    assert_eq!(header(&looked, ALLOWED), Some("*"));
    assert_eq!(header(&looked, "access-control-allow-credentials"), None);
    let methods = preflight(&service, OTHER).await;
    let methods = header(&methods, "access-control-allow-methods").unwrap();
    assert_eq!(methods, "GET,HEAD");
    let changed = from(&service, OTHER, Method::PUT, RULE).await;
    problem(changed, 403, "cross-site").await;
}
