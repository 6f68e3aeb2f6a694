//! The chromedriver that all tests of this process share, for as long as one of them runs.

use std::{
    env,
    process::{Child, Command, Stdio},
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use test_support::lines_of;

/// Ended when the last test lets go of it; until then each test has sessions of its own.
pub(crate) struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// The one that runs, or a new one; `None` where chromium or chromedriver is missing.
    fn shared() -> Option<Arc<Driver>> {
        static SHARED: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        if !is_on_path("chromium") || !is_on_path("chromedriver") {
            return None;
        }
        let mut shared = SHARED.lock();
        Some(shared.upgrade().unwrap_or_else(|| {
            let driver = Arc::new(Driver::start());
            *shared = Arc::downgrade(&driver);
            driver
        }))
    }

    /// The same; says so where there is none.
    pub(crate) fn shared_or_skip() -> Option<Arc<Driver>> {
        let driver = Driver::shared();
        if driver.is_none() {
            tests::skip("chromium or chromedriver is not on PATH");
        }
        driver
    }

    fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver can be started");
        let output = child.stdout.take().expect("it is piped");
        let port = lines_of(output).find_map(|line| {
            let (_, rest) = line.split_once("successfully on port ")?;
            rest.trim_end_matches('.').parse().ok()
        });
        Driver {
            child,
            port: port.expect("chromedriver says its port"),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
