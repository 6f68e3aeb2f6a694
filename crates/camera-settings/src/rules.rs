//! The values that each setting may have, wherever it is set.

use std::{num::NonZero, ops::RangeInclusive, time::Duration};

use crate::{Address, CameraSpec, InvalidAddress, Protocol, Transport};

/// How often a picture may be taken.
pub const EVERY: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3600);

/// How wide pictures of video may be made.
pub const WIDTHS: RangeInclusive<u16> = 160..=7680;

/// Longer ones are no passwords.
pub const MAX_PASSWORD: usize = 1024;

/// Longer ones are no names.
pub const MAX_USERNAME: usize = 256;

/// A setting that cannot be, in words that say what is right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// An address that cannot be.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// A snapshot that comes otherwise than by HTTP.
    #[error("a snapshot comes by http://, as in \"http://10.0.0.5/snap.jpg\"")]
    Snapshot,
    /// A width that cannot be.
    #[error("{setting} is a number of pixels from {} to {}, as in 1280", WIDTHS.start(), WIDTHS.end())]
    Width {
        /// The name of the setting.
        setting: &'static str,
    },
    /// A second address of pictures, where the first gives pictures already.
    #[error("{setting} is for video by rtsp://; its source gives pictures already")]
    NeedlessFallback {
        /// The name of the setting.
        setting: &'static str,
    },
    /// A certificate that nobody will show.
    #[error("{setting} is for https:// and rtsps://, and none of its addresses begins so")]
    NeedlessPin {
        /// The name of the setting.
        setting: &'static str,
    },
    /// Datagrams, which go past TLS.
    #[error("transport is \"tcp\" for rtsps://: datagrams would not be encrypted")]
    DatagramsPastTls,
    /// A name that no camera has for a user.
    #[error("username is a text in one line, of at most {MAX_USERNAME} bytes")]
    Username,
    /// A text that is no password.
    #[error("a password is a text in one line, of at most {MAX_PASSWORD} bytes")]
    Password,
}

/// An address from which pictures are taken where video has no key frames.
///
/// # Errors
/// When it is none.
pub fn snapshot(text: &str) -> Result<Address, Wrong> {
    let address = Address::parse(text)?;
    match address.protocol() {
        Protocol::Http => Ok(address),
        Protocol::Rtsp => Err(Wrong::Snapshot),
    }
}

/// The width to which pictures of video are reduced; `setting` is the name of that.
///
/// # Errors
/// When they cannot be so.
pub fn width(setting: &'static str, pixels: u64) -> Result<NonZero<u16>, Wrong> {
    let pixels = u16::try_from(pixels).ok();
    let pixels = pixels.filter(|pixels| WIDTHS.contains(pixels));
    pixels
        .and_then(NonZero::new)
        .ok_or(Wrong::Width { setting })
}

/// # Errors
/// When it is no name of a user.
pub fn username(text: &str) -> Result<&str, Wrong> {
    match is_line(text, MAX_USERNAME) {
        true => Ok(text),
        false => Err(Wrong::Username),
    }
}

/// # Errors
/// When it is no password.
pub fn password(text: &str) -> Result<&str, Wrong> {
    match is_line(text, MAX_PASSWORD) {
        true => Ok(text),
        false => Err(Wrong::Password),
    }
}

fn is_line(text: &str, max_bytes: usize) -> bool {
    !text.is_empty() && text.len() <= max_bytes && !text.contains(char::is_control)
}

/// Checks that the settings go together; `fallback` and `pin` are the names of two of them.
///
/// # Errors
/// When they do not go together.
pub fn together(
    camera: &CameraSpec,
    fallback: &'static str,
    pin: &'static str,
) -> Result<(), Wrong> {
    let snapshot = camera.fallback_snapshot.as_ref();
    let address = camera.source.address();
    if snapshot.is_some() && address.map(Address::protocol) != Some(Protocol::Rtsp) {
        return Err(Wrong::NeedlessFallback { setting: fallback });
    }
    let is_in_tls = [address, snapshot]
        .into_iter()
        .flatten()
        .any(Address::is_in_tls);
    let is_video_in_tls =
        address.is_some_and(|address| address.protocol() == Protocol::Rtsp && address.is_in_tls());
    if is_video_in_tls && camera.transport == Transport::Udp {
        return Err(Wrong::DatagramsPastTls);
    }
    match camera.pin.is_some() && !is_in_tls {
        true => Err(Wrong::NeedlessPin { setting: pin }),
        false => Ok(()),
    }
}
