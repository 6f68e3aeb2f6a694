//! What the end of an alert says.

use async_nats::jetstream;
use event_bus::Expected;
use proto::v1::{HistoryPart, Kind, Phase, Reference, ResolvedBy};

use crate::site::Site;

#[tokio::test]
async fn an_end_by_the_view_says_how_bad_it_was() {
    let site = Site::new().await;
    for (second, similarity) in [(1, 0.8), (2, 0.3), (3, 0.7), (4, 1.0)] {
        site.see(&site.comparison(second, similarity)).await;
    }
    let alert = site.last().await;
    assert_eq!(alert.phase(), Phase::Resolved);
    assert_eq!(alert.resolved_by(), ResolvedBy::View);
    assert_eq!(alert.resolved_by_name, "");
    assert_eq!(alert.fired_with(), Some((0.8, 0.9)));
    assert_eq!(alert.worst_similarity, Some(0.3));
    assert_eq!(alert.similarity, Some(1.0));
    assert_eq!(
        alert.message,
        "dock looks like its reference dock.jpg again: similarity 1.000"
    );
}

#[tokio::test]
async fn an_end_says_how_bad_it_was_by_the_history_where_the_comparisons_are_forgotten() {
    let site = Site::new().await;
    let seen = [(1, 0.8), (2, 0.3), (3, 0.7)]
        .map(|(second, similarity)| site.comparison(second, similarity));
    let mut part = HistoryPart::default();
    for comparison in &seen {
        site.see(comparison).await;
        part.push(comparison, Kind::Different);
    }
    let published = site.bus.publish_history(&site.folder, &part, Expected(0));
    published.await.unwrap();
    let broker = jetstream::new(async_nats::connect(site.nats.url()).await.unwrap());
    let comparisons = broker.get_stream("COMPARISONS").await.unwrap();
    comparisons.purge().await.unwrap();

    site.see(&site.comparison(4, 0.6)).await;
    site.see(&site.comparison(5, 1.0)).await;
    let alert = site.last().await;
    assert_eq!(alert.phase(), Phase::Resolved);
    assert_eq!(alert.resolved_by(), ResolvedBy::View);
    assert_eq!(alert.worst_similarity, Some(0.3));
}

#[tokio::test]
async fn an_end_by_another_rule_is_told_as_such_and_with_the_name() {
    let mut site = Site::new().await;
    site.see(&site.comparison(1, 0.4375)).await;
    site.set.rule.threshold = 0.4;
    site.see(&site.comparison(1, 0.4375)).await;
    let alert = site.last().await;
    assert_eq!(alert.resolved_by(), ResolvedBy::Rule);
    assert_eq!(alert.resolved_by_name, "kim");
    assert_eq!(alert.fired_with(), Some((0.4375, 0.9)));
    assert_eq!(
        alert.message,
        "dock counts as in order since its rule was changed (by kim): similarity 0.438, and the threshold is 0.4 now"
    );
}

#[tokio::test]
async fn an_end_by_another_reference_is_told_as_such() {
    let site = Site::new().await;
    site.see(&site.comparison(1, 0.5)).await;
    let mut with_another = site.comparison(2, 1.0);
    with_another.reference = Some(Reference {
        id: "b".to_owned(),
        name: "new.jpg".to_owned(),
        since: with_another.frame.as_ref().unwrap().stored_at,
    });
    site.see(&with_another).await;
    let alert = site.last().await;
    assert_eq!(alert.resolved_by(), ResolvedBy::Reference);
    assert_eq!(alert.resolved_by_name, "lee");
}

#[tokio::test]
async fn switching_off_and_removing_end_what_fires_at_the_time_of_the_clock() {
    let site = Site::new().await;
    for (second, ends_by) in [(1, ResolvedBy::SwitchedOff), (2, ResolvedBy::Removed)] {
        site.see(&site.comparison(second, 0.5)).await;
        site.clock.advance(time::Duration::minutes(1));
        let transitions = site.transitions();
        let settled = match ends_by {
            ResolvedBy::Removed => transitions.after_removal(&site.folder, &site.set).await,
            _ => {
                transitions
                    .after_switching_off(&site.folder, &site.set)
                    .await
            }
        };
        settled.unwrap();
        let alert = site.last().await;
        assert_eq!(alert.resolved_by(), ends_by);
        assert_eq!(alert.resolved_at, Some(proto::timestamp(site.clock.now())));
        assert_eq!(alert.worst_similarity, Some(0.5));
    }
}
