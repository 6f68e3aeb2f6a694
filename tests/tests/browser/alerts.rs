//! The pages of alerts: the list, its filters, and who has what in hand.

use tests::{Stack, View, picture};

use crate::{browser::Browser, start};

/// An alert that fires in `folder1`, and one that is over in `folder2`.
async fn two_alerts() -> Option<(Stack, Browser, String)> {
    let (stack, browser) = start().await?;
    for folder in ["folder1", "folder2"] {
        stack.watch(folder).await;
        stack.publish(folder, picture(View::Wall, 0)).await;
    }
    let id = stack.firing("folder1").await.id;
    stack.firing("folder2").await;
    stack.publish("folder2", picture(View::Dock, 1)).await;
    stack.quiet("folder2").await;
    Some((stack, browser, id))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_follows_what_happens_and_can_be_filtered() {
    let Some((stack, browser, id)) = two_alerts().await else {
        return;
    };
    browser.visit("/alerts").await;
    let firing = "[aria-labelledby=now] .episode";
    let over = "[aria-labelledby=history] .episode";
    browser.reads(firing, "folder1").await;
    browser.reads(over, "folder2").await;
    browser
        .until("document.querySelector('.episode img').naturalWidth > 0")
        .await;

    browser.choose("[name=phase]", "resolved").await;
    browser.click(".alert-filter button").await;
    browser.reads("#history", "Alerts that match").await;
    browser.reads(over, "folder2").await;
    browser.gone(&format!("[data-alert='{id}']")).await;
    browser
        .until("location.search.includes('phase=resolved')")
        .await;
    browser.click(".alert-filter a").await;
    browser.reads(firing, "folder1").await;

    browser.script("window.isTheSamePage = true;", vec![]).await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    browser
        .reads("[aria-labelledby=now]", "Nothing is firing")
        .await;
    browser
        .until("document.querySelectorAll('[aria-labelledby=history] .episode').length === 2")
        .await;
    stack.publish("folder2", picture(View::Yard, 0)).await;
    browser.reads(firing, "folder2").await;
    browser.until("window.isTheSamePage").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_typed_as_they_are_shown() {
    let Some((stack, browser, id)) = two_alerts().await else {
        return;
    };
    // Five and a half hours ahead of UTC.
    let zone = serde_json::json!({"timezoneId": "Asia/Kolkata"});
    browser
        .devtools("Emulation.setTimezoneOverride", zone)
        .await;
    browser.visit("/alerts").await;
    browser.gone("[data-zone]").await;
    let fired = stack.get(&format!("/api/v1/alerts/{id}")).await["firedAt"].clone();
    let typed = "const at = new Date(Date.parse(arguments[0]) + arguments[1] * 60000);
        const two = (it) => String(it).padStart(2, '0');
        const field = document.querySelector('[name=since]');
        field.value = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
        return field.value;";
    for (minutes, expected) in [(-2, true), (2, false)] {
        let value = browser
            .script(typed, vec![fired.clone(), minutes.into()])
            .await;
        browser.script("window.isBefore = true;", vec![]).await;
        browser.click(".alert-filter button").await;
        browser
            .until("!window.isBefore && location.search.includes('since=')")
            .await;
        browser.reads("#history", "Alerts that match").await;
        browser.gone("[data-zone]").await;
        let shown = browser
            .value("[document.querySelector('.episode') !== null, document.querySelector('[name=since]').value]")
            .await;
        assert_eq!(shown, serde_json::json!([expected, value]), "{minutes}");
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_acknowledged_with_a_name_that_is_remembered() {
    let Some((stack, browser, id)) = two_alerts().await else {
        return;
    };
    browser.visit("/alerts").await;
    let alert = format!("[data-alert='{id}']");
    browser.click(&format!("{alert} summary")).await;
    browser.fill(&format!("{alert} [name=name]"), "Ada").await;
    browser.script("window.isTheSamePage = true; document.body.style.minHeight = '3000px'; scrollTo(0, 130);", vec![]).await;
    browser
        .fill(&format!("{alert} [name=note]"), "Somebody parked there.")
        .await;
    // What happens meanwhile takes nothing from who is writing.
    stack.publish("folder2", picture(View::Yard, 0)).await;
    browser.reads("[aria-labelledby=now]", "folder2").await;
    let note = format!("document.querySelector(\"{alert} [name=note]\").value");
    assert_eq!(browser.value(&note).await, "Somebody parked there.");

    let remember =
        "document.addEventListener('submit', () => { window.scrolled = scrollY; }, true);";
    browser.script(remember, vec![]).await;
    browser.click(&format!("{alert} form [type=submit]")).await;
    browser
        .reads(&format!("{alert} .acknowledged"), "Acknowledged by Ada")
        .await;
    browser
        .until(&format!(
            "document.activeElement.matches(\"{alert} summary\")"
        ))
        .await;
    let stays = "window.isTheSamePage && scrolled > 0 && scrollY === scrolled";
    assert_eq!(browser.value(stays).await, true, "the page has moved");
    browser.until("document.title.startsWith('(1) ')").await;
    browser
        .until(
            "document.querySelector('link[rel=icon]').getAttribute('href').includes('unattended')",
        )
        .await;
    browser
        .script("document.activeElement.blur();", vec![])
        .await;
    browser
        .reads(&format!("{alert} .note"), "Somebody parked there.")
        .await;
    let said = stack.get(&format!("/api/v1/alerts/{id}")).await;
    assert_eq!(said["acknowledgement"]["name"], "Ada");
    // What nobody has in hand comes first.
    browser
        .until(
            "document.querySelector('[aria-labelledby=now] .episode').innerText.includes('folder2')",
        )
        .await;
    let other = "[aria-labelledby=now] .episode:not(:has(.acknowledged)) [name=name]";
    browser
        .until(&format!(
            "document.querySelector('{other}').value === 'Ada'"
        ))
        .await;

    browser.visit("/").await;
    browser
        .reads("[data-folder=folder1]", "Acknowledged by Ada")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_open_waits_and_is_current_once_it_is_closed() {
    let Some((stack, browser, id)) = two_alerts().await else {
        return;
    };
    browser.visit("/alerts").await;
    let alert = format!("[data-alert='{id}']");
    let note = format!("{alert} [name=note]");
    browser.click(&format!("{alert} summary")).await;
    browser.fill(&note, "Somebody parked there.").await;
    stack.acknowledge(&id, "Bob").await;
    browser
        .reads(&format!("{alert} .acknowledged"), "Acknowledged by Bob")
        .await;
    let takes_back = format!("{alert} [action$=unacknowledge]");
    browser.gone(&takes_back).await;
    let written = format!("document.querySelector(\"{note}\").value === 'Somebody parked there.'");
    assert_eq!(browser.value(&written).await, true);

    browser.click(&format!("{alert} summary")).await;
    browser
        .reads(&format!("{alert} summary"), "Change the acknowledgement")
        .await;
    browser.click(&format!("{alert} summary")).await;
    browser.shows(&takes_back).await;
    assert_eq!(browser.value(&written).await, true, "what is written stays");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_an_alert_has_its_pictures_and_follows_it() {
    let Some((stack, browser, id)) = two_alerts().await else {
        return;
    };
    browser.visit(&format!("/alerts/{id}")).await;
    browser.reads(".card-head", "Firing").await;
    browser.until("[...document.querySelectorAll('.evidence img')].every((it) => it.naturalWidth === 320)").await;
    browser.reads(".facts", "dock.jpg").await;

    stack.publish("folder1", picture(View::Dock, 1)).await;
    browser.reads(".card-head", "Resolved").await;
    browser.click(".acknowledge summary").await;
    browser.fill("[name=name]", "Ada").await;
    browser.click(".acknowledge form [type=submit]").await;
    browser.reads(".acknowledged", "Acknowledged by Ada").await;
    browser.click(".acknowledge summary").await;
    browser.click("[action$=unacknowledge] button").await;
    browser.gone(".acknowledged").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_whose_frames_have_stopped_says_since_when_nothing_is_known() {
    let Some((_stack, browser, id)) = two_alerts().await else {
        return;
    };
    browser.set_up_clock().await;
    for path in ["/", "/folder/1"] {
        browser.visit(path).await;
        browser.reads("[data-folder=folder1] .state", "Alert").await;
        browser.gone("[data-folder=folder1] .unknown").await;
        browser.turn_clock(61).await;
        browser
            .reads(
                "[data-folder=folder1] .unknown",
                "Nothing is known of the view since",
            )
            .await;
        browser.shows("[data-folder=folder1] .unknown time").await;
    }
    browser.visit(&format!("/alerts/{id}")).await;
    browser.gone(".unknown").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_alert_is_called_speaks_for_a_threshold_which_is_tried_in_the_form() {
    let Some((stack, browser, _)) = two_alerts().await else {
        return;
    };
    let list = stack.get("/api/v1/alerts?folder=folder2").await;
    let id = list["alerts"][0]["id"].as_str().unwrap();
    browser.visit(&format!("/alerts/{id}")).await;
    browser.click(".acknowledge summary").await;
    browser.fill("[name=name]", "Jo").await;
    browser.click("[name=label][value=normal]").await;
    browser.click(".acknowledge button[type=submit]").await;
    browser
        .reads("[data-part=acknowledged]", "It was normal")
        .await;

    browser.visit("/folder/2").await;
    browser
        .reads(
            "[data-choices]",
            "would have dropped the alert called normal",
        )
        .await;
    browser.click("[data-try=threshold]").await;
    browser
        .until(
            "document.querySelector('#threshold').value === document.querySelector('[data-try=threshold]').value",
        )
        .await;
    browser.reads("[data-what-if]", "this one would give").await;

    browser.click("[form=try-measures]").await;
    browser
        .reads("[data-choices]", "1 of 1 labelled alert was judged again")
        .await;
    browser.gone("[form=try-measures]").await;
    browser
        .until("document.querySelector('[data-choices]').getBoundingClientRect().top < innerHeight")
        .await;
    browser.close().await;
}
