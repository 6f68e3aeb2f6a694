//! Everything without a mouse: all that can be used is reached by Tab and seen to have the focus, and works from there.

use serde_json::{Value, json};
use tests::{Stack, View, picture};
use thirtyfour::{Key, TypingData};

use crate::{browser::Browser, start};

/// What has the focus, in words; how it is seen; `null` where that is the page itself.
const FOCUS: &str = "
    const it = document.activeElement;
    if (it === null || it === document.body) return null;
    const style = getComputedStyle(it);
    const box = it.getBoundingClientRect();
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    window.reached ??= new Set();
    reached.add(it);
    return {
        words: it.outerHTML.slice(0, 120),
        isSeen: inside && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    };";

/// What can be used but was not reached. Of radio buttons, those that belong together take one place. The page may have put
/// an equal element in the place of one that was reached.
const MISSED: &str = "
    const all = document.querySelectorAll('a[href], button, input, select, textarea, summary');
    const names = new Set([...reached].filter((it) => it.type === 'radio').map((it) => it.name));
    const isReached = (it) => reached.has(it) || [...reached].some((gone) => !gone.isConnected && gone.isEqualNode(it));
    return [...all]
        .filter((it) => it.checkVisibility() && !it.disabled && it.type !== 'hidden')
        .filter((it) => !isReached(it) && !(it.type === 'radio' && names.has(it.name)))
        .map((it) => it.outerHTML.slice(0, 200));";

async fn press(browser: &Browser, keys: impl Into<TypingData>) {
    let chain = browser.session.action_chain().send_keys(keys);
    chain.perform().await.unwrap();
}

/// Goes on by Tab until an element has the focus.
async fn tab_to(browser: &Browser, selector: &str) {
    let is_there = format!("document.activeElement.matches({})", json!(selector));
    for _ in 0..200 {
        if browser.value(&is_there).await == true {
            return;
        }
        press(browser, Key::Tab + "").await;
    }
    panic!("Tab does not lead to {selector}");
}

/// Goes once around a page by Tab.
async fn walk(browser: &Browser, path: &str) {
    browser.visit(path).await;
    let mut stops = 0;
    for presses in 1.. {
        press(browser, Key::Tab + "").await;
        let focus = browser.script(FOCUS, vec![]).await;
        if focus.is_null() {
            // A browser that is just beginning may pass a key by.
            match stops == 0 && presses < 20 {
                true => continue,
                false => break,
            }
        }
        stops += 1;
        assert_eq!(
            focus["isSeen"], true,
            "{path}: not seen to have the focus: {focus}"
        );
        assert!(stops < 300, "{path}: Tab does not come around");
    }
    assert!(stops > 0, "{path}: Tab leads nowhere");
    let missed = browser.script(MISSED, vec![]).await;
    assert_eq!(missed, json!([]), "{path}: not reached by Tab");
}

async fn one_alert() -> Option<(Stack, Browser, String)> {
    let (stack, browser) = start().await?;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let id = stack.firing("folder1").await.id;
    Some((stack, browser, id))
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_leads_to_all_that_can_be_used() {
    let Some((_stack, browser, id)) = one_alert().await else {
        return;
    };
    for path in ["/", "/folder/1", "/alerts", &format!("/alerts/{id}")] {
        walk(&browser, path).await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_content_is_one_key_away() {
    let Some((_stack, browser)) = start().await else {
        return;
    };
    browser.visit("/").await;
    press(&browser, Key::Tab + "").await;
    browser.reads(":focus", "Skip to the content").await;
    press(&browser, Key::Enter + "").await;
    press(&browser, Key::Tab + "").await;
    let is_inside = "document.querySelector('main').contains(document.activeElement)";
    assert_eq!(browser.value(is_inside).await, true);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_found_looked_at_and_set_right() {
    let Some((stack, browser, _)) = one_alert().await else {
        return;
    };
    browser.visit("/").await;
    tab_to(&browser, "#q").await;
    press(&browser, "folder1").await;
    browser.reads("[data-count]", "1 of 6 folders").await;
    tab_to(&browser, "[data-folder=folder1] h2 a").await;
    press(&browser, Key::Enter + "").await;
    browser
        .until("location.pathname === '/folder/folder1'")
        .await;

    tab_to(&browser, "[name=compare]").await;
    press(&browser, Key::Right + "").await;
    browser
        .until("document.querySelector('[data-compare]').dataset.mode === 'slider'")
        .await;
    tab_to(&browser, "#share").await;
    press(&browser, Key::Left + Key::Left).await;
    browser
        .until("document.querySelector('[data-stage]').style.getPropertyValue('--share') === '48%'")
        .await;

    tab_to(&browser, "#threshold").await;
    press(&browser, "0.2").await;
    browser
        .reads("[data-what-if]", "this one would give no alert")
        .await;
    press(&browser, Key::Enter + "").await;
    stack.quiet("folder1").await;
    browser
        .until("document.querySelector('#threshold').value === '0.2'")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dialogs_keep_the_focus_and_give_it_back() {
    let Some((_stack, browser, _)) = one_alert().await else {
        return;
    };
    browser.visit("/folder/1").await;
    tab_to(&browser, "[data-open]").await;
    press(&browser, Key::Enter + "").await;
    browser
        .until("!document.querySelector('dialog [data-store]').disabled")
        .await;
    for _ in 0..5 {
        let focus = browser.value("document.activeElement === document.body || document.activeElement.closest('dialog') !== null");
        assert_eq!(focus.await, true, "the focus leaves the dialog");
        press(&browser, Key::Tab + "").await;
    }
    press(&browser, Key::Escape + "").await;
    browser.gone("dialog").await;
    browser
        .until("document.activeElement.matches('[data-open]')")
        .await;
    press(&browser, Key::Enter + "").await;
    tab_to(&browser, "dialog [data-store]:enabled").await;
    press(&browser, Key::Enter + "").await;
    browser.reads("#pictures", "(2)").await;

    tab_to(&browser, "[aria-label='Delete dock.jpg']").await;
    press(&browser, Key::Enter + "").await;
    browser.session.accept_alert().await.unwrap();
    browser.reads("#pictures", "(1)").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_acknowledged() {
    let Some((stack, browser, id)) = one_alert().await else {
        return;
    };
    browser.visit("/alerts").await;
    tab_to(&browser, ".episode summary").await;
    press(&browser, Key::Enter + "").await;
    tab_to(&browser, ".episode [name=name]").await;
    press(&browser, "Ada").await;
    press(&browser, Key::Tab + "").await;
    press(&browser, "Seen.").await;
    tab_to(&browser, ".episode form [type=submit]").await;
    press(&browser, " ").await;
    browser
        .reads(".episode .acknowledged", "Acknowledged by Ada")
        .await;
    let said: Value = stack.get(&format!("/api/v1/alerts/{id}")).await;
    assert_eq!(said["acknowledgement"]["note"], "Seen.");
    browser.close().await;
}
