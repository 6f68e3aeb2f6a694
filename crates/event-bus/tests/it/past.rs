//! Reading what a stream holds, to its end or since a time.

use event_bus::{AlertSubject, Begin, Bus};
use proto::v1::{Alert, Comparison};
use test_support::NatsServer;
use time::{Duration, OffsetDateTime};

use crate::{connect, folder, publish_alert, view};

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

#[tokio::test]
async fn what_came_since_a_time_is_there_however_much_it_is() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let (dock, gate) = (folder("dock"), folder("gate"));
    let publish = async |folder, number: u32| {
        let comparison = Comparison {
            similarity: Some(f64::from(number)),
            // What makes each another one.
            rule_digest: number.to_be_bytes().to_vec().into(),
            ..Comparison::default()
        };
        bus.publish_comparison(folder, &comparison).await.unwrap();
    };
    let since = async |folder, time| {
        let mut numbers = Vec::new();
        let read = bus.since::<Comparison>(folder, time, |stored| {
            numbers.push(stored.event.similarity.unwrap() as u32);
        });
        read.await.unwrap();
        numbers
    };
    assert_eq!(since(&dock, OffsetDateTime::UNIX_EPOCH).await, [0; 0]);
    publish(&dock, 0).await;
    let last = bus.latest::<Comparison>(&dock).await.unwrap().unwrap();
    for number in 1..=2100 {
        publish(&dock, number).await;
    }
    publish(&gate, 7).await;

    let all: Vec<u32> = (0..=2100).collect();
    assert_eq!(since(&dock, last.stored_at).await, all);
    let after = last.stored_at + Duration::nanoseconds(1);
    assert_eq!(since(&dock, after).await, all[1..]);
    assert_eq!(since(&gate, OffsetDateTime::UNIX_EPOCH).await, [7]);
    let end = OffsetDateTime::now_utc() + Duration::minutes(1);
    assert_eq!(since(&dock, end).await, [0; 0]);
    assert_eq!(since(&folder("yard"), last.stored_at).await, [0; 0]);
}
