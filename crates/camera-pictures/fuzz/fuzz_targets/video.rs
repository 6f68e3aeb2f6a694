//! Any bytes that come for a key frame get an answer: a picture that is one, or why there is none, in bounded time and memory. The
//! first byte chooses the codec. The decoders may panic, which costs the service a picture; we may not.

#![no_main]

use std::{
    panic::{catch_unwind, set_hook},
    sync::Once,
};

use camera_pictures::video::{Codec, picture};
use fingerprint::{Encoded, Limits};
use libfuzzer_sys::fuzz_target;

/// Whose panics are let through.
const DECODERS: [&str; 2] = ["rust_h264-", "rusty_h265-"];

static LETS_DECODERS_PANIC: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    LETS_DECODERS_PANIC.call_once(|| {
        set_hook(Box::new(|panic| {
            let place = panic.location().map_or("", |place| place.file());
            if !DECODERS.iter().any(|decoder| place.contains(decoder)) {
                eprintln!("{panic}");
                std::process::abort();
            }
        }));
    });
    let Some((first, unit)) = bytes.split_first() else {
        return;
    };
    let codec = match first % 2 {
        0 => Codec::H264,
        _ => Codec::H265,
    };
    if let Ok(Ok(made)) = catch_unwind(|| picture(codec, unit, 640)) {
        let jpeg = Encoded::open(&made.bytes, Limits::default()).expect("it is a JPEG");
        let (width, height) = jpeg.size();
        assert!(width <= 640 && height >= 1);
        assert!(made.size.0 >= width);
        jpeg.decode().expect("it is a whole JPEG");
    }
});
