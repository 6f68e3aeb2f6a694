//! Cameras that write pictures into a folder, and what ffmpeg makes pictures of.

use std::{fs, path::Path, time::Duration};

use event_bus::{Folder, FrameArrival};
use proto::v1::SourceState;
use tempfile::TempDir;
use test_support::eventually;
use tokio::time::sleep;

use crate::{http_camera::jpeg, site::Site};

const SOON: Duration = Duration::from_secs(20);

fn folder_section(dir: &Path) -> String {
    format!(
        "[camera.gate]\nsource = \"folder:{}\"\nevery = \"100ms\"\n",
        dir.display()
    )
}

/// The picture of the folder's last frame.
async fn last_picture(site: &Site) -> Option<Vec<u8>> {
    let folder: Folder = "gate".parse().unwrap();
    let last = site.bus.latest::<FrameArrival>(&folder).await.unwrap();
    last.map(|stored| stored.event.picture.to_vec())
}

async fn comes(site: &Site, picture: &[u8]) {
    eventually("the picture comes", async || {
        let last = last_picture(site).await;
        (last.as_deref() == Some(picture)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_camera_writes_into_folders_of_days_is_published_once_it_is_whole() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("old.jpg"), jpeg(32)).unwrap();
    let site = Site::start(&folder_section(dir.path())).await;
    comes(&site, &jpeg(32)).await;

    let day = dir.path().join("2026-11-30/10");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join("103000.jpg"), jpeg(64)).unwrap();
    comes(&site, &jpeg(64)).await;
    site.stands("gate", SourceState::Online, SOON).await;

    // It grows for a while, and is no picture before it has ended.
    let whole = jpeg(96);
    let before = site.last_frame("gate").await;
    for part in 1..=5 {
        fs::write(day.join("103002.jpg"), &whole[..whole.len() * part / 6]).unwrap();
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(site.last_frame("gate").await, before);
    fs::write(day.join("103002.jpg"), &whole).unwrap();
    comes(&site, &whole).await;
    assert_eq!(site.last_frame("gate").await, before + 1);

    // What a server of FTP replaces under the same name is another picture.
    fs::write(day.join("103002.jpg"), jpeg(128)).unwrap();
    comes(&site, &jpeg(128)).await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_or_holds_no_pictures_is_said_and_waited_for() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("gate");
    let site = Site::start(&folder_section(&dir)).await;
    let missing = site.stands("gate", SourceState::Silent, SOON).await;
    assert!(
        missing.reason.contains("cannot be read"),
        "{}",
        missing.reason
    );

    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("1.jpg"), jpeg(64)).unwrap();
    site.stands("gate", SourceState::Online, SOON).await;

    for number in 2..5 {
        fs::write(dir.join(format!("{number}.jpg")), "<html>no</html>").unwrap();
        sleep(Duration::from_millis(1000)).await;
    }
    let wrong = site.stands("gate", SourceState::Silent, SOON).await;
    assert!(wrong.reason.contains("no pictures"), "{}", wrong.reason);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_reads_what_nothing_else_does() {
    let site = Site::start(
        "[camera.gate]\n\
         source = \"ffmpeg:-re -f lavfi -i testsrc=size=320x240:rate=10\"\n\
         every = \"200ms\"\nmax-width = 160\n",
    )
    .await;
    let source = site.stands("gate", SourceState::Online, SOON).await;
    assert_eq!((source.width, source.height), (160, 120));
    eventually("frames come", async || {
        (site.last_frame("gate").await >= 5).then_some(())
    })
    .await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_ffmpeg_fails_its_own_words_say_why_but_not_the_address() {
    let site =
        Site::start("[camera.gate]\nsource = \"ffmpeg:http://127.0.0.1:1/x?password=s3cret\"\n")
            .await;
    let source = site.stands("gate", SourceState::Silent, SOON).await;
    assert!(source.reason.contains("ffmpeg ended"), "{}", source.reason);
    assert!(!source.reason.contains("s3cret"), "{}", source.reason);
    site.end().await;
}
