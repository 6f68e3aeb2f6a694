//! On drawn pictures: what is known of how they were made is what is found.

use crate::{
    Area, COARSE, Cover, Depth, Extent, FINE, HEIGHT, Ignored, Kind, Measures, Name, Network, Pair,
    Picture, WIDTH, in_place_of,
};

/// Grey levels of a scene of boxes at any place of a plane; each seed is another scene.
struct Scene {
    boxes: Vec<[f32; 6]>,
}

fn chance(seed: &mut u64) -> f32 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 40) as f32 / (1u64 << 24) as f32
}

impl Scene {
    fn new(mut seed: u64) -> Self {
        let mut draw = |_| {
            let mut between = |low: f32, high: f32| low + (high - low) * chance(&mut seed);
            let (x, y) = (between(-160.0, 320.0), between(-120.0, 240.0));
            [
                x,
                y,
                between(6.0, 40.0),
                between(6.0, 40.0),
                between(20.0, 235.0),
                between(0.0, 3.1),
            ]
        };
        Scene {
            boxes: (0..260).map(&mut draw).collect(),
        }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        let is_in = |it: &&[f32; 6]| {
            let (sin, cos) = it[5].sin_cos();
            let (right, down) = (x - it[0], y - it[1]);
            let (right, down) = (cos * right + sin * down, cos * down - sin * right);
            (0.0..it[2]).contains(&right) && (0.0..it[3]).contains(&down)
        };
        self.boxes
            .iter()
            .rev()
            .find(is_in)
            .map_or(128.0, |it| it[4])
    }

    /// As a camera sees it that was shifted by so many pixels, turned and zoomed in.
    fn seen(&self, (dx, dy): (f32, f32), degrees: f32, zoom: f32) -> Vec<u8> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let level = |at: usize| {
            // Four points a pixel, for edges to be soft.
            let parts = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
            let sum: f32 = parts
                .iter()
                .map(|(right, down)| {
                    let x = (at % WIDTH) as f32 + right - 80.0;
                    let y = (at / WIDTH) as f32 + down - 60.0;
                    let (x, y) = ((cos * x - sin * y) / zoom, (sin * x + cos * y) / zoom);
                    self.at(x + 80.0 - dx, y + 60.0 - dy)
                })
                .sum();
            (sum / 4.0) as u8
        };
        (0..WIDTH * HEIGHT).map(level).collect()
    }
}

/// What a network would say of pictures whose places are all so alike, and so plain.
struct Said {
    likeness: f32,
    plainness: (f32, f32),
    ignored: Option<(Vec<bool>, Vec<bool>, Vec<bool>)>,
    others: Vec<Vec<u8>>,
}

fn measured(reference: &[u8], frame: &[u8], said: &Said, depth: Depth) -> Measures {
    let plainness = |_: &[bool]| said.plainness;
    let bands = [vec![400.0; 70], vec![200.0; 70], vec![100.0; 70]];
    let smooth = [vec![200.0; 70], vec![4.0; 70], vec![1.0; 70]];
    let is_plain = said.plainness.1 > said.plainness.0;
    let picture = |luma, bands: &'static [Vec<f32>; 3]| -> Picture<'_> {
        let mean = mean(luma);
        let square = luma
            .iter()
            .map(|&it| (f32::from(it) - mean).powi(2))
            .sum::<f32>();
        Picture {
            luma,
            mean,
            contrast: (square / luma.len() as f32).sqrt(),
            bands: [&bands[0], &bands[1], &bands[2]],
        }
    };
    let bands: &'static _ = Box::leak(Box::new(bands));
    let smooth: &'static _ = Box::leak(Box::new(smooth));
    let others: Vec<&[u8]> = said.others.iter().map(Vec::as_slice).collect();
    let pair = Pair {
        reference: picture(reference, bands),
        frame: picture(frame, if is_plain { smooth } else { bands }),
        aspect: 1.0,
        lost_detail: 0.0,
        network: Network {
            fine: &[said.likeness; FINE.0 * FINE.1],
            coarse: &[said.likeness; COARSE.0 * COARSE.1],
            plainness: &plainness,
        },
        others: &others,
        ignored: said.ignored.as_ref().map(|(pixels, fine, coarse)| Ignored {
            pixels,
            fine,
            coarse,
        }),
    };
    Measures::of(&pair, depth)
}

fn mean(luma: &[u8]) -> f32 {
    luma.iter().map(|&it| f32::from(it)).sum::<f32>() / luma.len() as f32
}

const UNLIKE: Said = Said {
    likeness: 0.1,
    plainness: (0.1, 0.1),
    ignored: None,
    others: Vec::new(),
};

fn named(reference: &[u8], frame: &[u8]) -> Name {
    measured(reference, frame, &UNLIKE, Depth::Turns).name()
}

const STILL: (f32, f32) = (0.0, 0.0);

#[test]
fn a_shift_is_found_with_how_much_and_which_way() {
    for seed in 0..12 {
        let scene = Scene::new(seed);
        let mut more = seed + 77;
        let (dx, dy) = (
            160.0 * (chance(&mut more) - 0.5),
            60.0 * (chance(&mut more) - 0.5),
        );
        let (dx, dy) = (dx + 12.0 * dx.signum(), dy);
        let name = named(
            &scene.seen(STILL, 0.0, 1.0),
            &scene.seen((dx, dy), 0.0, 1.0),
        );
        let Kind::Moved(moved) = name.kind else {
            panic!("{seed}: {dx} {dy} is called {name:?}");
        };
        assert!(
            (moved.dx - dx / 160.0).abs() < 0.01,
            "{seed}: {dx} is {}",
            moved.dx
        );
        assert!(
            (moved.dy - dy / 120.0).abs() < 0.015,
            "{seed}: {dy} is {}",
            moved.dy
        );
        assert_eq!((moved.degrees, moved.zoom), (0.0, 1.0));
    }
}

#[test]
fn turns_and_zooms_are_found() {
    for (seed, degrees, zoom) in [
        (1, 10.0, 1.0),
        (2, -8.0, 1.0),
        (3, 0.0, 1.25),
        (4, 5.0, 0.85),
    ] {
        let scene = Scene::new(seed);
        let (reference, frame) = (
            scene.seen(STILL, 0.0, 1.0),
            scene.seen((14.0, -6.0), degrees, zoom),
        );
        let Kind::Moved(moved) = named(&reference, &frame).kind else {
            panic!("{degrees} {zoom}: {:?}", named(&reference, &frame));
        };
        assert!(
            (moved.degrees - degrees).abs() <= 2.5,
            "{degrees} is {}",
            moved.degrees
        );
        assert!(
            (moved.zoom / zoom).ln().abs() < 0.08,
            "{zoom} is {}",
            moved.zoom
        );
        // One that is likely is found at once, and without one only shifts are.
        let like = Depth::Like {
            degrees: moved.degrees,
            zoom: moved.zoom,
        };
        let again = measured(&reference, &frame, &UNLIKE, like);
        assert_eq!(again.name().kind, Kind::Moved(moved));
    }
}

#[test]
fn a_small_shift_is_told_by_tiles() {
    for seed in 0..8 {
        let scene = Scene::new(seed);
        let reference = scene.seen(STILL, 0.0, 1.0);
        assert!(!matches!(
            named(&reference, &reference).kind,
            Kind::Moved(_)
        ));
        for (dx, dy) in [
            (2.4, 0.0),
            (0.0, -2.6),
            (-3.2, 1.8),
            (4.0, 4.0),
            (-5.3, 0.5),
        ] {
            let name = named(&reference, &scene.seen((dx, dy), 0.0, 1.0));
            let Kind::Moved(moved) = name.kind else {
                panic!("{seed}: {dx} {dy} is called {name:?}");
            };
            let off = (moved.dx - dx / 160.0)
                .abs()
                .max((moved.dy - dy / 120.0).abs());
            assert!(off < 0.004, "{seed}: {dx} {dy} is {moved:?}");
        }
        // Less than is told of a shift.
        let name = named(&reference, &scene.seen((0.8, 0.6), 0.0, 1.0));
        assert!(!matches!(name.kind, Kind::Moved(_)), "{seed}: {name:?}");
    }
}

#[test]
fn what_lies_as_far_away_as_other_pictures_do_has_not_moved() {
    let scene = Scene::new(3);
    let seen = |dx: f32| scene.seen((dx, 0.0), 0.0, 1.0);
    let trembling = Said {
        others: vec![seen(-3.0), seen(3.0)],
        likeness: 0.8,
        ..UNLIKE
    };
    let called = |dx: f32| {
        measured(&seen(0.0), &seen(dx), &trembling, Depth::Turns)
            .name()
            .kind
    };
    for dx in [-3.5, -2.0, 2.0, 3.5] {
        assert!(
            matches!(called(dx), Kind::Changed(_)),
            "{dx}: {:?}",
            called(dx)
        );
    }
    for dx in [-6.0, 6.0] {
        assert!(
            matches!(called(dx), Kind::Moved(_)),
            "{dx}: {:?}",
            called(dx)
        );
    }
}

#[test]
fn a_thing_in_a_view_that_is_shifted_a_little_is_what_has_changed() {
    // Half of it shows another scene.
    let (scene, other) = (Scene::new(4), Scene::new(104));
    let (shifted, other) = (
        scene.seen((2.4, 0.0), 0.0, 1.0),
        other.seen(STILL, 0.0, 1.0),
    );
    let frame = |at: usize| {
        if at % WIDTH < WIDTH / 2 {
            other[at]
        } else {
            shifted[at]
        }
    };
    let frame: Vec<u8> = (0..WIDTH * HEIGHT).map(frame).collect();
    let name = named(&scene.seen(STILL, 0.0, 1.0), &frame);
    assert!(!matches!(name.kind, Kind::Moved(_)), "{name:?}");
}

#[test]
fn another_scene_is_different() {
    for seed in 0..20 {
        let (one, other) = (Scene::new(seed), Scene::new(seed + 100));
        let name = named(&one.seen(STILL, 0.0, 1.0), &other.seen(STILL, 0.0, 1.0));
        assert_eq!(name.kind, Kind::Different, "{seed}");
    }
}

#[test]
fn a_view_in_place_has_changed_where_it_is_unlike() {
    let scene = Scene::new(5);
    let reference = scene.seen(STILL, 0.0, 1.0);
    let mut fine = [0.9; FINE.0 * FINE.1];
    for y in 3..6 {
        fine[y * FINE.1 + 15..y * FINE.1 + 18].fill(0.0);
    }
    let areas = crate::place::changed(&fine);
    let [area] = areas[..] else {
        panic!("{areas:?}")
    };
    assert_eq!(
        (area.left, area.top, area.right, area.bottom),
        (0.75, 0.2, 0.9, 0.4)
    );
    let likely = Said {
        likeness: 0.8,
        ..UNLIKE
    };
    let name = measured(&reference, &reference, &likely, Depth::Turns).name();
    assert!(matches!(name.kind, Kind::Changed(_)), "{name:?}");
}

#[test]
fn what_is_plain_and_shows_nothing_of_the_view_is_covered_or_turned_away() {
    let reference = Scene::new(6).seen(STILL, 0.0, 1.0);
    let plain: Vec<u8> = (0..WIDTH * HEIGHT)
        .map(|at| 90 + (at % WIDTH / 6) as u8)
        .collect();
    let said = Said {
        likeness: 0.0,
        plainness: (0.1, 0.8),
        ..UNLIKE
    };
    let measures = measured(&reference, &plain, &said, Depth::Turns);
    assert_eq!(
        measures.name().kind,
        Kind::Covered(Extent::AllOrTurned),
        "{measures:?}"
    );
    // A reference that is as plain itself tells nothing.
    let said = Said {
        plainness: (0.8, 0.8),
        ..said
    };
    let measures = measured(&plain, &plain, &said, Depth::Turns);
    assert_eq!(measures.name_by(&Cover::FITTED).kind, Kind::Different);
}

#[test]
fn a_large_part_with_hardly_anything_to_see_is_covered() {
    let view = Scene::new(6).seen(STILL, 0.0, 1.0);
    let likely = Said {
        likeness: 0.8,
        ..UNLIKE
    };
    let mut measures = measured(&view, &view, &likely, Depth::Turns);
    let area = Area {
        left: 0.0,
        top: 0.0,
        right: 0.4,
        bottom: 1.0,
    };
    measures.areas = vec![area];
    measures.unlike = 0.4;
    (measures.reference.plainness, measures.frame.plainness) = (0.04, 0.12);
    (measures.reference.edges, measures.frame.edges) = (0.4, 0.05);
    let covered = Kind::Covered(Extent::Part(vec![area]));
    assert_eq!(measures.name().kind, covered);

    let changed = |change: fn(&mut Measures)| {
        let mut measures = measures.clone();
        change(&mut measures);
        matches!(measures.name().kind, Kind::Changed(_))
    };
    assert!(
        changed(|it| it.frame.edges = 0.15),
        "things were taken away"
    );
    assert!(changed(|it| it.frame.plainness = 0.06), "it is not plain");
    assert!(changed(|it| it.unlike = 0.2), "it is a small part");
}

#[test]
fn hardly_any_light_is_dark() {
    let scene = Scene::new(7).seen(STILL, 0.0, 1.0);
    let dark: Vec<u8> = scene.iter().map(|it| it / 12).collect();
    assert_eq!(named(&scene, &dark).kind, Kind::Dark);
}

#[test]
fn any_pictures_give_a_name_and_a_score() {
    let noise = |mut seed: u64| -> Vec<u8> {
        (0..WIDTH * HEIGHT)
            .map(|_| (chance(&mut seed) * 255.0) as u8)
            .collect()
    };
    let pictures = [
        vec![0; WIDTH * HEIGHT],
        vec![255; WIDTH * HEIGHT],
        noise(1),
        noise(2),
    ];
    for reference in &pictures {
        for frame in &pictures {
            let name = named(reference, frame);
            assert!((0.5..=1.0).contains(&name.score), "{name:?}");
        }
    }
}

#[test]
fn the_view_of_another_is_told_from_ones_own_and_from_any() {
    let [own, other, any] = [1, 2, 3].map(|seed| Scene::new(seed).seen(STILL, 0.0, 1.0));
    let others = || [any.as_slice(), other.as_slice()];
    let found = |frame: &[u8]| {
        let measures = measured(&own, frame, &UNLIKE, Depth::Turns);
        in_place_of(&measures, frame, others())
    };
    // Half as bright.
    let frame: Vec<u8> = other.iter().map(|level| level / 2).collect();
    let elsewhere = found(&frame).unwrap();
    assert_eq!(elsewhere.at, 1);
    assert!(elsewhere.score > 0.9, "{elsewhere:?}");

    let unknown = Scene::new(4).seen(STILL, 0.0, 1.0);
    let turned = Scene::new(1).seen((40.0, 10.0), 0.0, 1.0);
    for frame in [&own, &unknown, &turned] {
        assert_eq!(found(frame), None);
    }
}

#[test]
fn a_view_that_two_cameras_share_is_nobody_elses() {
    let shared = Scene::new(1).seen(STILL, 0.0, 1.0);
    let frame: Vec<u8> = shared.iter().map(|level| 255 - level / 2).collect();
    let measures = measured(&shared, &frame, &UNLIKE, Depth::Turns);
    assert_eq!(in_place_of(&measures, &frame, [shared.as_slice()]), None);
}
