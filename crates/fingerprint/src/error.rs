//! Why a picture has no fingerprint.

use std::fmt;

use crate::Format;

/// Why a picture has no fingerprint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are no bytes at all.
    #[error("the picture is empty (0 bytes); send {}", Format::ACCEPTED)]
    Empty,
    /// The bytes start like none of the accepted formats.
    #[error(
        "{content} instead of a picture in an accepted format; send {}",
        Format::ACCEPTED
    )]
    UnknownFormat {
        /// What the bytes look like.
        content: Content,
    },
    /// The picture has more pixels than allowed.
    #[error("the picture has {width}×{height} pixels; at most {max_pixels} pixels are accepted")]
    TooLarge {
        /// Its width in pixels, before orientation.
        width: u32,
        /// Its height in pixels, before orientation.
        height: u32,
        /// [`Limits::max_pixels`](crate::Limits::max_pixels).
        max_pixels: u64,
    },
    /// Decoding the picture would take more memory than allowed.
    #[error(
        "decoding the {format} takes {} MB of memory, and {} MB are allowed; send a smaller picture",
        rounded_up(.needed_bytes),
        rounded_down(.max_alloc_bytes)
    )]
    TooMuchMemory {
        /// The picture's format.
        format: Format,
        /// What it takes at its peak.
        needed_bytes: u64,
        /// [`Limits::max_alloc_bytes`](crate::Limits::max_alloc_bytes).
        max_alloc_bytes: u64,
    },
    /// The picture's data end before the picture does.
    #[error("the {format} is incomplete: part of its picture data is missing; send the whole file")]
    Incomplete {
        /// The picture's format.
        format: Format,
    },
    /// The picture is damaged.
    #[error("the {format} is damaged: {source}")]
    Corrupt {
        /// The picture's format.
        format: Format,
        /// What the decoder found.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The picture uses a part of its format that no decoder here reads.
    #[error("this kind of {format} can't be read: {source}; save it as an ordinary JPEG or PNG")]
    Unsupported {
        /// The picture's format.
        format: Format,
        /// What the decoder lacks.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The memory with which the picture could be decoded, in bytes; `None` where more of it would not help.
    pub fn needed_bytes(&self) -> Option<u64> {
        match self {
            Error::TooMuchMemory { needed_bytes, .. } => Some(*needed_bytes),
            _ => None,
        }
    }
}

/// In megabytes, so that what is too much is never said to be what is allowed.
fn rounded_up(bytes: &u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

fn rounded_down(bytes: &u64) -> u64 {
    bytes / 1_000_000
}

/// What bytes of no accepted format look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// An SVG drawing.
    Svg,
    /// A web page, often an error page or a login form in place of a camera's snapshot.
    Html,
    /// JSON, often an API's error in place of a picture.
    Json,
    /// A TIFF picture.
    Tiff,
    /// An AVIF or HEIC picture.
    AvifOrHeic,
    /// A JPEG XL or JPEG 2000 picture.
    JpegSuccessor,
    /// A PDF document.
    Pdf,
    /// XML, often an error message in place of a camera's snapshot.
    Xml,
    /// A picture written as text, as in a web page.
    DataUri,
    /// Other text.
    Text,
    /// None of these.
    Other,
}

impl Content {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(512)];
        let text = String::from_utf8_lossy(head)
            .trim_start_matches('\u{feff}')
            .trim_start()
            .to_ascii_lowercase();
        match head {
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Self::Tiff,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Self::AvifOrHeic,
            [0xFF, 0x0A, ..]
            | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..]
            | [0, 0, 0, 12, b'j', b'P', ..] => Self::JpegSuccessor,
            [b'%', b'P', b'D', b'F', ..] => Self::Pdf,
            _ if text.starts_with("<svg")
                || (text.starts_with("<?xml") && text.contains("<svg")) =>
            {
                Self::Svg
            }
            _ if text.starts_with("<!doctype html") || text.starts_with("<html") => Self::Html,
            _ if text.starts_with('{') || text.starts_with("[{") => Self::Json,
            _ if text.starts_with("<?xml") => Self::Xml,
            _ if text.starts_with("data:image/") => Self::DataUri,
            _ if is_text(head) => Self::Text,
            _ => Self::Other,
        }
    }
}

/// Whether these are words: UTF-8 but for a character that is cut off, and no control characters but blanks and line ends.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_in_words = |character: char| !character.is_control() || "\t\r\n".contains(character);
    !text.is_empty() && text.chars().all(is_in_words)
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Svg => "this is an SVG drawing",
            Self::Html => "this is an HTML page",
            Self::Json => "this is JSON text",
            Self::Tiff => "this is a TIFF file",
            Self::AvifOrHeic => "this is an AVIF or HEIC file, or a video",
            Self::JpegSuccessor => "this is a JPEG XL or JPEG 2000 file",
            Self::Pdf => "this is a PDF document",
            Self::Xml => "this is XML text",
            Self::DataUri => "this is a data URI, a picture written as text,",
            Self::Text => "this is text",
            Self::Other => "these bytes are unknown data",
        })
    }
}
