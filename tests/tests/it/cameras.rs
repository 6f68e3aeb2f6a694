//! `framewatch-cctv-sim` in front of the whole pipeline.

use cctv_sim::CameraSpec;
use proto::v1::Phase;
use service_runtime::{Context, CpuPool, Readiness};
use tempfile::TempDir;
use test_support::eventually;
use tests::{Stack, View, picture};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Runs cameras until the guard is dropped.
pub(crate) async fn run_cameras(stack: &Stack, specs: &[&str]) -> DropGuard {
    let cameras: Vec<CameraSpec> = specs.iter().map(|spec| spec.parse().unwrap()).collect();
    let shutdown = CancellationToken::new();
    let context = Context {
        shutdown: shutdown.clone(),
        readiness: Readiness::default(),
        cpu: CpuPool::default(),
        ops_address: ([127, 0, 0, 1], 0).into(),
    };
    let bus = stack.bus().await;
    tokio::spawn(async move { cctv_sim::run(cameras, bus, context).await.unwrap() });
    shutdown.drop_guard()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawn_camera_that_is_covered_raises_an_alert_which_resolves() {
    let stack = Stack::start().await;
    let spec = "folder1=drawn:dock,size=320x180,rate=10,incident=covered@2s+3s";
    let camera: CameraSpec = spec.parse().unwrap();
    let reference = tokio::task::spawn_blocking(move || cctv_sim::reference(&camera))
        .await
        .unwrap();
    stack
        .upload("folder1", "dock.jpg", reference.unwrap().to_vec())
        .await;

    let _cameras = run_cameras(&stack, &[spec]).await;
    stack.firing("folder1").await;
    stack.quiet("folder1").await;
    assert_eq!(stack.phases().await, [Phase::Firing, Phase::Resolved]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_put_into_a_watched_folder_is_a_frame() {
    let stack = Stack::watching("folder3").await;
    let folder = TempDir::new().unwrap();
    let spec = format!("folder3=pictures:{},watch", folder.path().display());
    let _cameras = run_cameras(&stack, &[&spec]).await;

    std::fs::write(folder.path().join("a.jpg"), picture(View::Wall, 0)).unwrap();
    stack.firing("folder3").await;
    std::fs::write(folder.path().join("a.jpg"), picture(View::Dock, 7)).unwrap();
    stack.quiet("folder3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_a_camera() {
    if std::process::Command::new("ffmpeg")
        .arg("-version")
        .output()
        .is_err()
    {
        return tests::skip("ffmpeg is not on PATH");
    }
    let stack = Stack::start().await;
    let folder = TempDir::new().unwrap();
    let clip = folder.path().join("clip.mp4");
    let made = std::process::Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=320x240:rate=10:duration=3",
        ])
        .arg(&clip)
        .status()
        .unwrap();
    assert!(made.success());
    stack.watch("folder1").await;
    let spec = format!("folder1=video:{},rate=10", clip.display());
    let _cameras = run_cameras(&stack, &[&spec]).await;
    stack.firing("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cameras_go_on_after_the_broker_was_away() {
    let mut stack = Stack::start().await;
    let _cameras = run_cameras(&stack, &["folder1=drawn:shelf,size=320x180,rate=10"]).await;
    let frame_time = async |stack: &Stack| {
        stack.get("/api/v1/folders/folder1").await["frame"]["storedAt"]
            .as_str()
            .map(str::to_owned)
    };
    eventually("a first frame", async || frame_time(&stack).await).await;
    let bus = stack.bus().await;
    stack.nats.kill();
    eventually("the connection is lost", async || {
        (!bus.is_connected()).then_some(())
    })
    .await;
    stack.nats.start_again();
    let last = eventually("the service answers", async || frame_time(&stack).await).await;
    eventually("a newer frame", async || {
        frame_time(&stack).await.filter(|at| *at > last)
    })
    .await;
}
