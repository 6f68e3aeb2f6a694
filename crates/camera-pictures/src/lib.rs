//! What cameras send → pictures: key frames of video decoded and made JPEGs ([`video`]), streams of pictures taken apart ([`parts`]).
//! Pure, no I/O. All bytes are a stranger's, so each of these bounds what they cost; they have a fuzz target in `fuzz`.
//!
//! Where the bytes come from, and what becomes of a picture, is left to the camera service.

pub mod parts;
mod picture;
pub mod video;

pub use picture::{Luma, NoPicture, Picture};
