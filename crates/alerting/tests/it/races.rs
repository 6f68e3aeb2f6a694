//! Comparators that decide at once, or by old knowledge.

use alerting::Settled;
use proto::v1::{Alert, Phase};

use crate::site::{Site, see};

#[tokio::test]
async fn of_two_that_decide_at_once_one_fires() {
    let site = Site::new().await;
    let (one, other) = (site.other(), site.other());
    let comparison = site.comparison(1, 0.5);
    let (first, second) = tokio::join!(
        see(&one, &site, &comparison),
        see(&other, &site, &comparison)
    );
    let changed = [first, second].into_iter();
    let changed = changed.filter(|settled| *settled == Settled::Changed);
    assert_eq!(changed.count(), 1);
    let alerts = site.bus.all::<Alert>().await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].event.phase(), Phase::Firing);
}

#[tokio::test]
async fn one_that_knows_nothing_of_an_alert_ends_it() {
    let site = Site::new().await;
    site.see(&site.comparison(1, 0.5)).await;
    let settled = see(&site.other(), &site, &site.comparison(2, 1.0)).await;
    // What it knew said that nothing fires, so that there was nothing to end; the next look finds out.
    assert_eq!(settled, Settled::Unchanged);
    assert_eq!(site.see(&site.comparison(2, 1.0)).await, Settled::Changed);
    assert_eq!(site.last().await.phase(), Phase::Resolved);
}

#[tokio::test]
async fn one_that_has_only_heard_of_an_alert_asks_before_it_says_nothing() {
    let site = Site::new().await;
    site.see(&site.comparison(1, 0.5)).await;
    let settled = see(&site.other_that_heard(), &site, &site.comparison(2, 1.0)).await;
    assert_eq!(settled, Settled::Changed);
    assert_eq!(site.last().await.phase(), Phase::Resolved);
}

#[tokio::test]
async fn what_fires_is_known_to_fire_while_the_stream_is_anew_and_nothing_is_put_back() {
    let site = Site::new().await;
    site.see(&site.comparison(1, 0.5)).await;
    let firing = site.last().await;
    let client = async_nats::connect(site.nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    jetstream.delete_stream("ALERTS").await.unwrap();
    site.connect().await;

    assert_eq!(site.see(&site.comparison(2, 1.0)).await, Settled::Changed);
    let last = site.last().await;
    assert_eq!((last.phase(), last.id), (Phase::Resolved, firing.id));
}

#[tokio::test]
async fn a_frame_that_others_have_left_behind_ends_no_alert() {
    let site = Site::new().await;
    site.see(&site.comparison(1, 0.5)).await;
    let (matches, differs_again) = (site.comparison(2, 1.0), site.comparison(3, 0.4));
    for comparison in [&matches, &differs_again] {
        let published = site.bus.publish_comparison(&site.folder, comparison);
        published.await.unwrap();
    }
    let settled = see(site.transitions(), &site, &matches).await;
    assert_eq!(settled, Settled::Overtaken);
    assert_eq!(site.last().await.phase(), Phase::Firing);
    site.see(&site.comparison(4, 1.0)).await;
    assert_eq!(site.last().await.phase(), Phase::Resolved);
}
