//! A browser as a test uses it: what a person does and sees, and what the browser itself has to say.

use std::{cell::RefCell, path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    By, ChromiumLikeCapabilities, DesiredCapabilities, Key, LoggingPrefsLogLevel, WebDriver,
    error::WebDriverResult,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep},
};

use crate::driver::Driver;

/// Browsers at the same time: each takes some hundred megabytes and, while it begins, a processor.
static TURNS: Semaphore = Semaphore::const_new(2);

const PATIENCE: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(25);

const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

/// A session with a profile of its own. What comes first is dropped first: the session while its driver runs.
pub(crate) struct Browser {
    pub(crate) session: WebDriver,
    site: String,
    requests: RefCell<Vec<String>>,
    _profile: TempDir,
    _driver: Arc<Driver>,
    _turn: SemaphorePermit<'static>,
}

impl Browser {
    /// Opens a browser for the service at `site`.
    pub(crate) async fn open(driver: Arc<Driver>, site: String) -> Self {
        let turn = TURNS.acquire().await.expect("it is never closed");
        let profile = TempDir::new().expect("the system's temporary folder can be written");
        let session = WebDriver::new(driver.url(), capabilities(profile.path()).unwrap());
        let browser = Browser {
            session: session.await.expect("chromium starts"),
            site,
            requests: RefCell::default(),
            _profile: profile,
            _driver: driver,
            _turn: turn,
        };
        // Keys and the clipboard are for a page that has the focus, which of several browsers at a time only one has.
        let has_focus = json!({"enabled": true});
        browser
            .devtools("Emulation.setFocusEmulationEnabled", has_focus)
            .await;
        browser
    }

    /// Goes to a page by its path.
    pub(crate) async fn visit(&self, path: &str) {
        let address = format!("{}{path}", self.site);
        self.session.goto(address).await.unwrap();
    }

    /// What a script on the page returns.
    pub(crate) async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        let result = self.session.execute(script, arguments).await;
        result
            .unwrap_or_else(|error| panic!("{script}: {error}"))
            .json()
            .clone()
    }

    /// What an expression is on the page.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.script(&format!("return ({expression});"), vec![])
            .await
    }

    /// Waits until an expression holds on the page; fails the test with a picture of the page where it never does.
    pub(crate) async fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression});");
        let deadline = Instant::now() + PATIENCE;
        loop {
            // While a page gives way to another there is none to ask.
            let answer = self.session.execute(&script, vec![]).await;
            if answer.as_ref().is_ok_and(|it| it.json() == true) {
                return;
            }
            if Instant::now() > deadline {
                let picture = self.picture().await;
                let answer = answer.map(|it| it.json().clone());
                panic!("waited {PATIENCE:?} in vain: {expression}; see {picture} ({answer:?})");
            }
            sleep(STEP).await;
        }
    }

    /// Waits until the first element that a selector finds is to be seen with this in its text.
    pub(crate) async fn reads(&self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        self.until(&format!(
            "((it) => it?.checkVisibility() && it.innerText.includes({text}))(document.querySelector({selector}))"
        ))
        .await;
    }

    /// Waits until nothing that a selector finds is to be seen.
    pub(crate) async fn gone(&self, selector: &str) {
        let selector = json!(selector);
        self.until(&format!(
            "![...document.querySelectorAll({selector})].some((it) => it.checkVisibility())"
        ))
        .await;
    }

    /// Waits until something that a selector finds is to be seen.
    pub(crate) async fn shows(&self, selector: &str) {
        let selector = json!(selector);
        self.until(&format!(
            "[...document.querySelectorAll({selector})].some((it) => it.checkVisibility())"
        ))
        .await;
    }

    /// Clicks with the mouse where the first element is that a selector finds.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.session.find(By::Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Types into a field in place of what it holds, as a person would: the page hears of every key.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.session.find(By::Css(selector)).await.unwrap();
        field.send_keys(Key::Control + "a").await.unwrap();
        field.send_keys(Key::Delete + text).await.unwrap();
    }

    /// Chooses from a list by the keyboard: of a click there the driver does not let the page hear as of a person's.
    pub(crate) async fn choose(&self, selector: &str, value: &str) {
        let list = self.session.find(By::Css(selector)).await.unwrap();
        let options = format!("[...document.querySelector({}).options]", json!(selector));
        let place = format!("{options}.findIndex((it) => it.value === {})", json!(value));
        let place = self.value(&place).await.as_u64();
        let place = place.unwrap_or_else(|| panic!("{selector} offers no {value:?}"));
        list.send_keys(Key::Home + "").await.unwrap();
        for _ in 0..place {
            list.send_keys(Key::Down + "").await.unwrap();
        }
    }

    /// Calls a command of the DevTools protocol.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let answer = self.session.cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Gives pages that are visited from now on a clock that can be turned, and a name for their stream of events.
    pub(crate) async fn set_up_clock(&self) {
        let script = "{
            const now = Date.now, Source = EventSource;
            window.ahead = 0;
            Date.now = () => now() + window.ahead;
            window.EventSource = class extends Source {
                constructor(address) { super(address); window.lastEvents = this; }
            };
        }";
        let parameters = json!({"source": script});
        self.devtools("Page.addScriptToEvaluateOnNewDocument", parameters)
            .await;
    }

    /// Turns the page's clock on.
    pub(crate) async fn turn_clock(&self, seconds: u32) {
        let script = "window.ahead += arguments[0] * 1000;";
        self.script(script, vec![json!(seconds)]).await;
    }

    /// The addresses of all requests so far.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let entries = self.session.get_log("performance").await.unwrap();
        let fresh = entries.iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(&entry.message).unwrap();
            let event = &event["message"];
            let is_request = event["method"] == "Network.requestWillBeSent";
            let address = event["params"]["request"]["url"].as_str()?;
            is_request.then(|| address.to_owned())
        });
        self.requests.borrow_mut().extend(fresh);
        self.requests.borrow().clone()
    }

    /// Ends the session. Nothing may have gone wrong on a page, and nothing been asked of another host.
    pub(crate) async fn close(self) {
        self.close_despite(&[]).await;
    }

    /// The same, but complaints that contain one of these texts were to be expected.
    pub(crate) async fn close_despite(self, expected: &[&str]) {
        let complaints = self.session.browser_log().await.unwrap();
        let complaints: Vec<_> = complaints
            .into_iter()
            .map(|entry| entry.message)
            .filter(|message| !expected.iter().any(|text| message.contains(text)))
            .collect();
        assert!(
            complaints.is_empty(),
            "the browser complains: {complaints:#?}"
        );
        let mut elsewhere = self.requests().await;
        elsewhere.retain(|it| it.starts_with("http") && !it.starts_with(&self.site));
        assert!(elsewhere.is_empty(), "asked of others: {elsewhere:#?}");
        self.session.quit().await.unwrap();
    }

    /// Where a picture of the page was put.
    async fn picture(&self) -> String {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("page").replace("::", "-");
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        match self.session.screenshot(&path).await {
            Ok(()) => path.display().to_string(),
            Err(error) => format!("no picture: {error}"),
        }
    }
}

fn capabilities(profile: &Path) -> WebDriverResult<thirtyfour::ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in ARGUMENTS {
        capabilities.add_arg(argument)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    capabilities.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
    capabilities.set_logging_prefs("performance", LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}
