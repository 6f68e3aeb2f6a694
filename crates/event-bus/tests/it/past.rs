use event_bus::{AlertSubject, Begin, Bus};
use proto::v1::Alert;
use test_support::NatsServer;
use time::{Duration, OffsetDateTime};

use crate::{connect, publish_alert, view};

async fn ids(bus: &Bus, of: Option<&AlertSubject>, begin: Begin) -> Vec<String> {
    let mut ids = Vec::new();
    bus.past::<Alert>(of, begin, |stored| ids.push(stored.event.id))
        .await
        .unwrap();
    ids
}

#[tokio::test]
async fn the_past_ends_with_what_is_there_now() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let begun = OffsetDateTime::now_utc() - Duration::seconds(1);
    for (name, id, expected) in [("a", "1", 0), ("b", "2", 0), ("a", "3", 1)] {
        publish_alert(&bus, name, id, expected).await;
    }
    assert_eq!(ids(&bus, None, Begin::At(begun)).await, ["1", "2", "3"]);
    let a = view("a");
    assert_eq!(ids(&bus, Some(&a), Begin::At(begun)).await, ["1", "3"]);
    assert_eq!(ids(&bus, Some(&a), Begin::After(1)).await, ["3"]);

    let nothing: [&str; 0] = [];
    let later = OffsetDateTime::now_utc() + Duration::minutes(1);
    assert_eq!(ids(&bus, None, Begin::At(later)).await, nothing);
    assert_eq!(ids(&bus, None, Begin::After(3)).await, nothing);
    let silent = view("c");
    assert_eq!(ids(&bus, Some(&silent), Begin::After(0)).await, nothing);
}
