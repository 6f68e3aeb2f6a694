//! What does not log anybody in, and what a session is not good for.

use accounts::Role;
use reqwest::{Method, StatusCode, header::HeaderValue};
use test_support::NatsServer;
use upload::{AccessConfig, Config};

use crate::{
    access::{PASSWORD, Site},
    login::{Browser, COOKIE, from_our_page, log_in, login_form},
    service::{Service, problem},
};

async fn with_jo(nats: &NatsServer) -> (Site, Service) {
    let site = Site::new();
    site.add_user("jo", Role::Admin);
    let service = site.start(nats).await;
    (site, service)
}

#[tokio::test]
async fn only_the_right_password_logs_in_and_nothing_tells_which_names_there_are() {
    let nats = NatsServer::start();
    let (_site, service) = with_jo(&nats).await;
    let mut pages = Vec::new();
    for (name, password) in [
        ("jo", "wrong horse battery"),
        ("nobody", PASSWORD),
        ("jo", ""),
        ("\"><script>", PASSWORD),
        ("jo", &"x".repeat(5000)),
    ] {
        let response = log_in(&service, name, password, "/alerts").await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(!response.headers().contains_key("set-cookie"));
        let page = response.text().await.unwrap();
        assert!(
            page.contains("Nobody has this name and this password"),
            "{page}"
        );
        assert!(
            !page.contains("<script>") && !page.contains(PASSWORD),
            "{page}"
        );
        assert!(
            page.contains("value=\"/alerts\""),
            "where to is kept: {page}"
        );
        pages.push(page);
    }
    let main = |page: &str| page[page.find("<main").unwrap()..].to_owned();
    assert_eq!(main(&pages[0]), main(&pages[1]).replace("nobody", "jo"));

    for body in ["", "username=jo", "username=jo&password=%ff", "{}"] {
        let request = service.request(Method::POST, "/login").body(body);
        let response = request.send().await.unwrap();
        assert!(response.status().is_client_error(), "{body}");
    }
    let large = service
        .request(Method::POST, "/login")
        .body(vec![b'a'; 100_000]);
    problem(large.send().await.unwrap(), 413, "too-large").await;
}

#[tokio::test]
async fn passwords_can_be_tried_only_so_often() {
    let nats = NatsServer::start();
    let site = Site::new();
    site.add_user("jo", Role::Admin);
    site.add_user("kim", Role::Viewer);
    let service = site.start(&nats).await;
    let kim = async || {
        let response = log_in(&service, "kim", PASSWORD, "").await;
        response.status() == StatusCode::SEE_OTHER
    };
    let mut statuses = Vec::new();
    let tries = (0..12).map(|_| log_in(&service, "jo", "wrong horse battery", ""));
    for response in futures::future::join_all(tries).await {
        statuses.push(response.status().as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [[401; 10].as_slice(), &[429; 2]].concat(),
        "many at a time count each"
    );

    let right = log_in(&service, "jo", PASSWORD, "").await;
    assert_eq!(
        right.status(),
        StatusCode::TOO_MANY_REQUESTS,
        "even the right one"
    );
    let wait: u64 = right.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
    let page = right.text().await.unwrap();
    assert!(page.contains("tried too often"), "{page}");
    assert!(kim().await, "others can log in");

    let tries = (0..60).map(|number| {
        let name = format!("user{number}");
        let service = &service;
        async move {
            log_in(service, &name, "wrong horse battery", "")
                .await
                .status()
        }
    });
    let statuses = futures::future::join_all(tries).await;
    let throttled = statuses.iter().filter(|status| status.as_u16() == 429);
    assert!(
        throttled.count() >= 60 - 50,
        "from one address: {statuses:?}"
    );
}

#[tokio::test]
async fn whoever_guesses_locks_nobody_out_of_a_device_that_is_known() {
    let nats = NatsServer::start();
    let site = Site::new();
    site.add_user("jo", Role::Admin);
    site.add_user("kim", Role::Viewer);
    let service = site.start(&nats).await;
    let (of_jo, of_kim) = (device(&service, "jo").await, device(&service, "kim").await);
    let tries = (0..80).map(|_| log_in(&service, "jo", "wrong horse battery", ""));
    futures::future::join_all(tries).await;

    let status = async |device: &str, password: &str| {
        let request = login_form(&service, "jo", password, "").header("cookie", device);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("other=1", PASSWORD).await, 429);
    assert_eq!(status(&of_kim, PASSWORD).await, 429);
    assert_eq!(status(&of_jo, PASSWORD).await, 303);
    for _ in 0..10 {
        assert_eq!(status(&of_jo, "wrong horse battery").await, 401);
    }
    assert_eq!(status(&of_jo, PASSWORD).await, 429);
}

/// What a browser shows of somebody having logged in on it.
async fn device(service: &Service, name: &str) -> String {
    let response = log_in(service, name, PASSWORD, "").await;
    let set = response.headers().get_all("set-cookie").iter();
    let device = set
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.starts_with("__Host-framewatch-device="))
        .unwrap();
    let (device, attributes) = device.split_once("; ").unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(attributes.contains(attribute), "{attributes}");
    }
    device.to_owned()
}

#[tokio::test]
async fn only_the_cookie_as_it_was_given_is_a_session() {
    let nats = NatsServer::start();
    let (_site, service) = with_jo(&nats).await;
    let browser = Browser::logged_in(&service, "jo").await;
    assert_eq!(browser.status(&service).await, 200);
    let good = &browser.cookie;
    let (_, secret) = good.split_once('=').unwrap();
    let upper = secret.to_uppercase();
    for bad in [
        format!("{good}; {good}"),
        format!("{COOKIE}=x; {good}"),
        format!("{good}0"),
        good[..good.len() - 1].to_owned(),
        format!("{COOKIE}=\"{secret}"),
        format!("{COOKIE}={upper}"),
        format!("{COOKIE}="),
        format!("framewatch={secret}"),
        format!("__host-framewatch={secret}"),
        format!("{COOKIE}={}", "0".repeat(64)),
        format!("{COOKIE}={}", "a".repeat(30_000)),
        format!("{COOKIE}={}", "=;=;".repeat(2_000)),
        ";;;===".to_owned(),
    ] {
        let tricked = Browser { cookie: bad };
        assert_eq!(tricked.status(&service).await, 401, "{}", tricked.cookie);
    }
    let among_others = Browser {
        cookie: format!("a=b; {good}; c=\"d\"; e"),
    };
    assert_eq!(among_others.status(&service).await, 200);

    let request = || service.request(Method::GET, "/api/v1/folders");
    let twice = request().header("cookie", good).header("cookie", good);
    assert_eq!(
        twice.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let bytes = HeaderValue::from_bytes(format!("{good}; \u{e4}").as_bytes()).unwrap();
    let not_ascii = request().header("cookie", bytes).send().await.unwrap();
    assert_eq!(not_ascii.status(), StatusCode::UNAUTHORIZED);
    let with_bad_token = browser.request(&service, Method::GET, "/api/v1/folders");
    let with_bad_token = with_bad_token.bearer_auth("fw_x").send().await.unwrap();
    assert_eq!(
        with_bad_token.status(),
        StatusCode::UNAUTHORIZED,
        "a token counts for itself"
    );
    let for_a_proxy = browser.request(&service, Method::GET, "/api/v1/folders");
    let for_a_proxy = for_a_proxy
        .basic_auth("proxy", Some("x"))
        .send()
        .await
        .unwrap();
    assert_eq!(for_a_proxy.status(), StatusCode::OK);

    let huge = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nConnection: close\r\n\r\n",
        "a".repeat(2_000_000)
    );
    let mut stream = tokio::net::TcpStream::connect(&service.host).await.unwrap();
    // The service may hang up before all is sent.
    drop(tokio::io::AsyncWriteExt::write_all(&mut stream, huge.as_bytes()).await);
    assert_eq!(browser.status(&service).await, 200, "the service goes on");
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_by_a_session() {
    let nats = NatsServer::start();
    let (_site, service) = with_jo(&nats).await;
    let browser = Browser::logged_in(&service, "jo").await;
    let ours = format!("http://{}", service.host);
    let calls = [
        (Method::PUT, "/api/v1/folders/new"),
        (Method::DELETE, "/api/v1/folders/folder1"),
        (Method::POST, "/folder/1/rule"),
        (Method::POST, "/logout"),
    ];
    for (method, path) in &calls {
        for headers in [
            &[][..],
            &[("origin", "http://evil.example")],
            &[("origin", "null")],
            &[("origin", &ours.replace("http:", "https:").replace(':', "."))],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", &ours)],
            &[("sec-fetch-site", "cross-site"), ("origin", &ours)],
        ] {
            let request = browser.request(&service, method.clone(), path);
            let request = headers.iter().fold(request, |request, (name, value)| {
                request.header(*name, *value)
            });
            let response = request.body("threshold=0.5").send().await.unwrap();
            problem(response, 403, "cross-site").await;
        }
    }
    let form = [("username", "jo"), ("password", PASSWORD)];
    let login = service
        .request(Method::POST, "/login")
        .body(serde_urlencoded::to_string(form).unwrap());
    let login = login.header("origin", "http://evil.example").send().await;
    problem(login.unwrap(), 403, "cross-site").await;

    assert_eq!(browser.status(&service).await, 200, "still logged in");
    let folders = browser.request(&service, Method::GET, "/api/v1/folders");
    let folders = folders.send().await.unwrap().text().await.unwrap();
    assert!(
        folders.contains("\"folder1\"") && !folders.contains("\"new\""),
        "{folders}"
    );
    for (name, value) in [("origin", ours.as_str()), ("sec-fetch-site", "same-origin")] {
        let request = browser.request(&service, Method::PUT, "/api/v1/folders/folder1");
        let response = request.header(name, value).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn the_way_back_never_leads_elsewhere() {
    let nats = NatsServer::start();
    let (_site, service) = with_jo(&nats).await;
    for next in [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\r\nset-cookie: a=b",
        "",
    ] {
        let response = log_in(&service, "jo", PASSWORD, next).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["location"], "/", "{next:?}");
    }
    let browser = Browser::logged_in(&service, "jo").await;
    let sent = browser.get(&service, "/login?next=//evil.example").await;
    assert_eq!(sent.headers()["location"], "/");
}

#[tokio::test]
async fn over_plain_http_a_browser_is_told_why_it_would_not_stay_logged_in() {
    let nats = NatsServer::start();
    let site = Site::new();
    site.add_user("jo", Role::Viewer);
    let lan = |cookies_over_http| Config {
        access: AccessConfig {
            allowed_hosts: vec!["cams.lan".parse().unwrap()],
            cookies_over_http,
            ..site.config().access
        },
        ..Config::default()
    };
    let by_name = async |service: &Service, scheme: &str| {
        let form = [("username", "jo"), ("password", PASSWORD)];
        let request = service
            .request(Method::POST, "/login")
            .body(serde_urlencoded::to_string(form).unwrap());
        let request = request.header("host", "cams.lan");
        let request = request.header("origin", format!("{scheme}://cams.lan"));
        request.send().await.unwrap()
    };
    let service = Service::start_with(&nats, lan(false)).await;
    let detail = problem(by_name(&service, "http").await, 403, "not-over-http").await;
    assert!(detail.contains("--cookies-over-http"), "{detail}");
    let behind_a_proxy = by_name(&service, "https").await;
    assert_eq!(behind_a_proxy.status(), StatusCode::SEE_OTHER);

    let trusting = Service::start_with(&nats, lan(true)).await;
    let let_in = by_name(&trusting, "http").await;
    assert_eq!(let_in.status(), StatusCode::SEE_OTHER);
    let cookie = let_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.starts_with("framewatch=") && !cookie.contains("Secure"),
        "{cookie}"
    );
    let browser = Browser {
        cookie: cookie.split(';').next().unwrap().to_owned(),
    };
    assert_eq!(browser.status(&trusting).await, 200);
    let gone = browser.request(&trusting, Method::POST, "/logout");
    let gone = from_our_page(&trusting, gone).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::SEE_OTHER);
    assert_eq!(browser.status(&trusting).await, 401);
}
