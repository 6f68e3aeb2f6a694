//! One folder's evidence leaves room for that of others, and none of its alerts is lost.

use alerting::EvidenceLimits;
use event_bus::{Exhibit, ExhibitKey};
use proto::v1::{Alert, Phase};
use test_support::eventually;

use crate::site::{PICTURE_BYTES, Site};

const LIMITS: EvidenceLimits = EvidenceLimits {
    max_bytes: 1_000_000,
    folder_max_bytes: 3 * PICTURE_BYTES,
    alerts_per_hour: 1000,
};

/// The view stops looking like its reference with each odd second, and looks like it with each even one. The alerts that fired.
async fn flap(site: &Site, times: i64) -> Vec<Alert> {
    let mut fired = Vec::new();
    for turn in 0..times {
        site.see(&site.comparison(2 * turn + 1, 0.5)).await;
        let alert = site.last().await;
        assert_eq!(alert.phase(), Phase::Firing);
        eventually("its pictures are kept", async || {
            (!site.evidence.is_behind()).then_some(())
        })
        .await;
        fired.push(alert);
        site.see(&site.comparison(2 * turn + 2, 1.0)).await;
        assert_eq!(site.last().await.phase(), Phase::Resolved);
    }
    fired
}

async fn have_pictures(site: &Site, alerts: &[Alert]) -> Vec<bool> {
    let mut there = Vec::new();
    for alert in alerts {
        let key = ExhibitKey::new(&alert.id, Exhibit::Frame);
        there.push(site.bus.evidence().has(&key).await.unwrap());
    }
    there
}

#[tokio::test]
async fn a_folder_that_flaps_takes_its_share_and_no_more() {
    let mut site = Site::with_evidence(LIMITS).await;
    site.folder = "quiet".parse().unwrap();
    let quiet = flap(&site, 1).await;
    site.folder = "flapping".parse().unwrap();
    let flapping = flap(&site, 6).await;
    assert_eq!(
        have_pictures(&site, &flapping).await,
        [false, false, false, true, true, true]
    );
    assert_eq!(have_pictures(&site, &quiet).await, [true]);
}

#[tokio::test]
async fn where_all_is_full_the_folder_goes_short_that_has_most() {
    let mut site = Site::with_evidence(EvidenceLimits {
        // Room for four, with what is said of them and of those that are gone.
        max_bytes: 4 * PICTURE_BYTES + PICTURE_BYTES / 2,
        folder_max_bytes: 1_000_000,
        ..LIMITS
    })
    .await;
    site.folder = "quiet".parse().unwrap();
    let quiet = flap(&site, 1).await;
    site.folder = "flapping".parse().unwrap();
    let flapping = flap(&site, 8).await;
    let there = have_pictures(&site, &flapping).await;
    assert!(!there[0] && there[7], "{there:?}");
    assert_eq!(have_pictures(&site, &quiet).await, [true]);
}

#[tokio::test]
async fn of_a_storm_every_alert_goes_out_and_says_that_pictures_are_not_kept_of_all() {
    let site = Site::with_evidence(EvidenceLimits {
        alerts_per_hour: 2,
        folder_max_bytes: 1_000_000,
        ..LIMITS
    })
    .await;
    let alerts = flap(&site, 4).await;
    assert_eq!(
        have_pictures(&site, &alerts).await,
        [true, true, false, false]
    );
    for alert in &alerts[2..] {
        let missing = &alert.evidence_missing;
        assert!(
            missing.contains("come more often") && missing.contains("2 an hour"),
            "{missing}"
        );
    }
}
