use looks::ModelConfig;

use crate::{Stack, skip};

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
