//! Waiting for what comes in its own time.

use std::{
    fmt::Debug,
    future::Future,
    thread,
    time::{Duration, Instant},
};

use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(20);

/// What comes, if it comes within 30 s; otherwise fails the test with `what`, so that one wait in vain does not hold up
/// all tests.
pub async fn soon<T>(what: &str, coming: impl Future<Output = T>) -> T {
    let came = timeout(PATIENCE, coming).await;
    came.unwrap_or_else(|_| panic!("waited {PATIENCE:?} in vain: {what}"))
}

/// Asks again until there is an answer, for 30 s at most; then fails the test with `what`.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let answer = ask_for(PATIENCE, async || ask().await.ok_or(())).await;
    answer.unwrap_or_else(|()| panic!("waited {PATIENCE:?} in vain: {what}"))
}

/// Asks again until the answer is `Ok`, for so long at most; then fails the test with `what` and what was found last.
pub async fn eventually_within<T, E: Debug>(
    within: Duration,
    what: &str,
    ask: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let answer = ask_for(within, ask).await;
    answer.unwrap_or_else(|found| panic!("waited {within:?} in vain: {what}; {found:?}"))
}

/// The same for tests that block.
pub fn block_until<T, E: Debug>(
    within: Duration,
    what: &str,
    mut ask: impl FnMut() -> Result<T, E>,
) -> T {
    let deadline = Instant::now() + within;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(found) if Instant::now() >= deadline => {
                panic!("waited {within:?} in vain: {what}; {found:?}")
            }
            Err(_) => thread::sleep(STEP),
        }
    }
}

/// `Err` with what was found last, where there is no answer in time.
async fn ask_for<T, E>(
    within: Duration,
    mut ask: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let deadline = Instant::now() + within;
    loop {
        // One that never answers does not hold up all tests.
        let answer = timeout(within + PATIENCE, ask()).await;
        let answer = answer.unwrap_or_else(|_| panic!("waited {within:?} for an answer in vain"));
        if answer.is_ok() || Instant::now() >= deadline {
            return answer;
        }
        tokio::time::sleep(STEP).await;
    }
}
