//! The demo as its cameras draw it, judged by the measure `view`: an alert for all that is staged, and for nothing else.

use std::{
    io::Cursor,
    thread,
    time::{Duration, Instant},
};

use cctv_sim::{
    CameraSpec,
    incident::{Kind, Staged},
    scene::{DrawnCamera, Scene},
    size::Size,
    spec::SourceSpec,
};
use comparison::{Baseline, BaselinePicture, compare};
use fingerprint::Limits;
use image::codecs::jpeg::JpegEncoder;
use looks::{ModelConfig, Viewer};
use proto::{
    EffectiveRule, Measure,
    v1::{Rule, Verdict},
};
use tests::skip;
use time::{OffsetDateTime, macros::datetime};

const CLOCK: OffsetDateTime = datetime!(2026-03-02 08:15:00 UTC);

/// A camera of the demo and what a comparator has of it.
struct Watched {
    drawn: DrawnCamera,
    viewer: Viewer,
    baseline: Baseline,
    rule: EffectiveRule,
}

impl Watched {
    /// `None` where the network's weights are not installed.
    fn new(camera: &CameraSpec, seed: u64) -> Option<Self> {
        let model = ModelConfig::default().load().unwrap()?;
        let SourceSpec::Drawn { scene, .. } = camera.source else {
            panic!("the demo's cameras draw");
        };
        let mut viewer = Viewer::new(Limits::default(), Some(model));
        let size: Size = SIZE.parse().unwrap();
        let picture = cctv_sim::reference(&CameraSpec {
            source: SourceSpec::Drawn { scene, seed },
            size: Some(size),
            ..camera.clone()
        });
        let reference = BaselinePicture {
            id: String::new(),
            name: String::new(),
            look: viewer.look(&picture.unwrap(), Measure::View).unwrap(),
        };
        let rule = Rule {
            measure: Some(Measure::VIEW.to_owned()),
            ..Rule::default()
        };
        Some(Watched {
            drawn: DrawnCamera::new(scene, size, seed, &camera.name),
            viewer,
            baseline: Baseline::new(reference, Vec::new()),
            rule: EffectiveRule::of(Some(rule), None),
        })
    }

    fn verdict(&mut self, elapsed: Duration, staged: &Staged) -> (Verdict, f64) {
        let picture = self.drawn.render(elapsed, CLOCK + elapsed, staged);
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 85);
        encoder.encode_image(&picture).unwrap();
        let look = self.viewer.look(bytes.get_ref(), Measure::View).unwrap();
        let compared = compare(&self.baseline, &look, &self.rule).unwrap();
        (compared.verdict, compared.similarity)
    }

    /// From when to when frames did not match, in seconds, where that was longer than the demo holds alerts back.
    fn alerts(&mut self, camera: &CameraSpec, minutes: u64) -> Vec<(f64, f64)> {
        let mut alerts: Vec<(f64, f64)> = Vec::new();
        let mut since = None;
        for number in 0..minutes * 60 * RATE {
            let elapsed = Duration::from_millis(number * 1000 / RATE);
            let staged = Staged::at(&camera.incidents, elapsed);
            let (verdict, _) = self.verdict(elapsed, &staged);
            let now = elapsed.as_secs_f64();
            match verdict {
                Verdict::Mismatch => {
                    let begun = *since.get_or_insert(now);
                    match alerts.last_mut() {
                        Some(last) if last.0 == begun => last.1 = now,
                        _ if now - begun >= HOLD => alerts.push((begun, now)),
                        _ => {}
                    }
                }
                _ => since = None,
            }
        }
        alerts
    }
}

/// Frames a second: one of the demo's two is enough to tell.
const RATE: u64 = 1;

/// How long the demo holds alerts back, in seconds.
const HOLD: f64 = 3.0;

/// A quarter of the demo's pixels: the network sees 320×240 of either.
const SIZE: &str = "640x360";

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

/// `FRAMEWATCH_DEMO_MINUTES` and `FRAMEWATCH_DEMO_SEEDS` say how much of it.
#[test]
#[expect(clippy::print_stderr, reason = "says how far it is")]
fn the_demo_alerts_for_what_is_staged_and_for_nothing_else() {
    let (minutes, seeds) = (
        number("FRAMEWATCH_DEMO_MINUTES", 2),
        number("FRAMEWATCH_DEMO_SEEDS", 1),
    );
    if ModelConfig::default().file().is_none() {
        return skip(
            "the network's weights are not installed: scripts/get-tools.sh model gets them",
        );
    }
    for seed in 1..=seeds {
        let begun = Instant::now();
        thread::scope(|threads| {
            for camera in cctv_sim::demo_cameras() {
                threads.spawn(move || alerts_as_staged(&camera, seed, minutes));
            }
        });
        let took = begun.elapsed().as_secs();
        eprintln!("demo: {minutes} min of six cameras by seed {seed} are right; took {took} s");
    }
}

fn alerts_as_staged(camera: &CameraSpec, seed: u64, minutes: u64) {
    let alerts = Watched::new(camera, seed).unwrap().alerts(camera, minutes);
    assert_eq!(
        alerts.len(),
        staged(camera, minutes),
        "seed {seed}, {}: {alerts:?}",
        camera.folder
    );
    for (begun, _) in alerts {
        let staged = Staged::at(&camera.incidents, Duration::from_secs_f64(begun));
        assert!(
            is_seen(&staged),
            "seed {seed}, {} at {begun} s",
            camera.folder
        );
    }
}

/// Whether something is staged that changes the view. A camera that sends nothing, or the same, has alerts of its own.
fn is_seen(staged: &Staged) -> bool {
    let mut kinds = Kind::ALL.into_iter();
    kinds.any(|kind| !matches!(kind, Kind::Silent | Kind::Frozen) && staged.has(kind))
}

/// How often something is staged for longer than alerts are held back.
fn staged(camera: &CameraSpec, minutes: u64) -> usize {
    let is_staged = |seconds| is_seen(&Staged::at(&camera.incidents, Duration::from_secs(seconds)));
    let seconds: Vec<bool> = (0..minutes * 60).map(is_staged).collect();
    let runs = seconds.chunk_by(|a, b| a == b);
    runs.filter(|run| run[0] && run.len() as f64 > HOLD).count()
}

#[test]
fn a_camera_out_of_focus_is_a_mismatch_in_every_scene() {
    for scene in Scene::ALL {
        let camera = cctv_sim::demo_cameras();
        let camera = camera
            .iter()
            .find(|it| it.name.starts_with(&scene.to_string()));
        let Some(mut watched) = Watched::new(camera.unwrap(), 1) else {
            return skip(
                "the network's weights are not installed: scripts/get-tools.sh model gets them",
            );
        };
        for seconds in [1, 20, 45, 100, 333] {
            let elapsed = Duration::from_secs(seconds);
            let found = watched.verdict(elapsed, &Staged::only(Kind::Defocused));
            assert_eq!(
                found.0,
                Verdict::Mismatch,
                "{scene} after {seconds} s: {}",
                found.1
            );
        }
    }
}
