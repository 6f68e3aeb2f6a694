//! What an access unit would cost, read before it is decoded.

use super::{
    Codec, VideoError,
    nal::{self, Kind},
};

/// The most pixels of a picture. 8K video has 33 million; cameras have 16 at most.
pub(super) const MAX_PIXELS: u64 = 16_777_216;

/// As large as a frame may be as JPEG; key frames are smaller.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A slice a row of the largest picture, and what comes beside them.
const MAX_PARTS: usize = 600;

/// The standard's own limit.
const MAX_REFERENCES: u32 = 16;

/// An access unit that may be decoded.
#[derive(Debug)]
pub(crate) struct Unit<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether black is 0 and white 255; otherwise they are 16 and 235.
    pub(super) is_full_range: bool,
}

impl<'a> Unit<'a> {
    pub(crate) fn check(codec: Codec, bytes: &'a [u8]) -> Result<Self, VideoError> {
        let parts = nal::units(bytes).take(MAX_PARTS + 1).count();
        if bytes.len() > MAX_BYTES || parts > MAX_PARTS {
            let bytes = bytes.len();
            return Err(VideoError::TooMuch { bytes, parts });
        }
        let mut is_full_range = None;
        for unit in nal::units(bytes).filter(|unit| nal::kind(codec, unit) == Kind::Sps) {
            is_full_range = Some(match codec {
                Codec::H264 => check_h264(unit)?,
                Codec::H265 => check_h265(unit)?,
            });
        }
        let is_full_range = is_full_range.ok_or(VideoError::NoParameters)?;
        Ok(Unit {
            bytes,
            is_full_range,
        })
    }
}

fn check_h264(sps: &[u8]) -> Result<bool, VideoError> {
    let start_and_sps = [&[0, 0, 1], sps].concat();
    let wrong = |error: &dyn std::fmt::Display| VideoError::Undecodable(error.to_string());
    let parsed = rust_h264::nal::parse_annex_b(&start_and_sps);
    let parsed = parsed.first().ok_or(VideoError::NoParameters)?;
    let info = rust_h264::nal::parse_sps_info(parsed).map_err(|error| wrong(&error))?;
    check_size(info.coded_width, info.coded_height)?;
    if info.reference_frames > MAX_REFERENCES {
        return Err(wrong(
            &"it refers to more pictures than the standard allows",
        ));
    }
    Ok(info.full_range)
}

fn check_h265(sps: &[u8]) -> Result<bool, VideoError> {
    let payload = sps.get(2..).ok_or(VideoError::NoParameters)?;
    let payload = rusty_h265::nal::unescape(payload);
    let parsed = rusty_h265::ps::parse_sps(&payload.data)
        .map_err(|error| VideoError::Undecodable(error.to_string()))?;
    check_size(parsed.width, parsed.height)?;
    Ok(parsed.vui.is_some_and(|vui| vui.video_full_range_flag))
}

fn check_size(width: u32, height: u32) -> Result<(), VideoError> {
    let pixels = u64::from(width) * u64::from(height);
    let is_possible = width <= u32::from(u16::MAX) && height <= u32::from(u16::MAX);
    match is_possible && (1..=MAX_PIXELS).contains(&pixels) {
        true => Ok(()),
        false => Err(VideoError::TooLarge { width, height }),
    }
}
