//! Logging in and out as a browser does.

use std::time::Duration;

use accounts::{Password, Role};
use event_bus::{AlertSubject, Expected, Session, SessionChange};
use proto::v1::{Alert, Phase};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use test_support::{NatsServer, eventually, soon};
use time::OffsetDateTime;

use crate::{
    access::{PASSWORD, Site, issue},
    service::{Service, folder},
};

/// A browser that is logged in.
#[derive(Clone)]
pub(crate) struct Browser {
    /// As in the header `Cookie`.
    pub(crate) cookie: String,
}

pub(crate) const COOKIE: &str = "__Host-framewatch";

/// Sends the form of the page as a browser does.
pub(crate) async fn log_in(service: &Service, name: &str, password: &str, next: &str) -> Response {
    let request = login_form(service, name, password, next);
    request.send().await.unwrap()
}

/// The form, to be sent.
pub(crate) fn login_form(
    service: &Service,
    name: &str,
    password: &str,
    next: &str,
) -> RequestBuilder {
    let form = [("username", name), ("password", password), ("next", next)];
    let request = service
        .request(Method::POST, "/login")
        .body(serde_urlencoded::to_string(form).unwrap());
    from_our_page(service, request)
}

/// With what a browser says of where a form is from.
pub(crate) fn from_our_page(service: &Service, request: RequestBuilder) -> RequestBuilder {
    request
        .header("origin", format!("http://{}", service.host))
        .header("accept", "text/html,*/*;q=0.8")
}

impl Browser {
    pub(crate) async fn logged_in(service: &Service, name: &str) -> Self {
        let response = log_in(service, name, PASSWORD, "").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        Browser {
            cookie: cookie.split(';').next().unwrap().to_owned(),
        }
    }

    pub(crate) fn request(&self, service: &Service, method: Method, path: &str) -> RequestBuilder {
        let request = service.request(method, path);
        request.header("cookie", &self.cookie)
    }

    pub(crate) async fn get(&self, service: &Service, path: &str) -> Response {
        let request = self.request(service, Method::GET, path);
        request.header("accept", "text/html").send().await.unwrap()
    }

    pub(crate) async fn status(&self, service: &Service) -> u16 {
        let request = self.request(service, Method::GET, "/api/v1/folders");
        request.send().await.unwrap().status().as_u16()
    }

    async fn page(&self, service: &Service, path: &str) -> String {
        let response = self.get(service, path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    pub(crate) async fn post(&self, service: &Service, path: &str, body: &'static str) -> Response {
        let request = self.request(service, Method::POST, path).body(body);
        from_our_page(service, request).send().await.unwrap()
    }

    /// Follows the events; resolves when they end.
    async fn follow(&self, service: &Service) -> impl Future<Output = ()> + use<> {
        let request = self.request(service, Method::GET, "/api/v1/events");
        let mut events = request.send().await.unwrap();
        assert!(
            soon("an event", events.chunk())
                .await
                .unwrap()
                .unwrap()
                .starts_with(b"event: hello")
        );
        async move {
            let rest = async { while events.chunk().await.unwrap().is_some() {} };
            let ended = tokio::time::timeout(Duration::from_secs(20), rest).await;
            ended.expect("the events end");
        }
    }
}

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn a_browser_is_sent_to_log_in_and_back_and_stays_until_it_logs_out() {
    let nats = NatsServer::start();
    let site = Site::new();
    site.add_user("jo", Role::Admin);
    let service = site.start(&nats).await;
    let nobody = Browser {
        cookie: "other=1".into(),
    };
    let sent = nobody.get(&service, "/folder/1?before=x").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&sent), "/login?next=/folder/1%3Fbefore%3Dx");
    let page = nobody.page(&service, location(&sent)).await;
    assert!(page.contains("value=\"/folder/1?before=x\""), "{page}");
    assert!(
        !page.contains("Log out") && !page.contains("href=\"/alerts\""),
        "{page}"
    );

    let back = log_in(&service, " Jo ", PASSWORD, "/folder/1?before=x").await;
    assert_eq!(back.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&back), "/folder/1?before=x");
    let cookie = back.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    let mut attributes: Vec<&str> = attributes.split("; ").collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        [
            "HttpOnly",
            "Max-Age=604800",
            "Path=/",
            "SameSite=Lax",
            "Secure"
        ]
    );
    assert!(value.starts_with(&format!("{COOKIE}=")), "{value}");

    let browser = Browser {
        cookie: value.to_owned(),
    };
    let page = browser.page(&service, "/").await;
    assert!(
        page.contains("jo <span class=\"quiet\">admin</span>"),
        "{page}"
    );
    assert!(page.contains("action=\"/logout\""), "{page}");
    let again = browser.get(&service, "/login?next=/alerts").await;
    assert_eq!(location(&again), "/alerts");

    let gone = browser.post(&service, "/logout", "").await;
    assert_eq!(
        (gone.status(), location(&gone)),
        (StatusCode::SEE_OTHER, "/login")
    );
    let cleared = gone.headers()["set-cookie"].to_str().unwrap();
    assert!(cleared.contains("Max-Age=0"), "{cleared}");
    assert_eq!(
        browser.status(&service).await,
        401,
        "what the browser had is worth nothing"
    );
    assert_eq!(
        browser.get(&service, "/").await.status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_session_holds_in_every_copy_of_the_service_and_ends_in_every_one() {
    let nats = NatsServer::start();
    let site = Site::new();
    site.add_user("jo", Role::Viewer);
    let (here, there) = (site.start(&nats).await, site.start(&nats).await);
    for _ in 0..5 {
        let browser = Browser::logged_in(&here, "jo").await;
        assert_eq!(browser.status(&there).await, 200, "at once");
        let ends = browser.follow(&there).await;
        browser.post(&here, "/logout", "").await;
        ends.await;
        assert_eq!(browser.status(&there).await, 401);
    }

    let browser = Browser::logged_in(&there, "jo").await;
    let third = site.start(&nats).await;
    assert_eq!(
        browser.status(&third).await,
        200,
        "one that starts later knows it"
    );
    let (_, secret) = browser.cookie.split_once('=').unwrap();
    for stored in here.bus.all::<SessionChange>().await {
        assert!(
            !format!("{stored:?}").contains(secret),
            "the bucket does not give it away"
        );
    }
}

#[tokio::test]
async fn what_happens_to_an_account_happens_to_its_sessions() {
    let nats = NatsServer::start();
    let site = Site::new();
    for name in ["jo", "kim", "lee"] {
        site.add_user(name, Role::Viewer);
    }
    let service = site.start(&nats).await;
    let [jo, kim, lee] = ["jo", "kim", "lee"].map(|name| (name, name.parse().unwrap()));
    let (removed, renewed, promoted) = (
        Browser::logged_in(&service, jo.0).await,
        Browser::logged_in(&service, kim.0).await,
        Browser::logged_in(&service, lee.0).await,
    );
    let (removed_ends, renewed_ends) = (
        removed.follow(&service).await,
        renewed.follow(&service).await,
    );
    let refused = promoted
        .post(&service, "/folder/1/rule", "threshold=0.5")
        .await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);

    let other = Password::new("another good one".into()).unwrap().hash();
    site.change(|accounts| {
        accounts.remove_user(&jo.1)?;
        accounts.set_password(&kim.1, other)?;
        accounts.set_role(&lee.1, Role::Admin)
    });
    removed_ends.await;
    renewed_ends.await;
    assert_eq!(removed.status(&service).await, 401);
    assert_eq!(renewed.status(&service).await, 401);
    let allowed = promoted
        .post(&service, "/folder/1/rule", "threshold=0.5")
        .await;
    assert_eq!(allowed.status(), StatusCode::SEE_OTHER);

    site.add_user("jo", Role::Admin);
    let after_that = issue(Role::Viewer, time::Duration::HOUR);
    site.add(&after_that);
    eventually("the users file is read again", async || {
        let request = service.request(Method::GET, "/api/v1/folders");
        let request = request.bearer_auth(after_that.reveal());
        let response = request.send().await.unwrap();
        (response.status() == StatusCode::OK).then_some(())
    })
    .await;
    Browser::logged_in(&service, "jo").await;
    assert_eq!(
        removed.status(&service).await,
        401,
        "another jo is somebody else"
    );
}

#[tokio::test]
async fn a_session_ends_by_its_time() {
    let nats = NatsServer::start();
    let site = Site::new();
    site.add_user("jo", Role::Viewer);
    let service = site.start(&nats).await;
    let sessions = service.bus.sessions();
    let accounts = site.file().read().unwrap();
    let jo = accounts.user(&"jo".parse().unwrap()).unwrap();
    let begin = async |lifetime: time::Duration| {
        let secret = accounts::Secret::random();
        let now = OffsetDateTime::now_utc();
        let session = Session {
            user: "jo".into(),
            password_mark: jo.password.mark().into(),
            began_at: now,
            ends_at: now + lifetime,
        };
        let key = secret.digest().as_str().parse().unwrap();
        sessions.set(&key, &session).await.unwrap();
        Browser {
            cookie: format!("{COOKIE}={}", secret.reveal()),
        }
    };
    let over = begin(-time::Duration::SECOND).await;
    assert_eq!(over.status(&service).await, 401);
    let brief = begin(time::Duration::seconds(3)).await;
    assert_eq!(brief.status(&service).await, 200);
    brief.follow(&service).await.await;
    assert_eq!(brief.status(&service).await, 401);
}

#[tokio::test]
async fn the_oldest_session_of_somebody_with_many_ends() {
    let nats = NatsServer::start();
    let site = Site::new();
    site.add_user("jo", Role::Viewer);
    let service = site.start(&nats).await;
    let first = Browser::logged_in(&service, "jo").await;
    let second = Browser::logged_in(&service, "jo").await;
    for _ in 2..32 {
        Browser::logged_in(&service, "jo").await;
    }
    assert_eq!(first.status(&service).await, 200);
    Browser::logged_in(&service, "jo").await;
    eventually("the first has ended", async || {
        (first.status(&service).await == 401).then_some(())
    })
    .await;
    assert_eq!(second.status(&service).await, 200);
}

#[tokio::test]
async fn pages_offer_what_somebody_may_do_and_nothing_else() {
    let nats = NatsServer::start();
    let site = Site::new();
    let roles = [
        ("v", Role::Viewer),
        ("o", Role::Operator),
        ("a", Role::Admin),
    ];
    for (name, role) in roles {
        site.add_user(name, role);
    }
    let service = site.start(&nats).await;
    let admin = Browser::logged_in(&service, "a").await;
    let upload = admin.request(&service, Method::POST, "/api/v1/folders/folder1/images");
    let upload = from_our_page(&service, upload).body(crate::pictures::jpeg(1));
    assert_eq!(upload.send().await.unwrap().status(), StatusCode::CREATED);
    let alert = Alert {
        id: "folder1-1-a".into(),
        folder: "folder1".into(),
        phase: Phase::Firing.into(),
        ..Alert::default()
    };
    let folder1 = folder("folder1");
    let subject = AlertSubject::view(&folder1);
    let published = service.bus.publish_alert(&subject, &alert, Expected(0));
    published.await.unwrap();
    eventually("the alert is known", async || {
        let response = admin.get(&service, "/alerts/folder1-1-a").await;
        (response.status() == StatusCode::OK).then_some(())
    })
    .await;

    let offers = [
        ("/folder/1", "action=\"/folder/1\"", Role::Operator),
        ("/folder/1", "/folder/1/delete/", Role::Operator),
        ("/folder/1", "data-offer", Role::Operator),
        ("/folder/1", "data-what-if", Role::Operator),
        ("/folder/1", "Save the rule", Role::Admin),
        ("/alerts", "/acknowledge\"", Role::Operator),
        ("/alerts/folder1-1-a", "/acknowledge\"", Role::Operator),
        ("/alerts/folder1-1-a", "quiet\">You are ", Role::Operator),
    ];
    for (name, role) in roles {
        let browser = Browser::logged_in(&service, name).await;
        for (path, offer, needed) in offers {
            let page = browser.page(&service, path).await;
            let is_offered = page.contains(offer);
            assert_eq!(is_offered, role >= needed, "{offer} on {path} for {role}");
        }
    }
    let operator = Browser::logged_in(&service, "o").await;
    let page = operator.page(&service, "/alerts/folder1-1-a").await;
    assert!(page.contains("You are o."), "{page}");
    assert!(!page.contains("Your name"), "nobody is asked: {page}");
    let form = "/alerts/folder1-1-a/acknowledge";
    let sent = operator.post(&service, form, "name=a&note=Seen.").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let page = operator.page(&service, "/alerts/folder1-1-a").await;
    assert!(page.contains("Acknowledged by <bdi>o</bdi>"), "{page}");
    let refused = operator
        .post(&service, "/folder/1/rule", "threshold=0.5")
        .await;
    let page = refused.text().await.unwrap();
    assert!(
        page.contains("takes the role admin; o has the role operator"),
        "{page}"
    );
    assert!(
        page.contains("Log out"),
        "a page of a problem is one of theirs: {page}"
    );
}

#[tokio::test]
async fn without_accounts_nobody_can_log_in_and_nothing_shows_of_it() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for (method, path) in [
        (Method::GET, "/login"),
        (Method::POST, "/login"),
        (Method::POST, "/logout"),
    ] {
        let response = service.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/", "/folder/1", "/alerts"] {
        let page = service.get(path).await.text().await.unwrap();
        assert!(
            !page.contains("log") || !page.to_lowercase().contains("log out"),
            "{page}"
        );
        assert!(
            !page.contains("/login") && !page.contains("data-logged-out"),
            "{page}"
        );
    }
    let page = service.get("/folder/1").await.text().await.unwrap();
    assert!(
        page.contains("Save the rule") && page.contains("data-offer"),
        "{page}"
    );
}
