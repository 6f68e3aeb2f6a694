//! Trying cameras for whoever sets one up on the page or by API: here, where cameras can be reached. So many at a time and in
//! a minute, each for so long.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use camera_settings::stored_spec;
use event_bus::{Bus, CameraTestRequest};
use proto::v1::CameraTest;
use service_runtime::CpuPool;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};
use tokio_util::task::TaskTracker;

use crate::{Step, probe, wanted::ByApi};

/// How many cameras are tried at the same time.
const MOST_AT_A_TIME: usize = 4;

/// How many cameras are tried in a minute.
const MOST_IN_A_MINUTE: usize = 20;

/// How long one may take.
const WITHIN: Duration = Duration::from_secs(40);

const MINUTE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_secs(5);

/// Answers until it is dropped.
pub(crate) async fn answer(by_api: ByApi, bus: Bus, cpu: CpuPool) {
    let mut questions = loop {
        match bus.camera_tests().await {
            Ok(questions) => break questions,
            Err(error) => tracing::warn!(%error, "cameras are not tried for others yet"),
        }
        sleep(RETRY).await;
    };
    let places = Arc::new(Semaphore::new(MOST_AT_A_TIME));
    let mut lately = Lately::default();
    let tracker = TaskTracker::new();
    while let Some(asked) = questions.next().await {
        let place = Arc::clone(&places).try_acquire_owned().ok();
        let place = place.filter(|_| lately.is_free(Instant::now()));
        let (by_api, cpu) = (by_api.clone(), cpu.clone());
        tracker.spawn(async move {
            let _place = place;
            let test = match &_place {
                Some(_) => test(&asked.question, &by_api, &cpu).await,
                None => CameraTest {
                    is_busy: true,
                    ..CameraTest::default()
                },
            };
            asked.answer(test).await;
        });
    }
}

/// When the last ones began.
#[derive(Debug, Default)]
struct Lately(VecDeque<Instant>);

impl Lately {
    /// Whether one more test may begin. If so, it is counted.
    fn is_free(&mut self, now: Instant) -> bool {
        while self
            .0
            .front()
            .is_some_and(|began| now.duration_since(*began) >= MINUTE)
        {
            self.0.pop_front();
        }
        let is_free = self.0.len() < MOST_IN_A_MINUTE;
        if is_free {
            self.0.push_back(now);
        }
        is_free
    }
}

async fn test(request: &CameraTestRequest, by_api: &ByApi, cpu: &CpuPool) -> CameraTest {
    let mut test = CameraTest::default();
    let CameraTestRequest { folder, settings } = request;
    let spec = match stored_spec(folder, settings, &by_api.key, &by_api.networks) {
        Ok(spec) => spec,
        Err(refused) => {
            test.failure = refused.to_string();
            return test;
        }
    };
    let queue = cpu.queue();
    let probing = probe(&spec, &queue, |step| {
        test.steps.push(step.said(&spec));
        if let Step::Pictured(picture, _) = step {
            (test.width, test.height) = picture.size;
            test.content_type = picture.content_type.to_owned();
            test.picture = picture.bytes;
        }
    });
    let failure = match timeout(WITHIN, probing).await {
        Ok(Ok(())) => String::new(),
        Ok(Err(outage)) => outage.reason,
        Err(_) => format!("it took longer than {WITHIN:?}"),
    };
    test.failure = failure;
    test
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_begin_in_a_minute_and_no_more() {
        let (mut lately, start) = (Lately::default(), Instant::now());
        for _ in 0..MOST_IN_A_MINUTE {
            assert!(lately.is_free(start));
        }
        assert!(!lately.is_free(start + Duration::from_secs(59)));
        assert!(lately.is_free(start + MINUTE));
    }
}
