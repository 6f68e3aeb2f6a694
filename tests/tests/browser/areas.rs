//! The page on which a folder's masks and regions are drawn: by mouse and by keys alone, and what comes of it.

use serde_json::{Value, json};
use tests::Stack;
use thirtyfour::{By, Key, TypingData};

use crate::{
    accessibility::{axe, check},
    browser::Browser,
    start,
};

const PAGE: &str = "/folder/folder1/areas";
const RULE: &str = "/api/v1/folders/folder1/rule";

/// The page of a folder with a reference, and a rule by which parts can be left out. No comparator need have the measure.
async fn editor() -> Option<(Stack, Browser)> {
    let (stack, browser) = start().await?;
    stack.watch("folder1").await;
    stack
        .set_rule("folder1", r#"{"measure": "view", "holdSeconds": 7}"#)
        .await;
    browser.visit(PAGE).await;
    browser.shows("[data-add=mask]").await;
    Some((stack, browser))
}

async fn press(browser: &Browser, keys: impl Into<TypingData>) {
    let chain = browser.session.action_chain().send_keys(keys);
    chain.perform().await.unwrap();
}

async fn tab_to(browser: &Browser, selector: &str) {
    let is_there = format!("document.activeElement.matches({})", json!(selector));
    for _ in 0..60 {
        if browser.value(&is_there).await == true {
            return;
        }
        press(browser, Key::Tab + "").await;
    }
    panic!("Tab does not lead to {selector}");
}

/// The corners of what the rule has in this field, at first place.
async fn stored(stack: &Stack, field: &str) -> Vec<(f64, f64)> {
    let rule = stack.get(RULE).await["rule"].clone();
    assert_eq!(rule["holdSeconds"], 7.0, "the rest of the rule stays");
    let corners = rule[field][0]["polygon"].as_array().unwrap().clone();
    let place = |corner: &Value| (corner["x"].as_f64().unwrap(), corner["y"].as_f64().unwrap());
    corners.iter().map(place).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_is_drawn_with_the_mouse_and_saved() {
    let Some((stack, browser)) = editor().await else {
        return;
    };
    browser.reads("[data-none]", "Nothing is masked").await;
    browser.click("[data-add=mask]").await;
    browser.shows("polygon.mask").await;
    let stage = browser.session.find(By::Css("[data-stage]")).await.unwrap();
    let width = stage.rect().await.unwrap().width as i64;
    let corner = browser.session.find(By::Css("[data-corner='0']")).await;
    let drag = browser
        .session
        .action_chain()
        .move_to_element_center(&corner.unwrap())
        .click_and_hold()
        .move_by_offset(-width / 4, 0)
        .release();
    drag.perform().await.unwrap();
    browser
        .until("document.querySelector('polygon.mask').points[0].x < 0.12")
        .await;
    browser.click("[data-save]").await;
    browser.reads("[data-said]", "Saved").await;
    let corners = stored(&stack, "masks").await;
    assert_eq!(corners.len(), 4);
    assert!((corners[0].0 - 0.1).abs() < 0.02, "{corners:?}");
    assert!((corners[0].1 - 0.35).abs() < 0.02, "{corners:?}");
    assert_eq!(corners[2], (0.65, 0.65));

    browser.visit("/folder/folder1").await;
    browser.reads("main", "1 mask").await;
    browser.visit(PAGE).await;
    browser.shows("polygon.mask").await;
    browser.click("[aria-label='Remove mask 1']").await;
    browser.reads("[data-none]", "Nothing is masked").await;
    browser.click("[data-undo]").await;
    browser.shows("polygon.mask").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_is_drawn_named_and_saved_by_keys_alone() {
    let Some((stack, browser)) = editor().await else {
        return;
    };
    tab_to(&browser, "[data-add=region]").await;
    press(&browser, Key::Enter + "").await;
    // The focus is where the drawing begins.
    browser
        .until("document.activeElement.matches('[data-corner=\"0\"]')")
        .await;
    press(&browser, Key::Left + Key::Left).await;
    press(&browser, Key::Up + "").await;
    browser
        .reads("[data-moved]", "33 % from the left, 34 % from the top")
        .await;
    press(&browser, Key::Enter + "").await;
    browser
        .until("document.activeElement.matches('[data-corner=\"1\"]')")
        .await;
    browser
        .until("document.querySelectorAll('[data-corner]').length === 5")
        .await;
    press(&browser, Key::Delete + "").await;
    browser
        .until("document.querySelectorAll('[data-corner]').length === 4")
        .await;
    tab_to(&browser, ".grip").await;
    press(&browser, Key::Down + Key::Down).await;
    tab_to(&browser, "[name=name]").await;
    browser.fill("[name=name]", "gate").await;
    tab_to(&browser, "[name=threshold]").await;
    press(&browser, "0.95").await;
    browser.reads(".area-name", "gate").await;
    tab_to(&browser, "[name=ownDetail]").await;
    press(&browser, " ").await;
    tab_to(&browser, "[data-save]").await;
    press(&browser, " ").await;
    browser.reads("[data-said]", "Saved").await;
    let corners = stored(&stack, "regions").await;
    assert_eq!(
        corners,
        [(0.33, 0.36), (0.65, 0.37), (0.65, 0.67), (0.35, 0.67)]
    );
    let region = stack.get(RULE).await["rule"]["regions"][0].clone();
    assert_eq!(
        (&region["name"], &region["threshold"]),
        (&json!("gate"), &json!(0.95))
    );
    assert_eq!(region["ownDetail"], true, "{region}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_refuses_is_said_and_nothing_is_lost() {
    let Some((stack, browser)) = editor().await else {
        return;
    };
    browser.click("[data-add=mask]").await;
    browser.shows(".grip").await;
    // To the four corners of the picture.
    for (corner, keys) in [
        (0, [Key::Left, Key::Up]),
        (1, [Key::Right, Key::Up]),
        (2, [Key::Right, Key::Down]),
        (3, [Key::Left, Key::Down]),
    ] {
        let corner = format!("[data-corner='{corner}']");
        let corner = browser.session.find(By::Css(corner.as_str())).await;
        let often = keys.map(|key| String::from(char::from(key)).repeat(40));
        corner.unwrap().send_keys(often.concat()).await.unwrap();
    }
    browser.click("[data-save]").await;
    browser.reads("[data-said]", "less than a tenth").await;
    browser.shows("polygon.mask").await;
    assert_eq!(stack.get(RULE).await["rule"]["masks"], json!([]));
    browser.click("[data-undo]").await;
    browser.gone("polygon.mask").await;
    browser.close_despite(&["status of 422"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_is_accessible_with_much_in_it_and_with_nothing() {
    let Some(axe) = axe() else {
        return tests::skip("axe-core is not in .tools");
    };
    let Some((stack, browser)) = editor().await else {
        return;
    };
    check(&browser, &axe, PAGE).await;
    let square = |left: f64| json!([{"x": left, "y": 0.1}, {"x": left + 0.3, "y": 0.1}, {"x": left + 0.3, "y": 0.6}, {"x": left, "y": 0.6}]);
    let rule = json!({
        "measure": "view", "masks": [{"polygon": square(0.1)}, {"polygon": square(0.2)}],
        "regions": [{"name": "gate", "polygon": square(0.5), "threshold": 0.9}, {"name": "x".repeat(40), "polygon": square(0.6)}],
    });
    stack.set_rule("folder1", &rule.to_string()).await;
    check(&browser, &axe, PAGE).await;
    browser.close().await;
}
