//! A key frame → a JPEG. Pure: what is decoded is given as one access unit in Annex B, with its parameter sets.
//!
//! The bytes are a stranger's. What a picture may cost is decided before anything is decoded: bytes, slices, and the size that
//! the parameter sets say. Decoders may still panic; whoever calls this keeps that from costing more than a picture.

pub mod nal;
mod planes;
mod unit;

use bytes::Bytes;
use jpeg_encoder::{Encoder, SamplingFactor};

use crate::picture::{Luma, Picture};
use planes::Planes;
use unit::Unit;

/// The quality of pictures of video, as JPEG has it: fine enough that a comparison by hash is the same.
const QUALITY: u8 = 80;

/// How video is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// H.264.
    H264,
    /// H.265.
    H265,
}

/// Why a key frame gives no picture.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// It is larger than what is decoded.
    #[error(
        "a picture of {width}×{height} pixels is larger than what is decoded, {} in all",
        unit::MAX_PIXELS
    )]
    TooLarge {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// It has more bytes or parts than a picture may have.
    #[error("a key frame of {bytes} bytes in {parts} parts is more than what is decoded")]
    TooMuch {
        /// All of them.
        bytes: usize,
        /// NAL units.
        parts: usize,
    },
    /// Nothing says how large it is.
    #[error("a key frame came without the parameters that say how to decode it")]
    NoParameters,
    /// The decoder gave up.
    #[error("a key frame cannot be decoded: {0}")]
    Undecodable(String),
    /// The picture cannot be encoded.
    #[error("the picture cannot be encoded: {0}")]
    Jpeg(#[from] jpeg_encoder::EncodingError),
}

/// Decodes a key frame; the JPEG is no wider than `max_width`.
///
/// # Errors
/// When it is too large, damaged, or of a kind that is not decoded.
pub fn picture(codec: Codec, unit: &[u8], max_width: u16) -> Result<Picture, VideoError> {
    let unit = Unit::check(codec, unit)?;
    let planes = match codec {
        Codec::H264 => h264(&unit)?,
        Codec::H265 => h265(&unit)?,
    };
    let luma = Luma::of(planes.luma(), planes.width());
    let size = planes.size();
    let scaled = planes.no_wider_than(max_width, unit.is_full_range);
    let mut jpeg = Vec::with_capacity(scaled.luma().len() / 6);
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode_image(scaled)?;
    Ok(Picture {
        bytes: Bytes::from(jpeg),
        content_type: "image/jpeg",
        size,
        luma: Some(luma),
    })
}

fn h264(unit: &Unit<'_>) -> Result<Planes, VideoError> {
    let wrong = |error: rust_h264::error::DecodeError| VideoError::Undecodable(error.to_string());
    let mut decoder = rust_h264::decoder::Decoder::new();
    let mut frame = None;
    for nal in rust_h264::nal::parse_annex_b(unit.bytes) {
        if let Some(decoded) = decoder.decode_nal(&nal).map_err(wrong)? {
            frame.get_or_insert(decoded);
        }
    }
    let frame = frame.or_else(|| decoder.flush());
    let frame = frame.ok_or_else(|| VideoError::Undecodable("it holds no picture".to_owned()))?;
    Planes::of_h264(frame)
}

fn h265(unit: &Unit<'_>) -> Result<Planes, VideoError> {
    let wrong = |error: rusty_h265::Error| VideoError::Undecodable(error.to_string());
    let mut decoder = rusty_h265::Decoder::new();
    decoder.push_annexb(unit.bytes, None).map_err(wrong)?;
    decoder.flush();
    let frame = decoder.next_frame().map_err(wrong)?;
    Planes::of_h265(&frame.picture)
}

#[cfg(test)]
mod tests;
