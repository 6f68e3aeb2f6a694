//! Drawn scenes that the network can tell apart.

use std::time::Duration;

use cctv_sim::scene::{DrawnCamera, Scene};
use looks::ModelConfig;
use time::{OffsetDateTime, macros::datetime};

use crate::{Stack, View, picture::jpeg, skip};

const CLOCK: OffsetDateTime = datetime!(2026-03-02 08:15:00 UTC);

/// A drawn scene of 640×360 as JPEG, a scene for each view, that the network can tell apart; `seed` changes its clock.
pub fn scene(view: View, seed: u32) -> Vec<u8> {
    let scene = match view {
        View::Dock => Scene::Dock,
        View::Wall => Scene::Shelf,
        View::Yard => Scene::Carpark,
        View::Blank => return crate::picture(view, seed),
    };
    let size = "640x360".parse().expect("a size");
    let mut camera = DrawnCamera::new(scene, size, 1, "oracle");
    let picture = camera.reference(CLOCK + Duration::from_secs(seed.into()));
    jpeg(picture.into())
}

/// A loading dock, and a shelf: drawn as the demo's cameras see them. To the network, pictures of blocks are all alike.
fn scenes() -> [Vec<u8>; 2] {
    let cameras = cctv_sim::demo_cameras();
    [0, 1].map(|number| {
        let picture = cctv_sim::reference(&cameras[number]);
        picture.expect("the demo's scenes can be drawn").into()
    })
}

/// All services, with `folder1` compared by `view`: a picture of its reference, a loading dock, and one of a shelf. `None`
/// where the network's weights are not installed.
pub async fn watched_by_view() -> Option<(Stack, Vec<u8>, Vec<u8>)> {
    if ModelConfig::default().file().is_none() {
        skip("the network's weights are not installed: scripts/get-tools.sh model gets them");
        return None;
    }
    let [dock, shelf] = scenes();
    let stack = Stack::start().await;
    stack.set_rule("folder1", r#"{"measure": "view"}"#).await;
    stack.upload("folder1", "dock.jpg", dock.clone()).await;
    Some((stack, dock, shelf))
}
