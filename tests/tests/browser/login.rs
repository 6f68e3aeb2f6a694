//! Logging in and out.

use accounts::{Accounts, FileError, Password, Role, User, UsersFile};
use tempfile::TempDir;
use tests::{Stack, View, picture};
use upload::{AccessConfig, Config};

use crate::{
    accessibility::{axe, check},
    browser::Browser,
    start,
};

const PASSWORD: &str = "correct horse battery";

/// What a browser logs that is to be expected: answers to those who are not logged in, and what logging out clears.
const REMARKS: [&str; 2] = ["status of 401", "Clear-Site-Data"];

/// Users of the service.
struct Users {
    _folder: TempDir,
    file: UsersFile,
}

impl Users {
    /// Starts the service again, with users.
    async fn guard(stack: &mut Stack) -> Self {
        let folder = TempDir::new().unwrap();
        let file = UsersFile::new(folder.path().join("users.toml"));
        let users = Users {
            _folder: folder,
            file,
        };
        for (name, role) in [("jo", Role::Viewer), ("kim", Role::Admin)] {
            let user = User {
                name: name.parse().unwrap(),
                role,
                password: Password::new(PASSWORD.to_owned()).unwrap().hash(),
            };
            users.change(|accounts| accounts.add_user(user).unwrap());
        }
        stack.stop_upload().await;
        let access = AccessConfig {
            users_file: Some(users.file.path().to_owned()),
            ..AccessConfig::default()
        };
        stack
            .start_upload_with(Config {
                access,
                ..Config::default()
            })
            .await;
        users
    }

    fn change(&self, change: impl FnOnce(&mut Accounts)) {
        let changed = self.file.change(|accounts| {
            change(accounts);
            Ok::<_, FileError>(())
        });
        changed.unwrap();
    }
}

async fn log_in(browser: &Browser, name: &str, password: &str) {
    browser.fill("#username", name).await;
    browser.fill("#password", password).await;
    browser.click(".login button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_come_back_and_are_told_when_it_is_over() {
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    let users = Users::guard(&mut stack).await;
    browser.visit("/folder/1").await;
    browser.reads("h1", "Log in").await;
    log_in(&browser, "jo", "wrong horse battery").await;
    browser.reads("[role=alert]", "Nobody has this name").await;
    assert_eq!(
        browser
            .value("document.querySelector('#username').value")
            .await,
        "jo"
    );
    log_in(&browser, "jo", PASSWORD).await;
    browser.reads("h1", "folder1").await;
    browser.reads(".visitor", "jo viewer").await;
    browser
        .gone("[data-rule], [data-uploads], [data-offer]")
        .await;

    users.change(|accounts| accounts.remove_user(&"jo".parse().unwrap()).unwrap());
    browser
        .reads("[data-logged-out]", "no longer logged in")
        .await;
    browser.gone("[data-lost]").await;
    browser.click("[data-log-in]").await;
    browser.reads("h1", "Log in").await;
    log_in(&browser, "kim", PASSWORD).await;
    browser.reads("h1", "folder1").await;
    browser.shows("[data-rule]").await;

    browser.click(".visitor button").await;
    browser.reads("h1", "Log in").await;
    browser.visit("/alerts").await;
    browser.reads("h1", "Log in").await;
    browser.close_despite(&REMARKS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_is_offered_nothing_that_changes_anything() {
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let alert = format!("/alerts/{}", stack.firing("folder1").await.id);
    let _users = Users::guard(&mut stack).await;
    browser.visit("/").await;
    log_in(&browser, "jo", PASSWORD).await;
    browser.reads(".visitor", "jo viewer").await;
    let offered = "[...document.querySelectorAll('form[method=post], dialog, [data-open]')]
        .filter((it) => !it.matches('.visitor')).length";
    for (path, seen) in [
        ("/", "[data-folder=folder1]"),
        ("/folder/1", "[data-pictures] li"),
        ("/alerts", ".episode"),
        (&alert, ".evidence"),
    ] {
        browser.visit(path).await;
        browser.shows(seen).await;
        assert_eq!(browser.value(offered).await, 0, "{path}");
    }
    browser.click(".visitor button").await;
    browser.reads("h1", "Log in").await;
    log_in(&browser, "kim", PASSWORD).await;
    browser.shows(".evidence, [data-folder=folder1]").await;
    for path in ["/folder/1", "/alerts", &alert] {
        browser.visit(path).await;
        browser.until(&format!("{offered} > 0")).await;
    }
    browser.close_despite(&REMARKS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_in_and_whose_page_it_is_are_accessible() {
    let Some(axe) = axe() else {
        return tests::skip("axe-core is not in .tools");
    };
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    let _users = Users::guard(&mut stack).await;
    check(&browser, &axe, "/login").await;
    log_in(&browser, "kim", "wrong horse battery").await;
    browser.shows("[role=alert]").await;
    log_in(&browser, "kim", PASSWORD).await;
    browser.shows(".visitor").await;
    for path in ["/", "/folder/1"] {
        check(&browser, &axe, path).await;
    }
    browser.close_despite(&REMARKS).await;
}
