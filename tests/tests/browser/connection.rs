//! What pages do when they lose the service: they say so, come back by themselves, and show what they missed.

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
    let reference = picture(View::Dock, 0);
    stack.upload("folder1", "dock.jpg", reference).await;
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

async fn is_current_again(browser: &Browser) {
    browser.gone("[data-lost]").await;
    browser.reads("[data-folder=folder1] .state", "Alert").await;
    browser.until("window.isTheSamePage").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_is_missed_and_comes_back() {
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    watch(&stack, &browser).await;
    stack.stop_upload().await;
    browser.reads("[data-lost]", "lost its connection").await;
    go_wrong(&stack).await;
    stack.start_upload().await;
    is_current_again(&browser).await;
    browser.close_despite(&["/api/v1/events/folders"]).await;
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
    browser.close_despite(&["/api/v1/events/folders"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_dead_in_silence_is_noticed() {
    let Some((stack, proxy, browser)) = watched_through_a_proxy().await else {
        return;
    };
    proxy.set(Passage::Held);
    browser.turn_clock(45).await;
    browser.reads("[data-lost]", "lost its connection").await;
    go_wrong(&stack).await;
    proxy.set(Passage::Open);
    browser.turn_clock(45).await;
    is_current_again(&browser).await;
    browser.close().await;
}
