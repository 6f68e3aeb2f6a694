//! Real pictures, where the variable `FRAMEWATCH_CORPUS` names a folder of them (`manifest.csv`, `video/manifest.csv`).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use tests::Stack;

use crate::cameras::run_cameras;

/// Conditions that a view must not have, at the old threshold already.
const GROSS: [&str; 3] = ["covered", "moved", "other-scene"];

struct Scene {
    folder: String,
    pictures: PathBuf,
    reference: PathBuf,
}

/// The scenes of the manifest in which a camera was covered or moved, or shows another scene.
fn scenes(corpus: &Path) -> Vec<Scene> {
    let manifest = fs::read_to_string(corpus.join("manifest.csv")).unwrap();
    let mut references = BTreeMap::new();
    let mut gross = BTreeMap::new();
    for row in manifest.lines().skip(1) {
        let mut cells = row.split(',');
        let (Some(path), Some(set), Some(scene), Some(role)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let pictures = Path::new(path).parent().unwrap().to_owned();
        if role == "reference" {
            references.insert(
                pictures,
                (format!("{set}-{scene}").to_lowercase(), PathBuf::from(path)),
            );
        } else if row.split(',').any(|cell| GROSS.contains(&cell)) {
            gross.insert(pictures, ());
        }
    }
    references
        .into_iter()
        .filter(|(pictures, _)| gross.contains_key(pictures))
        .map(|(pictures, (folder, reference))| Scene {
            folder,
            pictures: corpus.join(pictures),
            reference: corpus.join(reference),
        })
        .collect()
}

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("FRAMEWATCH_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        tests::skip("FRAMEWATCH_CORPUS is not set");
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_covered_and_other_views_raise_alerts() {
    let Some(corpus) = corpus() else { return };
    let stack = Stack::start().await;
    let scenes = scenes(&corpus);
    assert!(scenes.len() >= 5, "the manifest has scenes");
    let mut specs = Vec::new();
    for scene in &scenes {
        stack.make_folder(&scene.folder).await;
        let reference = fs::read(&scene.reference).unwrap();
        stack
            .upload(&scene.folder, "reference.jpg", reference)
            .await;
        specs.push(format!(
            "{}=pictures:{},rate=3",
            scene.folder,
            scene.pictures.display()
        ));
    }
    let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
    let _cameras = run_cameras(&stack, &specs).await;
    for scene in &scenes {
        stack.firing(&scene.folder).await;
        stack.quiet(&scene.folder).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_of_a_camera_that_is_turned_raises_an_alert() {
    let Some(corpus) = corpus() else { return };
    let stack = Stack::start().await;
    let reference = corpus.join("tamper/moto-displacement/reference_f00000.jpg");
    stack
        .upload("folder1", "moto.jpg", fs::read(reference).unwrap())
        .await;
    let clip = corpus.join("video/moto-displacement.mp4");
    let _cameras = run_cameras(
        &stack,
        &[&format!("folder1=video:{},rate=5", clip.display())],
    )
    .await;
    stack
        .similarity_where("folder1", |similarity| similarity >= 0.9)
        .await;
    stack.firing("folder1").await;
}
