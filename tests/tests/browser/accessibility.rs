//! What axe-core finds wrong with the pages, by the rules of WCAG 2.2 AA: nothing.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tests::{View, picture};

use crate::{browser::Browser, start};

const RULES: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// axe-core, where `make test` has put it.
pub(crate) fn axe() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/axe.min.js");
    fs::read_to_string(path).ok()
}

/// Ways to look at a page: its width in pixels, and the colours that the person wants.
const VIEWS: [(u32, &str); 3] = [(1280, "light"), (1280, "dark"), (360, "light")];

async fn look(browser: &Browser, width: u32, scheme: &str) {
    let size =
        json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600});
    browser
        .devtools("Emulation.setDeviceMetricsOverride", size)
        .await;
    let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
    browser.devtools("Emulation.setEmulatedMedia", media).await;
}

/// What is wrong with the page that the browser shows, in words.
async fn faults(browser: &Browser, axe: &str) -> Vec<String> {
    browser.script(axe, vec![]).await;
    let run = "const [rules, done] = arguments; axe.run(document, {
        runOnly: { type: 'tag', values: rules }, rules: { 'target-size': { enabled: true } },
        resultTypes: ['violations'] }).then((found) => done(found.violations), (error) => done(`${error}`));";
    let found = browser.session.execute_async(run, vec![json!(RULES)]).await;
    let found = found.unwrap();
    let violations = found
        .json()
        .as_array()
        .unwrap_or_else(|| panic!("{:?}", found.json()));
    let words = |violation: &Value| {
        let nodes = violation["nodes"].as_array().unwrap().iter();
        let nodes = nodes.map(|node| format!("{}: {}", node["html"], node["failureSummary"]));
        format!(
            "{}: {}",
            violation["id"],
            nodes.collect::<Vec<_>>().join("\n")
        )
    };
    violations.iter().map(words).collect()
}

pub(crate) async fn check(browser: &Browser, axe: &str, path: &str) {
    for (width, scheme) in VIEWS {
        look(browser, width, scheme).await;
        browser.visit(path).await;
        let wrong = faults(browser, axe).await;
        assert!(
            wrong.is_empty(),
            "{path}, {width} pixels, {scheme}: {wrong:#?}"
        );
        let is_too_wide = browser
            .value("document.documentElement.scrollWidth > innerWidth")
            .await;
        assert_eq!(is_too_wide, false, "{path} is wider than {width} pixels");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible() {
    let Some(axe) = axe() else {
        return tests::skip("axe-core is not in .tools");
    };
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    stack.add_normal("folder1", picture(View::Yard, 0)).await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let said = json!({"title": "Loading dock, ".repeat(7), "site": "x".repeat(100), "tags": ["outdoor", "lane"]});
    stack.describe_folder("folder1", &said.to_string()).await;
    stack.watch("folder2").await;
    stack.publish("folder2", picture(View::Dock, 1)).await;
    stack
        .upload("folder3", "blank.jpg", picture(View::Blank, 0))
        .await;
    stack.publish("folder3", picture(View::Dock, 1)).await;
    let alert = stack.firing("folder1").await;
    let alert = format!("/alerts/{}", alert.id);
    crate::silences::silence_and_tell(&stack).await;
    let folder = crate::silences::start_notifier(&mut stack).await;
    for path in [
        "/",
        "/folder/1",
        "/folder/4",
        "/alerts",
        &alert,
        "/silences",
        "/notices",
        "/routes?folder=dock-1&kind=covered",
        "/docs",
    ] {
        check(&browser, &axe, path).await;
    }
    check(&browser, &axe, "/folder/nosuch").await;
    browser.close_despite(&["status of 404"]).await;
    drop(folder);
}
