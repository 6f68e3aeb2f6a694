//! The decision on pictures that the network has seen, drawn as the demo's cameras see them, in the light of each hour.

use std::io::{Cursor, Write as _};

use comparison::{Baseline, BaselinePicture, compare};
use fingerprint::Limits;
use image::{ImageFormat, Rgb, RgbImage};
use looks::{ModelConfig, Viewer};
use proto::{EffectiveRule, Measure, v1::Comparison};
use time::{OffsetDateTime, ext::NumericalDuration};

use super::site::{Site, begin};

/// The light of a day: from a night with lamps to noon. The reference is of the third.
const LIGHTS: [f32; 4] = [0.6, 0.8, 1.0, 1.2];

/// What is compared of each light.
struct View {
    empty: Vec<Kept>,
    with_a_bag: Vec<Kept>,
}

/// What is said of one picture, but for the frame.
struct Kept {
    comparison: Comparison,
    brightness: f32,
}

/// `None` where the network's weights are not installed.
fn view(camera: usize) -> Option<View> {
    let model = ModelConfig::default().load().unwrap();
    if model.is_none() {
        let mut err = std::io::stderr();
        writeln!(
            err,
            "skipped: scripts/get-tools.sh model gets the network's weights"
        )
        .unwrap();
        return None;
    }
    let mut viewer = Viewer::new(Limits::default(), model);
    let reference = cctv_sim::reference(&cctv_sim::demo_cameras()[camera]).unwrap();
    let picture = image::load_from_memory(&reference).unwrap().to_rgb8();
    let look = viewer.look(&reference, Measure::View).unwrap();
    let first = BaselinePicture {
        id: "reference".to_owned(),
        name: String::new(),
        look,
    };
    let baseline = Baseline::new(first, Vec::new());
    let bagged = with_a_bag(&picture);
    let mut kept = |picture: &RgbImage| {
        let lights = LIGHTS.into_iter();
        lights
            .map(|light| see(&mut viewer, &baseline, &lit(picture, light)))
            .collect()
    };
    Some(View {
        empty: kept(&picture),
        with_a_bag: kept(&bagged),
    })
}

fn see(viewer: &mut Viewer, baseline: &Baseline, picture: &RgbImage) -> Kept {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    let look = viewer.look(bytes.get_ref(), Measure::View).unwrap();
    let rule = EffectiveRule {
        measure: Measure::View,
        ..EffectiveRule::of(None, None)
    };
    let compared = compare(baseline, &look, &rule).unwrap();
    Kept {
        brightness: look.fingerprint.quality.brightness,
        comparison: Comparison {
            verdict: compared.verdict.into(),
            similarity: Some(compared.similarity),
            findings: compared.findings,
            patches: compared.patches.into(),
            ..Comparison::default()
        },
    }
}

fn lit(picture: &RgbImage, light: f32) -> RgbImage {
    let mut lit = picture.clone();
    for pixel in lit.pixels_mut() {
        pixel.0 = pixel.0.map(|level| (f32::from(level) * light) as u8);
    }
    lit
}

/// A bag with a handle on the floor, a twelfth of the picture wide.
fn with_a_bag(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (across, down) = (width / 12, width / 15);
    let mut bagged = picture.clone();
    for (x, y) in (0..across).flat_map(|x| (0..down).map(move |y| (x, y))) {
        let is_above = y < down / 4;
        let is_handle = x > across / 3 && x < across * 2 / 3;
        if !is_above || is_handle {
            let shade = 40 + u8::try_from(x * 60 / across).unwrap();
            let leather = Rgb([shade + 60, shade / 2, shade / 3]);
            bagged.put_pixel(width * 9 / 20 + x, height * 3 / 5 + y, leather);
        }
    }
    bagged
}

/// The light at this time: night at 0, noon at 12.
fn light_at(at: OffsetDateTime) -> usize {
    let from_midnight = (i32::from(at.hour()) - 12).abs();
    match from_midnight {
        0..=2 => 3,
        3..=5 => 2,
        6..=8 => 1,
        _ => 0,
    }
}

/// A frame a minute for these days; the bag lies there while it is said to.
fn pass(view: &View, days: i64, has_bag: impl Fn(OffsetDateTime) -> bool) -> Site {
    let mut site = Site::new();
    let brightness = view.empty[2].brightness;
    site.accepted[0].brightness = brightness;
    while site.now < begin() + days.days() {
        let lights = match has_bag(site.now) {
            true => &view.with_a_bag,
            false => &view.empty,
        };
        let kept = &lights[light_at(site.now)];
        let comparison = Comparison {
            verdict: kept.comparison.verdict,
            similarity: kept.comparison.similarity,
            findings: kept.comparison.findings.clone(),
            patches: kept.comparison.patches.clone(),
            ..site.compared()
        };
        site.see_compared(&comparison, kept.brightness);
        site.now += 1.minutes();
    }
    site
}

#[test]
fn the_light_of_the_hours_is_proposed_and_a_bag_that_lies_there_for_two_days_never_is() {
    for camera in [0, 1, 4] {
        let Some(view) = view(camera) else { return };
        let site = pass(&view, 2, |_| false);
        let brightness = site.proposals.iter().map(|it| it.brightness as u8);
        assert!(site.proposals.len() >= 2, "{camera}");
        assert!(
            brightness.min() < Some(80),
            "{camera}: of the night as well"
        );

        let site = pass(&view, 2, |_| true);
        assert!(site.proposals.is_empty(), "{camera}");

        // It is brought after a day, lies there for two, and is fetched.
        let brought = begin() + 1.days();
        let fetched = begin() + 3.days();
        let lies = move |at: OffsetDateTime| at >= brought && at < fetched;
        let site = pass(&view, 5, lies);
        assert!(!site.proposals.is_empty());
        for at in site.proposed_at() {
            assert!(!lies(at), "{camera}: {at}");
        }
    }
}
