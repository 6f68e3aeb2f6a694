//! Reading a file that somebody left.

use std::{io, path::Path};

use bytes::Bytes;
use tokio::{fs::File, io::AsyncReadExt as _};

/// The most bytes that are read of a file. A picture that is too large for a frame can still be made smaller.
const LARGEST: u64 = 200_000_000;

/// Why a file gives no picture.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is of no use.
    #[error("the file is too large for a picture: more than {LARGEST} bytes")]
    TooLarge,
    /// There is nothing in it.
    #[error("the picture is empty")]
    Empty,
    /// It cannot be read.
    #[error("the picture cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// The bytes of a file.
///
/// # Errors
/// When it holds nothing, too much, or cannot be read.
pub async fn read(path: &Path) -> Result<Bytes, ReadError> {
    let file = File::open(path).await?;
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let length = file.take(LARGEST + 1).read_to_end(&mut bytes).await?;
    match length as u64 {
        0 => Err(ReadError::Empty),
        length if length > LARGEST => Err(ReadError::TooLarge),
        _ => Ok(bytes.into()),
    }
}
