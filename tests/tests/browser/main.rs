//! The pages, in a real chromium against the whole of Framewatch. Skipped where chromium or chromedriver is missing.
//!
//! The tests have threads of their own for the services: a browser that is dropped waits for what it has asked of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accessibility;
mod alerts;
mod areas;
mod browser;
mod camera;
mod connection;
mod driver;
mod folder;
mod hostile;
mod keyboard;
mod login;
mod normals;
mod overview;
mod silences;
mod uploads;

use tests::Stack;

use browser::Browser;

/// Everything, and a browser before it; `None` where there is no browser to be had.
async fn start() -> Option<(Stack, Browser)> {
    let driver = driver::Driver::shared_or_skip()?;
    let stack = Stack::start().await;
    let browser = Browser::open(driver, stack.url("")).await;
    Some((stack, browser))
}
