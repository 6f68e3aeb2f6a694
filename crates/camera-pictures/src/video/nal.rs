//! NAL units in Annex B, and what kind they are.

use memchr::memmem;

use super::Codec;

const START: [u8; 3] = [0, 0, 1];

/// The NAL units of a byte stream, without start codes.
pub(crate) fn units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts = memmem::find_iter(bytes, &START).peekable();
    std::iter::from_fn(move || {
        let start = starts.next()? + START.len();
        let end = starts.peek().copied().unwrap_or(bytes.len());
        let unit = &bytes[start..end.max(start)];
        let padding = unit.iter().rev().take_while(|byte| **byte == 0).count();
        Some(&unit[..unit.len() - padding])
    })
    .filter(|unit| !unit.is_empty())
}

/// What matters of a unit's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Says how large pictures are.
    Sps,
    /// A slice of a picture that can be decoded without others.
    KeySlice,
    /// A slice of another picture.
    Slice,
    /// Anything else.
    Other,
}

pub(crate) fn kind(codec: Codec, unit: &[u8]) -> Kind {
    let first = unit.first().copied().unwrap_or_default();
    match (codec, first & 0x1F, (first >> 1) & 0x3F) {
        (Codec::H264, 7, _) | (Codec::H265, _, 33) => Kind::Sps,
        // In H.265 these are pictures with nothing before them that they need, IDR or of an open group alike.
        (Codec::H264, 5, _) | (Codec::H265, _, 16..=21) => Kind::KeySlice,
        (Codec::H264, 1..=4, _) | (Codec::H265, _, 0..=31) => Kind::Slice,
        _ => Kind::Other,
    }
}

/// Whether an access unit is a picture that can be decoded without others.
pub fn is_key_frame(codec: Codec, unit: &[u8]) -> bool {
    let mut kinds = units(unit).map(|unit| kind(codec, unit));
    kinds.find(|kind| matches!(kind, Kind::KeySlice | Kind::Slice)) == Some(Kind::KeySlice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_end_where_the_next_begins() {
        let stream = [0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68, 0, 0, 0, 1, 0x65, 1, 2];
        let found: Vec<&[u8]> = units(&stream).collect();
        assert_eq!(found, [&[0x67, 9][..], &[0x68], &[0x65, 1, 2]]);
        assert_eq!(units(&[0, 0, 1]).count(), 0);
        assert_eq!(units(&[]).count(), 0);
    }

    #[test]
    fn an_open_group_of_h265_begins_with_a_key_frame() {
        for (kind, is_key) in [
            (1, false),
            (15, false),
            (16, true),
            (19, true),
            (21, true),
            (22, false),
        ] {
            let unit = [0, 0, 1, kind << 1, 1, 0x80];
            assert_eq!(is_key_frame(Codec::H265, &unit), is_key, "{kind}");
        }
        assert!(is_key_frame(
            Codec::H264,
            &[0, 0, 1, 0x67, 1, 0, 0, 1, 0x65, 1]
        ));
        assert!(!is_key_frame(
            Codec::H264,
            &[0, 0, 1, 0x67, 1, 0, 0, 1, 0x41, 1]
        ));
    }
}
