//! Regions in their own detail across all services: what is too small for the whole view is told, by the region's name; what is
//! lost costs no verdict; and on drawn scenes small things are seen and copies are not.

use std::{io::Cursor, time::Duration};

use async_nats::jetstream;
use cctv_sim::{
    incident::Staged,
    scene::{DrawnCamera, Scene},
};
use comparison::{Baseline, BaselinePicture, Needs, compare};
use fingerprint::Limits;
use futures::StreamExt as _;
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use looks::{ModelConfig, Viewer};
use proto::{
    EffectiveRule, Measure,
    v1::{Alert, Comparison, Kind, Phase, Point, Verdict, WatchedRegion},
};
use serde_json::json;
use test_support::eventually;
use tests::{Stack, skip, watched_by_view};
use time::{OffsetDateTime, macros::datetime};

/// A region of 5 % of the width, as shares of the picture: left, top, right, bottom.
const REGION: [f64; 4] = [0.475, 0.42, 0.525, 0.51];
/// A thing in it, of 1.5 % of the width.
const THING: [f64; 4] = [0.49, 0.45, 0.505, 0.477];

fn open(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).unwrap().into_rgb8()
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    picture.write_with_encoder(encoder).unwrap();
    bytes.into_inner()
}

/// The picture with a plain thing, darker or brighter than what is behind it.
fn with_a_thing(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let at = |share: f64, of: u32| (share * f64::from(of)).round() as u32;
    let (left, right) = (at(THING[0], width), at(THING[2], width));
    let (top, bottom) = (at(THING[1], height), at(THING[3], height));
    let behind = picture
        .get_pixel(left.midpoint(right), top.midpoint(bottom))
        .0[1];
    let colour = match behind > 128 {
        true => [20, 30, 60],
        false => [230, 200, 120],
    };
    let mut drawn = picture.clone();
    for y in top..bottom {
        for x in left..right {
            drawn.put_pixel(x, y, Rgb(colour));
        }
    }
    drawn
}

/// The corners of the region.
fn corners() -> [(f64, f64); 4] {
    let [left, top, right, bottom] = REGION;
    [(left, top), (right, top), (right, bottom), (left, bottom)]
}

async fn set(stack: &Stack, own_detail: bool) {
    let polygon: Vec<_> = corners()
        .iter()
        .map(|(x, y)| json!({"x": x, "y": y}))
        .collect();
    let region = json!({"name": "lock", "polygon": polygon, "ownDetail": own_detail});
    let rule = json!({"measure": "view", "regions": [region]});
    stack.set_rule("folder1", &rule.to_string()).await;
}

async fn last_alert(stack: &Stack) -> Alert {
    let bus = stack.bus().await;
    let latest = bus.latest::<Alert>(&"folder1".parse().unwrap()).await;
    latest.unwrap().unwrap().event
}

/// Waits until the newest frame has this verdict.
async fn verdict(stack: &Stack, verdict: Verdict) {
    let bus = stack.bus().await;
    let folder = "folder1".parse().unwrap();
    eventually(&format!("the frame is judged {verdict:?}"), async || {
        let frame = bus.last_frame(&folder).await.unwrap()?;
        let latest = bus.latest::<Comparison>(&folder).await.unwrap()?.event;
        let at = latest.frame.as_ref()?.stored_at.as_ref()?;
        let is_newest = proto::from_timestamp(at) == Some(frame.stored_at);
        (is_newest && latest.verdict() == verdict).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_small_for_the_view_is_told_by_the_region_that_has_its_own_detail() {
    let Some((stack, dock, _)) = watched_by_view().await else {
        return;
    };
    let clear = jpeg(&open(&dock), 80);
    let frame = jpeg(&with_a_thing(&open(&dock)), 80);
    set(&stack, false).await;
    stack.publish("folder1", frame).await;
    verdict(&stack, Verdict::Match).await;

    // The latest frame is judged again at once.
    set(&stack, true).await;
    let alert = stack.firing("folder1").await;
    assert_eq!(alert.findings[0].kind(), Kind::Changed, "{alert:?}");
    assert_eq!(alert.findings[0].regions[0].name, "lock", "{alert:?}");
    assert!(alert.message.contains("has changed at lock"), "{alert:?}");
    assert!(alert.similarity.unwrap() < alert.threshold, "{alert:?}");

    stack.publish("folder1", clear).await;
    stack.quiet("folder1").await;
    let resolved = last_alert(&stack).await;
    assert_eq!(
        (resolved.phase(), &resolved.id),
        (Phase::Resolved, &alert.id)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_detail_outlives_the_picture_and_where_both_are_lost_it_is_a_region_without() {
    let Some((mut stack, dock, _)) = watched_by_view().await else {
        return;
    };
    let clear = jpeg(&open(&dock), 80);
    let frame = jpeg(&with_a_thing(&open(&dock)), 80);
    set(&stack, true).await;
    stack.publish("folder1", clear.clone()).await;
    verdict(&stack, Verdict::Match).await;
    let jetstream = jetstream::new(async_nats::connect(stack.nats.url()).await.unwrap());
    let features = jetstream.get_stream("KV_features").await.unwrap();
    let details = eventually("the look and its detail are stored", async || {
        let features = features.clone();
        let subjects = features.info_with_subjects("$KV.features.>").await.ok()?;
        let subjects: Vec<String> = subjects.map(|it| it.unwrap().0).collect().await;
        (subjects.len() == 2).then_some(subjects)
    })
    .await;
    stack.stop_comparators().await;
    let references = jetstream.get_stream("OBJ_references").await.unwrap();
    references.purge().await.unwrap();

    stack.start_comparator().await;
    stack.publish("folder1", frame.clone()).await;
    stack.firing("folder1").await;
    stack.publish("folder1", clear).await;
    stack.quiet("folder1").await;

    stack.stop_comparators().await;
    let detail = details.iter().find(|it| !it.ends_with("_phash-3")).unwrap();
    features.purge().filter(detail).await.unwrap();
    stack.start_comparator().await;
    stack.publish("folder1", frame).await;
    // As without its own detail: the thing is too small.
    verdict(&stack, Verdict::Match).await;
}

/// A drawn scene, and a rule with the region in its own detail.
struct Watched {
    reference: RgbImage,
    viewer: Viewer,
    baseline: Baseline,
    rule: EffectiveRule,
}

const CLOCK: OffsetDateTime = datetime!(2026-03-02 08:15:00 UTC);

impl Watched {
    /// `None` where the network's weights are not installed.
    fn new(scene: Scene) -> Option<Self> {
        let model = ModelConfig::default().load().unwrap()?;
        let size = "1280x720".parse().unwrap();
        let mut camera = DrawnCamera::new(scene, size, 1, "camera");
        let reference = camera.render(Duration::ZERO, CLOCK, &Staged::default());
        let region = WatchedRegion {
            name: "lock".to_owned(),
            polygon: corners().map(|(x, y)| Point { x, y }).to_vec(),
            threshold: None,
            own_detail: true,
        };
        let rule = EffectiveRule {
            measure: Measure::View,
            regions: vec![region].into(),
            ..EffectiveRule::of(None, None)
        };
        let mut viewer = Viewer::new(Limits::default(), Some(model));
        let look = viewer.look(&jpeg(&reference, 90), Needs::of(&rule));
        let picture = BaselinePicture {
            id: String::new(),
            name: String::new(),
            look: look.unwrap(),
        };
        Some(Watched {
            reference,
            viewer,
            baseline: Baseline::new(picture, Vec::new()),
            rule,
        })
    }

    /// The verdict without the region's own detail and with it, and how similar the frame is with it.
    fn verdicts(&mut self, frame: &RgbImage, quality: u8) -> (Verdict, Verdict, f64) {
        let look = self
            .viewer
            .look(&jpeg(frame, quality), Needs::of(&self.rule))
            .unwrap();
        let without = EffectiveRule {
            regions: Vec::new().into(),
            ..self.rule.clone()
        };
        let without = compare(&self.baseline, &look, &without).unwrap();
        let with = compare(&self.baseline, &look, &self.rule).unwrap();
        (without.verdict, with.verdict, with.similarity)
    }
}

#[test]
fn on_drawn_scenes_small_things_are_seen_and_copies_are_not() {
    if ModelConfig::default().file().is_none() {
        return skip(
            "the network's weights are not installed: scripts/get-tools.sh model gets them",
        );
    }
    let mut seen = Vec::new();
    for scene in Scene::ALL {
        let mut watched = Watched::new(scene).unwrap();
        let reference = watched.reference.clone();
        let small = watched.verdicts(&with_a_thing(&reference), 80);
        assert_eq!(small.0, Verdict::Match, "{scene:?}: {small:?}");
        seen.push((small.1 == Verdict::Mismatch, scene, small.2));
        for (what, copy, quality) in [
            ("encoded anew", reference.clone(), 50),
            (
                "brighter",
                with_levels(&reference, |_, level| level * 1.15 + 8.0),
                80,
            ),
            (
                "darker",
                with_levels(&reference, |_, level| level * 0.85),
                80,
            ),
            (
                "noisy",
                with_levels(&reference, |at, level| level + grain(at)),
                80,
            ),
        ] {
            let same = watched.verdicts(&copy, quality);
            assert_eq!(same.1, Verdict::Match, "{scene:?}, {what}: {same:?}");
        }
    }
    let count = seen.iter().filter(|it| it.0).count();
    // The other three lie closely above the threshold: 0.901 to 0.917.
    assert!(count >= 3, "{seen:?}");
}

/// The picture with other levels; each is known by its number.
fn with_levels(picture: &RgbImage, level: impl Fn(usize, f32) -> f32) -> RgbImage {
    let mut other = picture.clone();
    for (at, value) in other.iter_mut().enumerate() {
        *value = level(at, f32::from(*value)).clamp(0.0, 255.0) as u8;
    }
    other
}

/// Noise of up to 8 levels, the same for the same number.
fn grain(at: usize) -> f32 {
    let mixed = (at as u32).wrapping_mul(0x9E37_79B9);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85EB_CA6B);
    ((mixed >> 16) % 17) as f32 - 8.0
}
