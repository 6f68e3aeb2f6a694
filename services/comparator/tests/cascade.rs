//! How many frames of drawn cameras show nothing new at a glance: with a sensor's noise, a clock in the picture, light that
//! changes, and people who pass.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing helper fails its test, and figures go to its output"
)]

use std::{io::Cursor, time::Duration};

use cctv_sim::scene::{DrawnCamera, Scene};
use comparison::{
    Baseline, BaselinePicture,
    carry::{Glance, Grounds, Memory, Said},
};
use fingerprint::Limits;
use image::{RgbImage, codecs::jpeg::JpegEncoder};
use looks::{Look, Viewer};
use proto::{
    EffectiveRule, Measure, timestamp,
    v1::{Comparison, Frame, Verdict},
};
use time::{OffsetDateTime, macros::datetime};

/// At one a second.
const FRAMES: u64 = 150;
const CLOCK: OffsetDateTime = datetime!(2026-03-02 08:15:00 UTC);

fn seen(viewer: &mut Viewer, picture: &RgbImage) -> (Look, Glance) {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 85);
    picture.write_with_encoder(encoder).unwrap();
    let bytes = bytes.into_inner();
    let look = viewer.without_network(&bytes, Measure::View).unwrap();
    let glance = viewer.glance(&look, &bytes);
    (look, glance)
}

/// A frame that matches well.
fn said(at: OffsetDateTime) -> Option<Said> {
    Said::of(&Comparison {
        frame: Some(Frame {
            stored_at: Some(timestamp(at)),
            ..Frame::default()
        }),
        similarity: Some(0.99),
        threshold: 0.9,
        verdict: Verdict::Match.into(),
        ..Comparison::default()
    })
}

fn grounds(reference: Look) -> Grounds {
    let reference = BaselinePicture {
        id: "reference".to_owned(),
        name: "reference.jpg".to_owned(),
        look: reference,
    };
    let rule = EffectiveRule::of(None, None);
    Grounds::of(&Baseline::new(reference, Vec::new()), &rule)
}

/// How many frames of a scene are carried on.
fn carried(scene: Scene) -> u64 {
    let size = "640x360".parse().unwrap();
    let mut camera = DrawnCamera::new(scene, size, 1, "drawn");
    let mut viewer = Viewer::new(Limits::default(), None);
    let (reference, _) = seen(&mut viewer, &camera.reference(CLOCK));
    let grounds = grounds(reference);
    let (mut memory, mut carried) = (Memory::default(), 0);
    for number in 0..FRAMES {
        let elapsed = Duration::from_secs(number);
        let at = CLOCK + elapsed;
        let picture = camera.render(elapsed, at, &Default::default());
        let (_, glance) = seen(&mut viewer, &picture);
        if memory.carries(&glance, at, &grounds).is_some() {
            memory.carried(&glance);
            carried += 1;
        } else {
            memory.judged(glance, at, grounds, said(at));
        }
    }
    carried
}

#[test]
fn of_drawn_cameras_with_a_clock_frames_are_carried_on() {
    let mut all = 0;
    for scene in Scene::ALL {
        let carried = carried(scene);
        println!("{scene}: {carried} of {FRAMES} frames");
        all += carried;
    }
    let frames = FRAMES * Scene::ALL.len() as u64;
    println!("together {all} of {frames}");
    assert!(5 * all > frames, "{all} of {frames}");
}
