//! How a picture has to be turned, as its EXIF data say it.

use image::metadata::Orientation;

/// The number of the field, and the types that its value may have: written with 1, 2 or 4 bytes.
const ORIENTATION: u16 = 0x0112;
const BYTE: u16 = 1;
const SHORT: u16 = 3;
const LONG: u16 = 4;

const ENTRY_BYTES: usize = 12;

/// What EXIF data say, which begin with the header of a TIFF file; `None` where they say nothing that can be understood.
/// Cameras write the value as SHORT, which the standard asks for, or as LONG.
pub(crate) fn orientation(exif: &[u8]) -> Option<Orientation> {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let order = match exif.get(..4)? {
        b"II*\0" => Order::Little,
        b"MM\0*" => Order::Big,
        _ => return None,
    };
    let directory = exif.get(order.long(exif.get(4..)?)? as usize..)?;
    let count = order.short(directory)?;
    let entries = directory[2..].chunks_exact(ENTRY_BYTES);
    let entry = entries
        .take(count.into())
        .find(|entry| order.short(entry) == Some(ORIENTATION))?;
    let (kind, value) = (order.short(&entry[2..])?, &entry[8..]);
    let value = match kind {
        BYTE => value[0].into(),
        SHORT => order.short(value)?.into(),
        LONG => order.long(value)?,
        _ => return None,
    };
    Orientation::from_exif(value.try_into().ok()?)
}

/// Which byte of a number comes first.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn short(self, bytes: &[u8]) -> Option<u16> {
        let &bytes = bytes.first_chunk()?;
        Some(match self {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    fn long(self, bytes: &[u8]) -> Option<u32> {
        let &bytes = bytes.first_chunk()?;
        Some(match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn little(kind: u8, value: [u8; 4]) -> Vec<u8> {
        let header = b"II*\0\x08\0\0\0\x01\0\x12\x01";
        [header, &[kind, 0, 1, 0, 0, 0][..], &value].concat()
    }

    #[test]
    fn the_value_may_have_any_width() {
        for kind in [1, 3, 4] {
            let exif = little(kind, [6, 0, 0, 0]);
            assert_eq!(orientation(&exif), Some(Orientation::Rotate90));
            let marked = [b"Exif\0\0", exif.as_slice()].concat();
            assert_eq!(orientation(&marked), Some(Orientation::Rotate90));
        }
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x03";
        assert_eq!(orientation(big), Some(Orientation::Rotate180));
    }

    #[test]
    fn what_cannot_be_understood_says_nothing() {
        let whole = little(3, [6, 0, 0, 0]);
        for length in 0..whole.len() {
            assert_eq!(orientation(&whole[..length]), None, "{length}");
        }
        assert_eq!(orientation(&little(5, [6, 0, 0, 0])), None);
        assert_eq!(orientation(&little(3, [9, 0, 0, 0])), None);
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff"), None);
    }
}
