//! The page of all folders.

use std::time::{Duration, Instant};

use event_bus::{Folder, FolderKey};
use futures::{StreamExt, stream};
use proto::v1::Folder as Details;
use serde_json::json;
use test_support::eventually;
use tests::{Stack, View, picture};

use crate::{browser::Browser, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_wrong_is_shown_without_a_reload() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    browser.visit("/").await;
    browser.script("window.isTheSamePage = true;", vec![]).await;
    browser.reads("[data-folder=folder1] .state", "OK").await;

    stack.publish("folder1", picture(View::Wall, 0)).await;
    browser.reads("[data-folder=folder1] .state", "Alert").await;
    browser
        .reads(
            "[data-folder=folder1] .explanation",
            "no longer looks like its reference dock.jpg",
        )
        .await;
    browser
        .reads("[data-tally] [data-state=alert]", "1 Alert")
        .await;
    browser.until("document.title.startsWith('(1)')").await;

    stack.publish("folder1", picture(View::Dock, 2)).await;
    browser.reads("[data-folder=folder1] .state", "OK").await;
    browser.until("window.isTheSamePage").await;
    browser.close().await;
}

/// The card as the service draws it when no frame has come for five minutes.
const SAY_THAT_NONE_COME: &str = "
    const [done] = arguments;
    fetch('/folders/cards?folders=folder1').then((answer) => answer.text()).then((card) => {
        const drawn = new DOMParser().parseFromString(card, 'text/html');
        drawn.querySelector('[data-folder]').dataset.state = 'no-frames';
        drawn.querySelector('[data-part=state]').className = 'state no-frames';
        const frameAt = drawn.querySelector('[data-part=frame-age]').dateTime;
        drawn.querySelector('[data-part=words]').innerHTML = `<time datetime=\"${frameAt}\" data-age=\"Silent for {}\">No frames</time>`;
        const frame = drawn.querySelector('[data-part=frame]');
        frame.removeAttribute('src');
        frame.hidden = true;
        frame.nextElementSibling.hidden = false;
        lastEvents.dispatchEvent(new MessageEvent('card', { data: drawn.body.innerHTML }));
        done();
    });";

#[tokio::test(flavor = "multi_thread")]
async fn an_old_picture_and_a_silent_camera_are_marked() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    browser.set_up_clock().await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    stack.similarity_where("folder1", |_| true).await;
    browser.visit("/").await;
    browser.reads("[data-folder=folder1] .state", "OK").await;
    browser.gone("[data-old]").await;
    browser.turn_clock(70).await;
    browser
        .reads(
            "[data-folder=folder1] [data-old] [data-part=frame-age]",
            "1 min ago",
        )
        .await;
    let mark = "getComputedStyle(document.querySelector('[data-old] [data-part=frame-age]'), '::after').content";
    assert_eq!(browser.value(mark).await, "\", old\"");

    // As the service tells and draws it when no frame has come for five minutes.
    browser.turn_clock(600).await;
    let told = browser.session.execute_async(SAY_THAT_NONE_COME, vec![]);
    told.await.unwrap();
    browser
        .reads("[data-folder=folder1] .state", "Silent for 11 min")
        .await;
    browser
        .reads("[data-folder=folder1]", "No current picture")
        .await;
    browser
        .gone("[data-folder=folder1] [data-part=frame]")
        .await;
    browser.close().await;
}

/// How long it takes from a wrong frame until its folder is on the first screen, as an alert.
async fn until_on_the_first_screen(
    stack: &Stack,
    browser: &Browser,
    [width, height]: [u32; 2],
    folder: &str,
) -> Duration {
    let size =
        json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
    browser
        .devtools("Emulation.setDeviceMetricsOverride", size)
        .await;
    browser.visit("/").await;
    let card = format!("document.querySelector('[data-folder={folder}]')");
    // It is one of hundreds that are OK, and so far down that the page does not have it.
    assert_eq!(browser.value(&card).await, serde_json::Value::Null);
    // A card among the others has the focus, and nobody touches anything.
    let focus = "document.querySelector('[data-folder=folder3] h2 a').focus({ preventScroll: true }); scrollTo(0, 0);";
    browser.script(focus, vec![]).await;
    let is_there = format!(
        "{card}?.dataset.state === 'alert' && scrollY === 0 && {card}.querySelector('.state').getBoundingClientRect().bottom <= innerHeight"
    );
    let begun = Instant::now();
    stack.publish(folder, picture(View::Wall, 0)).await;
    browser.until(&is_there).await;
    let took = begun.elapsed();
    let keeps = "document.activeElement.closest('[data-folder]')?.dataset.folder === 'folder3'";
    assert_eq!(browser.value(keeps).await, true, "the focus stays");
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_comes_first_once_nobody_is_working() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    browser.visit("/").await;
    let first = "document.querySelector('[data-folder]').dataset.folder";
    for folder in ["folder5", "folder6"] {
        stack.watch(folder).await;
    }
    stack.publish("folder5", picture(View::Wall, 0)).await;
    browser.until(&format!("{first} === 'folder5'")).await;
    let touch =
        "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Shift', bubbles: true }));";
    browser.script(touch, vec![]).await;
    let touched = Instant::now();
    stack.publish("folder6", picture(View::Wall, 0)).await;
    browser.reads("[data-folder=folder6] .state", "Alert").await;
    browser.until("document.title.startsWith('(2) ')").await;
    browser
        .until("document.querySelector('link[rel=icon]').getAttribute('href') === '/assets/front_door/icon-unattended.svg'")
        .await;
    let stays = browser.value(first).await;
    // On a busy machine the ten seconds may be over.
    if touched.elapsed() < Duration::from_secs(9) {
        assert_eq!(stays, "folder5", "not under their hands");
    }
    // Of two that nobody has in hand, the newer.
    browser.until(&format!("{first} === 'folder6'")).await;
    let held = touched.elapsed();
    assert!(held >= Duration::from_secs(9), "held for {held:?}");

    let id = stack.firing("folder6").await.id;
    stack.acknowledge(&id, "Ada").await;
    browser.until("document.title.startsWith('(1) ')").await;
    // After those without a reference.
    browser
        .until(
            "[...document.querySelectorAll('[data-folder]')].at(-1).dataset.folder === 'folder6'",
        )
        .await;
    for path in ["/folder/1", "/alerts", "/drift", "/docs"] {
        browser.visit(path).await;
        browser.until("document.title.startsWith('(1) ')").await;
    }
    browser.close().await;
}

#[expect(clippy::print_stderr, reason = "the figure is of interest, too")]
#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_folders_are_no_burden() {
    const FOLDERS: u32 = 600;
    let Some((stack, browser)) = start().await else {
        return;
    };
    let folders: Vec<String> = (0..FOLDERS)
        .map(|number| format!("site-{number}"))
        .collect();
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let send_frames = |seed| stack.publish_to(&folders, picture(View::Dock, seed));
    send_frames(0).await;
    browser.visit("/?sort=name").await;
    browser.reads("[data-count]", "606 folders").await;
    let took = browser
        .value("performance.getEntriesByType('navigation')[0].domComplete")
        .await;
    assert!(took.as_f64().unwrap() < 20_000.0, "the page took {took} ms");

    send_frames(1).await;
    let cards = "document.querySelectorAll('[data-folder] [data-part=frame]').length";
    assert_eq!(browser.value(cards).await, 60);
    let pictures = async || {
        let requests = browser.requests().await;
        let pictures = requests.iter().filter(|it| it.contains("/frame?"));
        pictures.count()
    };
    let before = pictures().await;
    assert!(
        (1..60).contains(&before),
        "{before} pictures for what can be seen"
    );

    let end = "scrollTo(0, document.documentElement.scrollHeight);";
    for count in [120, 180] {
        browser.script(end, vec![]).await;
        browser.until(&format!("{cards} >= {count}")).await;
    }
    let names = "[...document.querySelectorAll('[data-folder]')].map((it) => it.dataset.folder)";
    let expected = [
        "folder1", "folder2", "folder6", "site-0", "site-1", "site-100",
    ];
    let are_in_order = format!(
        "((names, expected) => new Set(names).size === names.length
            && expected.every((name, index) => index === 0 || names.indexOf(expected[index - 1]) < names.indexOf(name)))({names}, {})",
        json!(expected)
    );
    browser.until(&are_in_order).await;

    let screens = [([1440, 900], 300..303), ([390, 844], 303..306)];
    for number in 300..306 {
        let folder = &format!("site-{number}");
        stack.watch(folder).await;
        stack.publish(folder, picture(View::Dock, 1)).await;
        stack.similarity_where(folder, |_| true).await;
    }
    for (size, numbers) in screens {
        let mut took = Vec::new();
        for number in numbers {
            let folder = format!("site-{number}");
            took.push(until_on_the_first_screen(&stack, &browser, size, &folder).await);
        }
        eprintln!("600 folders at {size:?}: on the first screen after {took:?}");
    }

    browser.visit("/?sort=name").await;
    browser.fill("#q", "site-599").await;
    browser.reads("[data-count]", "1 of 606 folders").await;
    browser
        .until(
            "document.querySelector('[data-folder=site-599] [data-part=frame]').naturalWidth > 0",
        )
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_found_filtered_and_sorted_and_the_address_remembers_it() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.make_folder("gate").await;
    stack.watch("gate").await;
    stack.publish("gate", picture(View::Dock, 1)).await;
    stack.similarity_where("gate", |_| true).await;
    browser.visit("/").await;
    browser.reads("[data-count]", "7 folders").await;
    let first = "document.querySelector('[data-folder]').dataset.folder";

    browser.fill("#q", "GA").await;
    browser.reads("[data-count]", "1 of 7 folders").await;
    browser.gone("[data-folder=folder1]").await;
    browser.shows("[data-folder=gate]").await;
    browser.until("location.search === '?q=GA'").await;
    let said = r#"{"title": "Loading DÖCK", "site": "Plant 2", "tags": ["outdoor"]}"#;
    stack.describe_folder("folder6", said).await;
    browser.fill("#q", "").await;
    browser
        .reads("[data-folder=folder6] h2", "Loading DÖCK folder6")
        .await;
    for part in ["döck", "plant", "Outdoor", "folder6", "out  plant"] {
        browser.fill("#q", part).await;
        browser.reads("[data-count]", "1 of 7 folders").await;
        browser.shows("[data-folder=folder6]").await;
    }
    browser.visit("/?q=plant").await;
    browser.reads("[data-count]", "1 of 7 folders").await;
    browser.shows("[data-folder=folder6]").await;
    browser.fill("#q", "plant gate").await;
    browser.reads("[data-count]", "0 of 7 folders").await;
    browser.click("[data-none] a").await;
    browser.reads("[data-count]", "7 folders").await;
    browser.gone("[data-none]").await;
    browser.visit("/?q=GA").await;
    browser.gone("[data-folder=folder1]").await;
    browser.fill("#q", "").await;
    browser.until("location.search === ''").await;

    browser
        .click("[data-tally] [data-state=no-reference] a")
        .await;
    browser.reads("[data-count]", "6 of 7 folders").await;
    browser.gone("[data-folder=gate]").await;
    browser
        .until("document.querySelector('#state').value === 'no-reference'")
        .await;
    browser
        .click("[data-tally] [data-state=no-reference] a")
        .await;
    browser.reads("[data-count]", "7 folders").await;

    browser.until(&format!("{first} === 'folder1'")).await;
    browser.choose("#sort", "similarity").await;
    browser.until(&format!("{first} === 'gate'")).await;
    browser.choose("#sort", "name").await;
    browser.until(&format!("{first} === 'folder1'")).await;
    browser.close().await;
}

/// Makes folders of which no camera has sent anything, `cam-0` and so on, and waits until the pages have them.
async fn make_folders(stack: &Stack, count: u32) {
    const AT_A_TIME: usize = 100;
    let bus = stack.bus().await;
    let folders = &bus.folders();
    stream::iter(0..count)
        .for_each_concurrent(AT_A_TIME, |number| async move {
            let folder: Folder = format!("cam-{number}").parse().unwrap();
            let key = FolderKey::from(&folder);
            let is_new = folders.create(&key, &Details::default()).await.unwrap();
            assert!(is_new, "{folder} is new");
        })
        .await;
    eventually("the pages have all folders", async || {
        let list = stack.get("/api/v1/folders?limit=1").await;
        (list["total"] == count + 6).then_some(())
    })
    .await;
}

#[expect(clippy::print_stderr, reason = "the figures are of interest, too")]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_folders_are_searched_scrolled_and_watched() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    make_folders(&stack, 10_000).await;
    let page = reqwest::get(stack.url("/")).await.unwrap();
    let bytes = page.bytes().await.unwrap().len();
    assert!(bytes <= 150_000, "the page has {bytes} bytes");
    browser.visit("/").await;
    browser.reads("[data-count]", "10006 folders").await;
    let took = browser
        .value("performance.getEntriesByType('navigation')[0].domInteractive")
        .await;
    eprintln!("10,000 folders: {bytes} bytes, of use after {took} ms");
    let cards = "document.querySelectorAll('[data-folder]').length";
    assert_eq!(browser.value(cards).await, 60);

    for count in [120, 180] {
        let end = "scrollTo(0, document.documentElement.scrollHeight);";
        browser.script(end, vec![]).await;
        browser.until(&format!("{cards} >= {count}")).await;
    }
    let begun = Instant::now();
    browser.fill("#q", "CAM-9999").await;
    browser.reads("[data-count]", "1 of 10006 folders").await;
    browser.shows("[data-folder=cam-9999]").await;
    eprintln!(
        "10,000 folders: the last one is found after {:?}",
        begun.elapsed()
    );
    browser
        .until("[...document.querySelectorAll('[data-folder]')].length === 1")
        .await;
    browser.fill("#q", "").await;
    browser.reads("[data-count]", "10006 folders").await;
    browser.until(&format!("{cards} === 60")).await;

    browser.visit("/").await;
    stack.watch("cam-7000").await;
    stack.publish("cam-7000", picture(View::Wall, 0)).await;
    let begun = Instant::now();
    browser
        .until("document.querySelector('[data-folder]').dataset.folder === 'cam-7000'")
        .await;
    browser
        .reads("[data-folder=cam-7000] .state", "Alert")
        .await;
    eprintln!(
        "10,000 folders: an alert comes first after {:?}",
        begun.elapsed()
    );
    browser
        .reads("[data-tally] [data-state=alert]", "1 Alert")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_of_the_cards_that_are_near() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    make_folders(&stack, 300).await;
    browser.visit("/?sort=name").await;
    let followed = async || {
        let requests = browser.requests().await;
        let last = requests.iter().rfind(|it| it.contains("/folders/glances"));
        last.cloned().unwrap_or_default()
    };
    let until_followed = async |wanted: &str, not: &str| {
        eventually("the page follows what is near", async || {
            let followed = followed().await + ",";
            let is_so = followed.contains(wanted) && !followed.contains(not);
            is_so.then_some(())
        })
        .await;
    };
    until_followed("cam-0,", "cam-59,").await;
    let to_59 = "document.querySelector('[data-folder=cam-59]').scrollIntoView();";
    browser.script(to_59, vec![]).await;
    until_followed("cam-59,", "cam-0,").await;
    // What has changed meanwhile is there as soon as it is seen.
    let said = r#"{"title": "The gate"}"#;
    stack.describe_folder("cam-0", said).await;
    browser.script("scrollTo(0, 0);", vec![]).await;
    browser.reads("[data-folder=cam-0] h2", "The gate").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_later_folders_becomes_the_page_of_the_first() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    make_folders(&stack, 100).await;
    browser.visit("/?from=60&sort=name").await;
    let first = "document.querySelector('[data-folder]').dataset.folder";
    browser.until(&format!("{first} === 'cam-0'")).await;
    browser.until("location.search === '?sort=name'").await;
    browser.gone("[data-earlier]").await;

    // A new folder comes, and one that is removed goes.
    stack.make_folder("a-new-one").await;
    browser.until(&format!("{first} === 'a-new-one'")).await;
    browser.reads("[data-count]", "107 folders").await;
    stack.remove_folder("a-new-one").await;
    browser.until(&format!("{first} === 'cam-0'")).await;
    browser.reads("[data-count]", "106 folders").await;
    browser.close().await;
}
