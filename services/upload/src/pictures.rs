//! Pictures, whatever they are for: taken from requests, checked, made small, and sent.
//!
//! - `receiving`: taking them from a request; `metered` bounds what its parser keeps, `places` how many send at a time.
//! - `inspection`: whether bytes are a picture.
//! - `names`: their names and ids.
//! - `thumbnails`: small forms of them.
//! - `decoding`: their turn on the process's pool.
//! - `sending`: pictures as answers.

pub(crate) mod decoding;
pub(crate) mod inspection;
mod metered;
pub(crate) mod names;
pub(crate) mod places;
pub(crate) mod receiving;
pub(crate) mod sending;
pub(crate) mod thumbnails;
