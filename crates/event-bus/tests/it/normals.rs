//! Normal pictures: what `uploads.<folder>` says of them, and where they are kept.

use event_bus::{Bus, Expected, NormalChange, PictureKey, PublishError, ReferenceChange};
use proto::v1::{NormalAdded, NormalRemoved, Upload, UploadRemoved};
use test_support::NatsServer;

use crate::{connect, folder};

fn picture(id: &str) -> Upload {
    Upload {
        id: id.to_owned(),
        ..Upload::default()
    }
}

fn pictures(ids: &[&str]) -> Vec<Upload> {
    ids.iter().map(|id| picture(id)).collect()
}

fn added(id: &str, normals: &[&str]) -> NormalAdded {
    NormalAdded {
        id: id.to_owned(),
        reference: Some(picture("1")),
        normals: pictures(normals),
        ..NormalAdded::default()
    }
}

async fn last(bus: &Bus) -> ReferenceChange {
    let last = bus.latest::<ReferenceChange>(&folder("dock")).await;
    last.unwrap().unwrap().event
}

/// Which picture it was about, which is the reference after it, and which are the normal pictures.
fn said(change: &ReferenceChange) -> (&str, Option<&str>, Vec<&str>) {
    (
        change.id(),
        change.reference().map(|upload| upload.id.as_str()),
        change.normals().iter().map(|it| it.id.as_str()).collect(),
    )
}

#[tokio::test]
async fn the_last_event_says_all_that_holds_whichever_it_is() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let dock = folder("dock");

    let first = bus.publish_uploaded(&dock, &picture("1"), "jo", None).await;
    assert_eq!(said(&last(&bus).await), ("1", Some("1"), vec![]));

    let night = added("2", &["2"]);
    let expected = Expected(first.unwrap());
    let second = bus
        .publish_normal_added(&dock, &night, "jo", expected)
        .await;
    assert_eq!(said(&last(&bus).await), ("2", Some("1"), vec!["2"]));

    let kept = Upload {
        normals: pictures(&["2"]),
        ..picture("3")
    };
    let expected = Some(Expected(second.unwrap()));
    let third = bus.publish_uploaded(&dock, &kept, "jo", expected).await;
    assert_eq!(said(&last(&bus).await), ("3", Some("3"), vec!["2"]));

    let removed = UploadRemoved {
        id: "3".to_owned(),
        normals: pictures(&["2"]),
        ..UploadRemoved::default()
    };
    let expected = Expected(third.unwrap());
    let fourth = bus.publish_removed(&dock, &removed, "jo", expected).await;
    assert_eq!(said(&last(&bus).await), ("3", None, vec!["2"]));

    let removed = NormalRemoved {
        id: "2".to_owned(),
        ..NormalRemoved::default()
    };
    let expected = Expected(fourth.unwrap());
    let fifth = bus.publish_normal_removed(&dock, &removed, "jo", expected);
    fifth.await.unwrap();
    assert_eq!(said(&last(&bus).await), ("2", None, vec![]));
    let stored = bus.latest::<ReferenceChange>(&dock).await.unwrap().unwrap();
    assert_eq!(stored.by, "jo");
}

#[tokio::test]
async fn a_reference_holds_since_the_same_moment_whichever_event_is_the_last() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let dock = folder("dock");
    let stored = async || bus.latest::<ReferenceChange>(&dock).await.unwrap().unwrap();
    let uploaded = bus.publish_uploaded(&dock, &picture("1"), "", None).await;
    let since = stored().await.stored_at;
    assert_eq!(stored().await.reference_since(), since);

    let night = NormalAdded {
        reference_since: Some(proto::timestamp(since)),
        ..added("2", &["2"])
    };
    let expected = Expected(uploaded.unwrap());
    let added = bus.publish_normal_added(&dock, &night, "", expected).await;
    assert_ne!(stored().await.stored_at, since);
    assert_eq!(stored().await.reference_since(), since);

    let removed = NormalRemoved {
        reference_since: Some(proto::timestamp(since)),
        ..NormalRemoved::default()
    };
    let expected = Expected(added.unwrap());
    let published = bus.publish_normal_removed(&dock, &removed, "", expected);
    published.await.unwrap();
    assert_eq!(stored().await.reference_since(), since);
}

#[tokio::test]
async fn of_two_changes_from_the_same_state_one_is_refused() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let dock = folder("dock");
    let state = Expected(0);
    let one = added("1", &["1"]);
    bus.publish_normal_added(&dock, &one, "", state)
        .await
        .unwrap();

    let removed = NormalRemoved::default();
    let keeping = picture("2");
    for refused in [
        bus.publish_normal_added(&dock, &added("3", &["3"]), "", state)
            .await,
        bus.publish_normal_removed(&dock, &removed, "", state).await,
        bus.publish_uploaded(&dock, &keeping, "", Some(state)).await,
    ] {
        assert!(
            matches!(refused, Err(PublishError::Conflict)),
            "{refused:?}"
        );
    }
    assert_eq!(said(&last(&bus).await), ("1", Some("1"), vec!["1"]));

    // One that retires them all need not know them.
    bus.publish_uploaded(&dock, &picture("4"), "", None)
        .await
        .unwrap();
    assert_eq!(said(&last(&bus).await), ("4", Some("4"), vec![]));
}

#[tokio::test]
async fn each_change_is_restored_as_it_was() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    for change in [
        ReferenceChange::Uploaded(Upload {
            normals: pictures(&["2"]),
            ..picture("1")
        }),
        ReferenceChange::Removed(UploadRemoved {
            normals: pictures(&["2"]),
            ..UploadRemoved::default()
        }),
        ReferenceChange::NormalAdded(added("3", &["2", "3"])),
        ReferenceChange::NormalRemoved(NormalRemoved {
            normals: pictures(&["2"]),
            ..NormalRemoved::default()
        }),
    ] {
        let mut restoration = bus.begin_restoration("one").await.unwrap();
        restoration
            .reference(&folder("dock"), &change)
            .await
            .unwrap();
        restoration.finish().await.unwrap();
        assert_eq!(last(&bus).await, change);
    }
}

#[tokio::test]
async fn a_normal_picture_is_stored_apart_from_references_and_can_be_removed() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let key = PictureKey::new(&folder("dock"), "1");
    bus.normals()
        .put(&key, &picture("1"), b"night")
        .await
        .unwrap();
    assert_eq!(
        bus.normals().get(&key).await.unwrap().as_deref(),
        Some(&b"night"[..])
    );
    assert_eq!(bus.references().get(&key).await.unwrap(), None);
    let known = bus.all::<NormalChange>().await;
    assert_eq!(known[0].event.about, Some(picture("1")));

    bus.normals().delete(&key).await.unwrap();
    assert_eq!(bus.normals().get(&key).await.unwrap(), None);
}
