use alerting::{
    Settled,
    episode::{CameraCondition, CameraSeen},
};
use event_bus::AlertSubject;
use proto::v1::{Alert, Finding, Kind, Phase, ResolvedBy, Subject};

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
