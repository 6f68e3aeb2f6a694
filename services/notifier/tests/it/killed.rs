//! The program is killed at every step of a message, again and again: each beginning and each end is heard, in order, always
//! under the same key, and none is lost.

use std::collections::BTreeSet;

use proto::v1::Alert;
use test_support::{Answer, Hook, eventually};

use crate::{
    process::{kill, start},
    site::{Site, to},
};

/// After what the program is killed.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It has stored what it is about to send.
    Intent,
    /// The receiver has the message, and has not answered.
    Asked,
    /// The receiver has answered.
    Answered,
}

const STEPS: [Step; 3] = [Step::Intent, Step::Asked, Step::Answered];

#[tokio::test]
async fn killed_at_every_step_it_tells_each_beginning_and_each_end_once_by_its_key() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let routes = site.routes(&to(
        &hook.url(),
        "group-wait = \"0s\"\ngroup-by = \"folder\"",
    ));
    let mut alerts: Vec<Alert> = Vec::new();
    // Each step of a beginning, then each step of an end.
    for (round, step) in STEPS.into_iter().chain(STEPS).enumerate() {
        let child = start(&site, &routes);
        // What the one before it had begun, this one brings to its end.
        for (number, alert) in alerts.iter().enumerate() {
            let is_over = number + STEPS.len() < round;
            site.notice_where(alert, |notice| {
                notice.told_at.is_some() && notice.end_told_at.is_some() == is_over
            })
            .await;
        }
        let before = hook.came().len();
        if matches!(step, Step::Asked) {
            hook.answer(&[Answer::Silence]);
        }
        let (alert, is_of_beginning) = match alerts.get(round.wrapping_sub(STEPS.len())) {
            Some(alert) => {
                site.resolve(alert).await;
                (alert.clone(), false)
            }
            None => {
                let alert = site.fire_view(&format!("dock{round}")).await;
                alerts.push(alert.clone());
                (alert, true)
            }
        };
        match step {
            Step::Intent => {
                let told_before = u32::from(!is_of_beginning);
                site.notice_where(&alert, |notice| {
                    notice.sending.is_some() || notice.messages > told_before
                })
                .await;
            }
            Step::Asked | Step::Answered => {
                eventually("the receiver has a message", async || {
                    (hook.came().len() > before).then_some(())
                })
                .await;
            }
        }
        kill(child);
    }

    let child = start(&site, &routes);
    for alert in &alerts {
        site.notice_where(alert, |notice| notice.end_told_at.is_some())
            .await;
    }
    kill(child);
    for alert in &alerts {
        let came = hook.came().into_iter();
        let of_it: Vec<_> = came.filter(|it| it.alerts().contains(&alert.id)).collect();
        let said: Vec<&str> = of_it.iter().map(|it| it.occasion()).collect();
        let first_end = said.iter().position(|it| *it == "resolved").unwrap();
        let (beginnings, ends) = of_it.split_at(first_end);
        assert!(!beginnings.is_empty(), "{}: {said:?}", alert.id);
        assert!(
            ends.iter().all(|it| it.occasion() == "resolved"),
            "{}: {said:?}",
            alert.id
        );
        for part in [beginnings, ends] {
            let keys: BTreeSet<&str> = part.iter().map(|it| it.key.as_str()).collect();
            assert_eq!(keys.len(), 1, "{}: {said:?}", alert.id);
        }
    }
}
