//! The digests of a frame in a comparison. They tell one frame from another, whoever compared them.

use bytes::Bytes;
use fingerprint::Tiles;
use proto::v1::Comparison;

/// The digests of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digests {
    /// The digest of what it looks like.
    pub(crate) tiles: Tiles,
    /// The digest of its bytes.
    payload: [u8; 4],
}

impl Digests {
    pub(crate) fn of(tiles: &Tiles, picture: &[u8]) -> Self {
        Digests {
            tiles: *tiles,
            payload: crc32fast::hash(picture).to_be_bytes(),
        }
    }

    /// Those of a comparison; `None` where it has none: its frame could not be read, or an earlier version made it.
    pub(crate) fn read_from(comparison: &Comparison) -> Option<Self> {
        Some(Digests {
            tiles: Tiles::from_bytes(&comparison.look_digest)?,
            payload: comparison.payload_digest.as_ref().try_into().ok()?,
        })
    }

    pub(crate) fn write_to(&self, comparison: &mut Comparison) {
        comparison.look_digest = Bytes::copy_from_slice(&self.tiles.to_bytes());
        comparison.payload_digest = Bytes::copy_from_slice(&self.payload);
    }

    /// Whether the bytes are the same.
    pub(crate) fn same_bytes(&self, other: &Self) -> bool {
        self.payload == other.payload
    }
}
