//! The page of a folder: how it stands, frame against reference, and its rule.

use image::GrayImage;
use tests::{Stack, View, picture};
use thirtyfour::{By, Key};

use crate::{browser::Browser, start};

const BLACK: u8 = 20;
const WHITE: u8 = 235;

/// A picture of one grey level.
fn plain(level: u8) -> Vec<u8> {
    let image = GrayImage::from_pixel(320, 180, image::Luma([level]));
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    jpeg.into_inner()
}

/// A folder whose frame is white and whose reference is black, as its page shows them.
async fn white_upon_black() -> Option<(Stack, Browser)> {
    let (stack, browser) = start().await?;
    stack.upload("folder1", "black.jpg", plain(0)).await;
    stack.publish("folder1", plain(255)).await;
    browser.visit("/folder/1").await;
    browser.reads(".large .state", "Indeterminate").await;
    browser
        .until("[...document.querySelectorAll('.compare img:not([data-heat-map])')].every((it) => it.naturalWidth > 0)")
        .await;
    Some((stack, browser))
}

/// How bright the place is where frame and reference are compared, at shares of its width.
async fn brightness<const N: usize>(browser: &Browser, shares: [f32; N]) -> [u8; N] {
    let stage = browser.session.find(By::Css(".of-reference .picture"));
    let png = stage.await.unwrap().screenshot_as_png().await.unwrap();
    let shown = image::load_from_memory(&png).unwrap().into_luma8();
    shares.map(|share| {
        let x = (shown.width() as f32 * share) as u32;
        shown.get_pixel(x, shown.height() / 2).0[0]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slider_lays_the_frame_upon_the_reference() {
    let Some((_stack, browser)) = white_upon_black().await else {
        return;
    };
    browser.click("[value=slider]").await;
    let [left, right] = brightness(&browser, [0.4, 0.6]).await;
    assert!(left > WHITE && right < BLACK, "{left}, {right}");

    let slider = browser.session.find(By::Id("share")).await.unwrap();
    slider.send_keys(Key::Home + "").await.unwrap();
    let [all] = brightness(&browser, [0.2]).await;
    assert!(all < BLACK, "{all}");
    for _ in 0..30 {
        slider.send_keys(Key::Right + "").await.unwrap();
    }
    let [left, right] = brightness(&browser, [0.25, 0.35]).await;
    assert!(left > WHITE && right < BLACK, "{left}, {right}");

    let stage = browser
        .session
        .find(By::Css(".of-reference"))
        .await
        .unwrap();
    let width = stage.rect().await.unwrap().width as i64;
    let drag = browser
        .session
        .action_chain()
        .move_to_element_center(&stage);
    let drag = drag
        .click_and_hold()
        .move_by_offset(width * 3 / 10, 0)
        .release();
    drag.perform().await.unwrap();
    browser
        .until("Math.abs(document.querySelector('#share').value - 80) <= 2")
        .await;
    let [left, right] = brightness(&browser, [0.75, 0.85]).await;
    assert!(left > WHITE && right < BLACK, "{left}, {right}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blinking_shows_one_after_the_other() {
    let Some((_stack, browser)) = white_upon_black().await else {
        return;
    };
    browser.click("[value=blink]").await;
    let at = async |time: u32| {
        let stop = "const [blinking] = document.getAnimations(); blinking.pause(); blinking.currentTime = arguments[0];";
        browser.script(stop, vec![time.into()]).await;
        let [shown] = brightness(&browser, [0.5]).await;
        shown
    };
    let (first, second, third) = (at(100).await, at(900).await, at(1700).await);
    assert!(
        first > WHITE && second < BLACK && third > WHITE,
        "{first}, {second}, {third}"
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_difference_is_black_where_nothing_has_changed() {
    let Some((stack, browser)) = white_upon_black().await else {
        return;
    };
    browser.click("[value=difference]").await;
    browser.reads(".hint", "Black where").await;
    let [different] = brightness(&browser, [0.5]).await;
    assert!(different > WHITE, "{different}");
    stack.upload("folder1", "white.jpg", plain(255)).await;
    browser
        .until("document.querySelector('[data-part=reference]').complete")
        .await;
    test_support::eventually("both are white", async || {
        let [equal] = brightness(&browser, [0.5]).await;
        (equal < BLACK).then_some(())
    })
    .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_frame_differs_is_marked_on_it() {
    let Some(driver) = crate::driver::Driver::shared_or_skip() else {
        return;
    };
    let Some((stack, _, shelf)) = tests::watched_by_view().await else {
        return;
    };
    let browser = Browser::open(driver, stack.url("")).await;
    browser.visit("/folder/1").await;
    browser.reads(".large .state", "No frames").await;
    stack.publish("folder1", shelf).await;
    stack.firing("folder1").await;
    browser.shows("[data-modes]").await;
    browser.click("[value=heat-map]").await;
    browser.shows("[data-heat-map]").await;
    browser.reads("[data-hint=heat-map]", "Red where").await;

    stack.set_rule("folder1", r#"{"measure": "phash"}"#).await;
    browser.gone("[data-heat-map-mode]:not([hidden])").await;
    browser.gone("[data-mode=heat-map]").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_says_what_it_would_have_done_before_it_is_saved() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;
    browser.visit("/folder/1").await;
    let words = "[data-what-if]";
    browser
        .reads(words, "the rule in force gives 1 alert")
        .await;
    browser.reads("#history-words", "1 alert").await;

    browser.gone("[data-what-if-warning]:not(:empty)").await;
    browser.fill("#threshold", "0.1").await;
    browser.reads(words, "this one would give no alert").await;
    browser
        .reads(
            "[data-what-if-warning]",
            "below what unrelated pictures can score",
        )
        .await;
    browser.click(".rule [type=reset]").await;
    browser
        .until("!document.querySelector('[data-what-if]').textContent.includes('this one')")
        .await;
    browser.choose("#enabled", "false").await;
    browser.reads(words, "this one would give no alert").await;
    browser.fill("#hold", "12").await;

    browser.gone("[data-saved]").await;
    browser.script("window.isBefore = true;", vec![]).await;
    browser.click(".rule [type=submit]").await;
    browser.reads("[data-saved]", "The rule is saved.").await;
    browser
        .until("document.querySelector('[data-saved]').getBoundingClientRect().top < innerHeight && location.search === ''")
        .await;
    browser
        .until("!window.isBefore && document.querySelector('#hold').value === '12'")
        .await;
    browser
        .until("document.querySelector('#enabled').value === 'false'")
        .await;
    let rule = stack.get("/api/v1/folders/folder1/rule").await;
    assert_eq!(
        rule["rule"],
        serde_json::json!({"holdSeconds": 12.0, "enabled": false, "masks": [], "regions": []})
    );
    stack.quiet("folder1").await;
    browser.reads(".large .state", "Mismatch").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_written_alike_wherever_the_viewer_is() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    let locale = serde_json::json!({"locale": "de-DE"});
    browser
        .devtools("Emulation.setLocaleOverride", locale)
        .await;
    let labels = "CanvasRenderingContext2D.prototype.fillText = new Proxy(CanvasRenderingContext2D.prototype.fillText, {
        apply(draw, at, given) { (window.labels ??= new Set()).add(given[0]); return Reflect.apply(draw, at, given); } });";
    let on_new_pages = serde_json::json!({ "source": labels });
    browser
        .devtools("Page.addScriptToEvaluateOnNewDocument", on_new_pages)
        .await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    stack.similarity_where("folder1", |_| true).await;
    browser.visit("/folder/1").await;
    browser
        .reads(
            "#history-words",
            "1 frames were compared; the least similarity was",
        )
        .await;
    browser.until("window.labels?.has('0.8')").await;
    assert_eq!(browser.value("labels.has('0,8')").await, false);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_offered_and_the_last_picture_is_not_lost_unasked() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    browser.visit("/folder/1").await;
    browser.reads(".large .state", "No reference").await;
    browser
        .gone("[data-modes], [data-offer], [data-normal-too]")
        .await;
    browser
        .script(
            "window.confirm = (text) => { window.asked = text; return false; };",
            vec![],
        )
        .await;
    stack.watch("folder1").await;
    browser.reads("[data-pictures] .name", "dock.jpg").await;
    browser.gone("[data-modes], [data-offer]").await;
    browser.click("[aria-label='Delete dock.jpg']").await;
    browser
        .until("asked.includes('It is the last picture of folder1')")
        .await;
    browser
        .script("document.activeElement.blur();", vec![])
        .await;

    stack.publish("folder1", picture(View::Dock, 1)).await;
    browser.shows("[data-modes]").await;
    browser.shows("[data-offer]").await;
    stack
        .upload("folder1", "gate.jpg", picture(View::Dock, 2))
        .await;
    browser.reads("[data-pictures] .name", "gate.jpg").await;
    browser.click("[aria-label='Delete gate.jpg']").await;
    browser
        .until("asked.includes('The picture before it becomes the reference')")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_called_as_its_form_says() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    browser.visit("/folder/1").await;
    browser.reads("h1", "folder1").await;
    browser.gone("h1 small, .place").await;
    browser.fill("#title", "Loading dock").await;
    browser.fill("#site", "Plant 2").await;
    browser.fill("#tags", "outdoor, lane").await;
    browser.script("window.isBefore = true;", vec![]).await;
    browser.click(".details [type=submit]").await;
    browser.until("!window.isBefore").await;
    browser.reads("h1", "Loading dock folder1").await;
    browser.reads(".place", "Plant 2 · outdoor, lane").await;
    browser
        .until("document.title === 'Loading dock (folder1) · Framewatch'")
        .await;
    browser
        .until("document.querySelector('#tags').value === 'outdoor lane'")
        .await;

    // What others say meanwhile is shown, and what somebody is writing stays.
    browser.fill("#title", "East").await;
    let said = r#"{"title": "Dock 7", "site": "Plant 3"}"#;
    stack.describe_folder("folder1", said).await;
    browser.reads("h1", "Dock 7 folder1").await;
    browser.reads(".place", "Plant 3").await;
    stack.describe_folder("folder1", "{}").await;
    browser.reads("h1", "folder1").await;
    browser.gone("h1 small, .place").await;
    browser
        .until("document.querySelector('#title').value === 'East'")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_follows_its_folder_and_leaves_when_it_goes() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.make_folder("gate").await;
    browser.visit("/folder/gate").await;
    browser.reads(".large .state", "No reference").await;
    stack.watch("gate").await;
    browser.reads(".large .state", "No frames").await;
    stack.publish("gate", picture(View::Wall, 0)).await;
    browser.reads(".large .state", "Alert").await;
    browser.reads("[data-part=camera]", "cam-1").await;
    browser.reads(".facts", "0.9").await;
    browser
        .until("document.querySelector('.of-frame img').naturalWidth === 320")
        .await;
    stack.remove_folder("gate").await;
    browser.until("location.pathname === '/'").await;
    browser.close().await;
}

/// Things that people have done on the page of a folder, and whether they still are so.
const IS_AS_IT_WAS: &str = "
    document.querySelector('[data-compare]').dataset.mode === 'slider'
    && document.querySelector('[data-stage]').style.getPropertyValue('--share') === '48%'
    && document.querySelector('.acknowledge').open
    && document.querySelector('.acknowledge [name=reason]').value === 'Painting'
    && document.querySelector('#threshold').value === '0.3'
    && document.querySelector('#title').value === 'East'
    && document.querySelector('[name=span]:checked').value === '900'
    && [...document.querySelectorAll('.compare img, .chart canvas')].every((it, index) => it === kept[index])";

#[tokio::test(flavor = "multi_thread")]
async fn what_people_do_stays_while_all_around_it_changes() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    browser.visit("/folder/1").await;
    browser.reads(".large .state", "OK").await;
    browser.click("[name=compare][value=slider]").await;
    let slider = browser.session.find(By::Id("share")).await.unwrap();
    slider.send_keys(Key::Left + Key::Left).await.unwrap();
    browser.click("[name=span][value='900']").await;
    browser.fill("#threshold", "0.3").await;
    browser.fill("#title", "East").await;
    browser.click(".acknowledge summary").await;
    browser.fill(".acknowledge [name=reason]", "Painting").await;
    browser.shows(".chart canvas").await;
    let keep = "window.kept = [...document.querySelectorAll('.compare img, .chart canvas')];
        document.activeElement.setSelectionRange(2, 4);";
    browser.script(keep, vec![]).await;
    browser.until(IS_AS_IT_WAS).await;

    stack.publish("folder1", picture(View::Wall, 0)).await;
    browser.reads(".large .state", "Alert").await;
    stack.add_normal("folder1", picture(View::Yard, 1)).await;
    browser.reads("#normals", "(1 of 16)").await;
    browser.until(IS_AS_IT_WAS).await;
    let selected =
        "document.activeElement.name === 'reason' && document.activeElement.selectionStart === 2
        && document.activeElement.selectionEnd === 4";
    assert_eq!(browser.value(selected).await, true, "the focus stays");

    // A button keeps the focus, though a picture comes before it.
    browser
        .script(
            "document.querySelector(\"[aria-label='Delete dock.jpg']\").focus();",
            vec![],
        )
        .await;
    stack
        .upload("folder1", "gate.jpg", picture(View::Wall, 0))
        .await;
    browser.reads("[data-pictures] .name", "gate.jpg").await;
    browser.reads(".large .state", "OK").await;
    let has_focus = "document.activeElement.ariaLabel === 'Delete dock.jpg'";
    assert_eq!(browser.value(has_focus).await, true);
    browser.until(IS_AS_IT_WAS).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_what_changes_and_asks_for_nothing_again() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    browser.visit("/folder/1").await;
    let silence = r#"{"matcher": {"folders": ["folder1"]}, "forSeconds": 3600, "reason": "Painting", "name": "Jo"}"#;
    let client = reqwest::Client::new();
    let silences = client.post(stack.url("/api/v1/silences"));
    silences.body(silence).send().await.unwrap();
    browser.reads(".silenced", "Painting").await;
    stack
        .upload("folder1", "gate.jpg", picture(View::Dock, 2))
        .await;
    browser.reads("[data-pictures] .name", "gate.jpg").await;
    let pages = browser.requests().await;
    let pages = pages.iter().filter(|it| it.ends_with("/folder/1"));
    assert_eq!(pages.count(), 1);
    browser.close().await;
}
