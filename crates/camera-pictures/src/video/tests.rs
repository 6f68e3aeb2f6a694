//! Key frames of streams that ffmpeg makes, and damaged ones: what they become, and what they may cost.

use std::{path::Path, process::Command, time::Instant};

use tempfile::TempDir;

use super::*;

/// Four seconds of a moving test picture with noise, by ffmpeg.
fn stream(arguments: &[&str], name: &str) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(name);
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i"])
        .arg("testsrc2=size=640x360:rate=10,noise=alls=8:allf=t")
        .args(["-t", "4", "-pix_fmt", "yuv420p"])
        .args(arguments)
        .arg(&file)
        .status()
        .expect("ffmpeg is there: scripts/get-tools.sh ffmpeg gets it");
    assert!(made.success());
    std::fs::read(Path::new(&file)).unwrap()
}

fn h264() -> Vec<u8> {
    stream(
        &[
            "-c:v", "libx264", "-preset", "veryfast", "-g", "10", "-bf", "2",
        ],
        "a.h264",
    )
}

fn open_h265() -> Vec<u8> {
    let open = "keyint=10:min-keyint=10:open-gop=1:bframes=3:log-level=error";
    stream(
        &[
            "-c:v",
            "libx265",
            "-preset",
            "ultrafast",
            "-x265-params",
            open,
        ],
        "a.h265",
    )
}

/// The key frames of a stream, each with the parameter sets that came before it.
fn key_frames(codec: Codec, stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut sets, mut frames): (Vec<&[u8]>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    let put = |unit: &[u8], frame: &mut Vec<u8>| {
        frame.extend([0, 0, 0, 1]);
        frame.extend(unit);
    };
    let mut is_open = false;
    for unit in nal::units(stream) {
        let is_first = unit[if codec == Codec::H264 { 1 } else { 2 }] & 0x80 != 0;
        match nal::kind(codec, unit) {
            nal::Kind::KeySlice if is_first => {
                let mut frame = Vec::new();
                sets.iter().for_each(|set| put(set, &mut frame));
                put(unit, &mut frame);
                frames.push(frame);
                is_open = true;
            }
            nal::Kind::KeySlice if is_open => put(unit, frames.last_mut().unwrap()),
            nal::Kind::Slice => is_open = false,
            nal::Kind::KeySlice => {}
            nal::Kind::Sps | nal::Kind::Other => {
                let id = |unit: &[u8]| match codec {
                    Codec::H264 => unit[0] & 0x1F,
                    Codec::H265 => unit[0] >> 1,
                };
                let is_set = match codec {
                    Codec::H264 => matches!(id(unit), 7 | 8),
                    Codec::H265 => matches!(id(unit), 32..=34),
                };
                if is_set {
                    sets.retain(|set| id(set) != id(unit));
                    sets.push(unit);
                }
            }
        }
    }
    frames
}

#[test]
fn key_frames_become_pictures() {
    for (codec, stream) in [(Codec::H264, h264()), (Codec::H265, open_h265())] {
        let frames = key_frames(codec, &stream);
        assert!(frames.len() >= 4, "{codec:?}: {}", frames.len());
        for frame in &frames {
            assert!(nal::is_key_frame(codec, frame));
            let whole = picture(codec, frame, 1280).unwrap();
            assert_eq!(whole.size, (640, 360));
            let half = picture(codec, frame, 320).unwrap();
            let decoded = image::load_from_memory(&half.bytes).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (320, 180));
            // The picture is that of ffmpeg's own decoder, but for coding: colours are those of the test picture.
            let tone = image::load_from_memory(&whole.bytes).unwrap().into_rgb8();
            let mean = |channel: usize| {
                let sum: u64 = tone.pixels().map(|pixel| u64::from(pixel.0[channel])).sum();
                sum / u64::from(tone.width() * tone.height())
            };
            let means = [mean(0), mean(1), mean(2)];
            assert!(
                means.iter().all(|mean| (80..180).contains(mean)),
                "{means:?}"
            );
        }
    }
}

#[test]
fn a_size_that_would_take_all_memory_is_refused_before_it_is_decoded() {
    // An SPS of Baseline: 1024 × 1024 macroblocks are 16384 × 16384 pixels.
    let mut bits = String::new();
    let ue = |value: u32| {
        let length = 32 - (value + 1).leading_zeros();
        format!("{}{:b}", "0".repeat(length as usize - 1), value + 1)
    };
    bits += &format!("{:08b}{:08b}{:08b}", 66, 0xC0, 40);
    for value in [0, 0, 2, 1] {
        bits += &ue(value);
    }
    bits += "0";
    bits += &ue(1023);
    bits += &ue(1023);
    bits += "11001";
    while !bits.len().is_multiple_of(8) {
        bits += "0";
    }
    let bytes = bits.as_bytes().chunks(8);
    let bytes =
        bytes.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
    let mut unit = vec![0, 0, 0, 1, 0x67];
    unit.extend(bytes);
    unit.extend([0, 0, 0, 1, 0x65, 0x88, 0x80]);
    let error = picture(Codec::H264, &unit, 1280).unwrap_err();
    assert!(
        matches!(
            error,
            VideoError::TooLarge {
                width: 16384,
                height: 16384
            }
        ),
        "{error}"
    );
    assert!(matches!(
        picture(Codec::H264, &[0, 0, 1, 0x65, 1], 1280),
        Err(VideoError::NoParameters)
    ));
}

/// Whatever is done to a key frame, it costs an error and little time.
#[test]
fn damaged_key_frames_cost_an_error_and_no_time() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for (codec, stream) in [(Codec::H264, h264()), (Codec::H265, open_h265())] {
        let frames = key_frames(codec, &stream);
        for _ in 0..60 {
            let mut frame = frames[random(frames.len())].clone();
            for _ in 0..=random(6) {
                let at = random(frame.len());
                match random(3) {
                    0 => frame[at] ^= 1 << random(8),
                    1 => frame[random(60)] = u8::try_from(random(256)).unwrap(),
                    _ => frame.truncate(64.max(at)),
                }
            }
            let began = Instant::now();
            drop(std::panic::catch_unwind(|| {
                picture(codec, &frame, 640).is_ok()
            }));
            assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
        }
    }
}
