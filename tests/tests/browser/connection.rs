//! What pages do when they lose the service: they say so, come back by themselves, and show what they missed.

use std::time::{Duration, Instant};

use tests::{Passage, Proxy, Stack, View, picture};

use crate::{browser::Browser, driver::Driver, start};

/// The overview as it was loaded while all was well; what the browser asks passes a proxy.
async fn watched_through_a_proxy() -> Option<(Stack, Proxy, Browser)> {
    let driver = Driver::shared_or_skip()?;
    let stack = Stack::start().await;
    let proxy = Proxy::to(stack.web()).await;
    let browser = Browser::open(driver, format!("http://{}", proxy.address)).await;
    browser.set_up_clock().await;
    watch(&stack, &browser).await;
    Some((stack, proxy, browser))
}

async fn watch(stack: &Stack, browser: &Browser) {
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    browser.visit("/").await;
    browser.script("window.isTheSamePage = true;", vec![]).await;
    browser.reads("[data-folder=folder1] .state", "OK").await;
    browser.gone("[data-lost]").await;
}

async fn go_wrong(stack: &Stack) {
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;
}

/// It is said soon, in sight wherever the page is scrolled to, and nothing is called OK without saying until when.
async fn is_lost(browser: &Browser, since: Instant) {
    browser.reads("[data-lost]", "lost its connection").await;
    let took = since.elapsed();
    assert!(took < Duration::from_secs(20), "said after {took:?}");
    browser
        .until("document.title.startsWith('No connection')")
        .await;
    let green = "[...document.querySelectorAll('.state.ok')]
        .some((it) => getComputedStyle(it).color === 'rgb(26, 122, 55)')";
    assert_eq!(browser.value(green).await, false, "something is green");
    let words = "getComputedStyle(document.querySelector('[data-folder=folder1] [data-part=words]'), '::after').content";
    let words = browser.value(words).await;
    assert!(words.as_str().unwrap().contains(" until "), "{words}");
    let scroll = "document.querySelector('main').style.minHeight = '3000px'; scrollTo(0, 2000);
        return document.querySelector('[data-lost]').getBoundingClientRect().top;";
    let top = browser.script(scroll, vec![]).await;
    assert!((0.0..100.0).contains(&top.as_f64().unwrap()), "at {top}");
    browser.script("scrollTo(0, 0);", vec![]).await;
}

async fn is_current_again(browser: &Browser) {
    browser.gone("[data-lost], [data-broken]").await;
    browser.until("document.title.startsWith('(1) ')").await;
    browser.reads("[data-folder=folder1] .state", "Alert").await;
    browser.until("window.isTheSamePage").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_is_missed_and_comes_back() {
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    watch(&stack, &browser).await;
    let since = Instant::now();
    stack.stop_upload().await;
    is_lost(&browser, since).await;
    go_wrong(&stack).await;
    stack.start_upload().await;
    is_current_again(&browser).await;
    browser.close_despite(&["/folders/"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_proxy_in_between_is_not_the_end() {
    let Some((stack, proxy, browser)) = watched_through_a_proxy().await else {
        return;
    };
    proxy.set(Passage::Refused);
    browser.reads("[data-lost]", "lost its connection").await;
    browser
        .until("window.lastEvents.readyState === EventSource.CLOSED")
        .await;
    go_wrong(&stack).await;
    proxy.set(Passage::Open);
    is_current_again(&browser).await;
    browser.close_despite(&["/folders/"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_dead_in_silence_is_noticed() {
    let Some((stack, proxy, browser)) = watched_through_a_proxy().await else {
        return;
    };
    let since = Instant::now();
    proxy.set(Passage::Held);
    is_lost(&browser, since).await;
    go_wrong(&stack).await;
    proxy.set(Passage::Open);
    is_current_again(&browser).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_folders_and_alerts_show_what_they_missed() {
    let Some((stack, proxy, browser)) = watched_through_a_proxy().await else {
        return;
    };
    for (page, shows) in [
        ("/folder/1", ".large .state.alert"),
        ("/alerts", ".episode .state.alert"),
    ] {
        browser.visit(page).await;
        browser.script("window.isTheSamePage = true;", vec![]).await;
        browser
            .until("window.lastEvents?.readyState === EventSource.OPEN")
            .await;
        browser.gone(shows).await;
        proxy.set(Passage::Refused);
        browser.reads("[data-lost]", "lost its connection").await;
        go_wrong(&stack).await;
        proxy.set(Passage::Open);
        browser.shows(shows).await;
        browser.gone("[data-lost]").await;
        browser.until("window.isTheSamePage").await;
        stack.publish("folder1", picture(View::Dock, 1)).await;
        stack.quiet("folder1").await;
        browser.gone(shows).await;
    }
    browser
        .close_despite(&["/live?", "/frame?", "/history?"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_has_lost_nats_says_so_on_a_page_that_is_open() {
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    watch(&stack, &browser).await;
    let since = Instant::now();
    stack.nats.kill();
    browser
        .reads("[data-broken]", "connection to NATS is lost")
        .await;
    let took = since.elapsed();
    assert!(took < Duration::from_secs(20), "said after {took:?}");
    browser.shows("[data-is-lost] .state.ok").await;
    stack.nats.start_again();
    browser.gone("[data-broken]").await;
    browser.gone("[data-is-lost]").await;
    // A picture may be asked for meanwhile.
    browser.close_despite(&["/frame?"]).await;
}
