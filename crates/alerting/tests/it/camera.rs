//! The alerts of a camera beside those of its view.

use alerting::{
    Settled,
    episode::{CameraCondition, CameraSeen},
};
use event_bus::{AlertSubject, FrameArrival, FrameHeaders};
use proto::{
    timestamp,
    v1::{Alert, Finding, Frame, Kind, Phase, ResolvedBy, Subject},
};

use crate::site::Site;

fn silent() -> CameraCondition {
    CameraCondition::Wrong(vec![Finding {
        kind: Kind::Silent.into(),
        score: 1.0,
        ..Finding::default()
    }])
}

#[tokio::test]
async fn the_view_and_the_camera_have_episodes_of_their_own() {
    let site = Site::new().await;
    let seen = |condition| CameraSeen {
        condition,
        frame: None,
        at: site.clock.now(),
    };
    let camera = AlertSubject::camera(&site.folder);
    let after = async |condition| {
        let seen = seen(condition);
        let transitions = site.transitions();
        let settled = transitions.after_camera(&site.folder, &site.set, &seen, None);
        settled.await.unwrap()
    };

    site.see(&site.comparison(1, 0.5)).await;
    assert_eq!(after(silent()).await, Settled::Changed);
    assert_eq!(after(silent()).await, Settled::Unchanged);
    let (view, of_camera) = (site.last().await, site.last_of(&camera).await);
    assert_eq!(view.phase(), Phase::Firing);
    assert_eq!(of_camera.phase(), Phase::Firing);
    assert_ne!(view.id, of_camera.id);
    assert_eq!(of_camera.message, "The camera of dock sends no frames");

    site.see(&site.comparison(2, 1.0)).await;
    assert_eq!(site.last().await.phase(), Phase::Resolved);
    assert_eq!(site.last_of(&camera).await.phase(), Phase::Firing);

    assert_eq!(
        after(CameraCondition::Over(ResolvedBy::Camera)).await,
        Settled::Changed
    );
    let ended = site.last_of(&camera).await;
    assert_eq!(ended.id, of_camera.id);
    assert_eq!(ended.resolved_by(), ResolvedBy::Camera);

    let alerts = site.bus.all::<Alert>().await;
    let subjects: Vec<Subject> = alerts.iter().map(|stored| stored.key.subject).collect();
    assert_eq!(
        subjects,
        [
            Subject::View,
            Subject::Camera,
            Subject::View,
            Subject::Camera
        ]
    );
}

#[tokio::test]
async fn a_camera_that_sent_since_it_was_looked_at_is_not_silent() {
    let site = Site::new().await;
    let headers = FrameHeaders {
        camera: "cam-1".to_owned(),
        captured_at: site.clock.now(),
    };
    let mut stored_at = Vec::new();
    for _ in 0..2 {
        let published = site
            .bus
            .publish_frame(&site.folder, &headers, None, "picture".into());
        published.await.unwrap();
        let last = site.bus.latest::<FrameArrival>(&site.folder).await.unwrap();
        stored_at.push(last.unwrap().stored_at);
    }
    let (before, last) = (stored_at[0], stored_at[1]);
    for (known, expected) in [(before, Settled::Overtaken), (last, Settled::Changed)] {
        let seen = CameraSeen {
            condition: silent(),
            frame: Some(Frame {
                stored_at: Some(timestamp(known)),
                ..Frame::default()
            }),
            at: site.clock.now(),
        };
        let transitions = site.transitions();
        let settled = transitions.after_camera(&site.folder, &site.set, &seen, None);
        assert_eq!(settled.await.unwrap(), expected);
    }
}
