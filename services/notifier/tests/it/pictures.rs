//! A picture goes along where there is one; without it, the text goes all the same.

use std::io::Cursor;

use event_bus::{Exhibit, ExhibitKey};
use image::{DynamicImage, ImageFormat};
use proto::v1::Alert;
use test_support::Hook;

use crate::site::{Site, to};

fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(64, 48);
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// Keeps this as the frame behind the alert that is to fire of this folder's view.
async fn keep(site: &Site, folder: &str, bytes: &[u8]) {
    let key = ExhibitKey::new(format!("{folder}-view-1"), Exhibit::Frame);
    site.bus.evidence().put(&key, &(), bytes).await.unwrap();
}

/// The message that tells of it, and whether it has a picture.
async fn told_with_picture(site: &Site, hook: &Hook, alert: &Alert) -> bool {
    site.notice_where(alert, |notice| notice.told_at.is_some())
        .await;
    let came = hook.came();
    let mut of_it = came.iter().filter(|it| it.alerts() == [alert.id.clone()]);
    let message = of_it.next().unwrap();
    assert!(!message.body["text"].as_str().unwrap().is_empty());
    assert_eq!(of_it.count(), 0);
    !message.body["picture"].is_null()
}

#[tokio::test]
async fn a_picture_that_is_missing_too_large_or_none_keeps_no_text_back() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let settings = "group-wait = \"0s\"\ngroup-by = \"folder\"";
    let routes = to(&hook.url(), settings).replace("[[route]]", "picture = true\n[[route]]");
    let running = site.start(&routes).await;

    keep(&site, "shown", &picture()).await;
    // A picture may be followed by anything; of more than 8 MB none is made.
    let too_large = [picture(), vec![0; 8 * 1024 * 1024]].concat();
    keep(&site, "large", &too_large).await;
    keep(&site, "none", b"<html>busy</html>").await;
    for (folder, is_shown) in [
        ("shown", true),
        ("large", false),
        ("none", false),
        ("missing", false),
    ] {
        let alert = site.fire_view(folder).await;
        let has_picture = told_with_picture(&site, &hook, &alert).await;
        assert_eq!(has_picture, is_shown, "{folder}");
    }
    running.stop().await;
}
