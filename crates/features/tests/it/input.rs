//! Pictures of any size become the network's input.

use features::{Error, Input};

/// A picture whose every pixel is made from its place.
fn picture(width: usize, height: usize, level: impl Fn(usize, usize, usize) -> u8) -> Input {
    let pixels: Vec<u8> = (0..3 * width * height)
        .map(|index| level(index / 3 % width, index / 3 / width, index % 3))
        .collect();
    Input::from_rgb(&pixels, width, height).expect("the bytes are as many as pixels need")
}

fn at(input: &Input, x: usize, y: usize) -> [u8; 3] {
    let start = 3 * (y * Input::WIDTH + x);
    input.bytes()[start..]
        .first_chunk()
        .copied()
        .expect("the place is inside")
}

#[test]
fn a_picture_of_the_right_size_stays_as_it_is() {
    let level = |x: usize, y: usize, color: usize| (x * 7 + y * 13 + color * 101) as u8;
    let input = picture(320, 240, level);
    assert_eq!(
        at(&input, 17, 200),
        [0, 1, 2].map(|color| level(17, 200, color))
    );
}

#[test]
fn a_larger_picture_becomes_the_means_of_areas() {
    let input = picture(960, 720, |x, y, color| {
        ((x % 3) * 30 + (y % 3) * 3 + color) as u8
    });
    assert!(
        input
            .bytes()
            .chunks_exact(3)
            .all(|pixel| pixel == [33, 34, 35])
    );
}

#[test]
fn areas_may_begin_within_pixels() {
    // 1.5 pixels each: all of an even one and half of the odd one behind it, then the other half and all of the next.
    let input = picture(480, 240, |x, _, _| if x % 3 == 1 { 90 } else { 0 });
    assert_eq!(at(&input, 0, 0), [30; 3]);
    assert_eq!(at(&input, 1, 0), [30; 3]);
    let input = picture(480, 240, |x, _, _| if x % 3 == 0 { 90 } else { 0 });
    assert_eq!(at(&input, 0, 0), [60; 3]);
    assert_eq!(at(&input, 1, 0), [0; 3]);
}

#[test]
fn a_smaller_picture_is_linear_between_centres() {
    let input = picture(160, 120, |x, y, _| (x + y) as u8);
    assert_eq!(at(&input, 0, 0), [0; 3]);
    assert_eq!(
        at(&input, 319, 239),
        [159 + 119, 278, 278].map(|level| level as u8)
    );
    // Three quarters of pixel 10 and one of pixel 11 in each direction: 20.5, and a half is rounded up.
    assert_eq!(at(&input, 21, 21), [21; 3]);
}

/// Recorded from OpenCV 5.0.0, `INTER_AREA` and `INTER_LINEAR`, by `cv2.resize` of the same picture.
#[test]
fn the_bytes_are_those_of_the_study_give_or_take_a_level() {
    for (width, height, expected) in OPENCV {
        let input = picture(width, height, |x, y, color| {
            ((x * x / 7 + y * (3 + color) + x * y / 50) % 256) as u8
        });
        for (index, expected) in expected.into_iter().enumerate() {
            let found = at(&input, 13 + 41 * index, 7 + 31 * index);
            for (found, expected) in found.into_iter().zip(expected) {
                let message = format!("{width}×{height}, place {index}");
                assert!(
                    found.abs_diff(expected) <= 1,
                    "{message}: {found}, not {expected}"
                );
            }
        }
    }
}

const OPENCV: [(usize, usize, [[u8; 3]; 7]); 7] = [
    (
        1920,
        1080,
        [
            [78, 88, 121],
            [136, 128, 121],
            [134, 114, 123],
            [137, 77, 102],
            [127, 135, 124],
            [132, 133, 124],
            [129, 136, 125],
        ],
    ),
    (
        1280,
        720,
        [
            [178, 93, 30],
            [115, 123, 132],
            [90, 127, 122],
            [104, 149, 130],
            [136, 103, 134],
            [57, 32, 92],
            [144, 105, 131],
        ],
    ),
    (
        704,
        576,
        [
            [184, 201, 219],
            [226, 62, 154],
            [50, 193, 126],
            [112, 136, 129],
            [113, 172, 91],
            [123, 140, 134],
            [71, 140, 130],
        ],
    ),
    (
        480,
        270,
        [
            [82, 89, 97],
            [118, 161, 204],
            [34, 111, 189],
            [106, 171, 75],
            [130, 192, 83],
            [150, 77, 174],
            [112, 139, 120],
        ],
    ),
    (
        320,
        180,
        [
            [40, 45, 50],
            [19, 48, 76],
            [5, 57, 108],
            [255, 74, 149],
            [251, 93, 191],
            [172, 122, 244],
            [14, 158, 47],
        ],
    ),
    (
        240,
        135,
        [
            [24, 28, 31],
            [56, 78, 99],
            [124, 163, 202],
            [228, 28, 84],
            [111, 185, 98],
            [30, 120, 211],
            [208, 92, 190],
        ],
    ),
    (
        160,
        120,
        [
            [15, 18, 22],
            [168, 187, 205],
            [197, 231, 9],
            [104, 154, 203],
            [143, 208, 17],
            [58, 139, 220],
            [107, 203, 44],
        ],
    ),
];

#[test]
fn bytes_that_are_no_picture_are_refused() {
    for (len, width, height) in [
        (0, 0, 0),
        (0, 320, 0),
        (5, 1, 2),
        (7, 1, 2),
        (6, usize::MAX, 2),
    ] {
        let error = Input::from_rgb(&vec![0; len], width, height).unwrap_err();
        assert!(
            matches!(error, Error::Pixels { bytes, .. } if bytes == len),
            "{error}"
        );
    }
}
