//! What the network saw of a part of a picture by itself, in bytes, to be kept outside of the process that made it: a
//! SHA-256, 32 bytes, and then the look of the part, 77,533. The digest tells what was damaged, and what is of another
//! picture, part or version.

use proto::Measure;

use crate::{Crop, digest::Parts, look_version, view};

const DIGEST: usize = 32;

/// What a stored detail is known by beside its picture: the detectors that made it, and where it was cut out.
pub fn detail_version(crop: Crop) -> String {
    format!("{}_{crop}", look_version(Measure::View))
}

/// To be stored, as the look of this part of this picture.
pub fn detail_to_bytes(detail: &view::Look, picture: &str, crop: Crop) -> Vec<u8> {
    let content = detail.to_bytes();
    [&digest(picture, crop, &content)[..], &content].concat()
}

/// What [`detail_to_bytes`] gave for the same part of the same picture, in this version; `None` of all else.
pub fn detail_from_bytes(bytes: &[u8], picture: &str, crop: Crop) -> Option<view::Look> {
    let (said, content) = bytes.split_at_checked(DIGEST)?;
    if said != digest(picture, crop, content) {
        return None;
    }
    view::Look::from_bytes(content)
}

fn digest(picture: &str, crop: Crop, content: &[u8]) -> [u8; DIGEST] {
    let mut parts = Parts::new("detail");
    parts.add(picture.as_bytes());
    parts.add(detail_version(crop).as_bytes());
    parts.add(content);
    parts.finish().0
}

#[cfg(test)]
mod tests {
    use proto::v1::{Point, WatchedRegion};

    use super::*;

    fn crop(left: f64) -> Crop {
        let corners = [(left, 0.2), (0.6, 0.2), (0.6, 0.5)];
        Crop::of(&WatchedRegion {
            polygon: corners.map(|(x, y)| Point { x, y }).to_vec(),
            ..WatchedRegion::default()
        })
    }

    fn detail() -> view::Look {
        let features = |count: usize| -> Vec<f32> { (0..count).map(|it| it as f32).collect() };
        let picture = view::Picture {
            stage5: &features(15 * 20 * 112),
            stage7: &features(7 * 10 * 320),
            luma: &vec![7; 320 * 240],
        };
        view::Look::of(&picture).unwrap()
    }

    #[test]
    fn what_is_stored_comes_back_and_of_nothing_else() {
        let detail = detail();
        let bytes = detail_to_bytes(&detail, "dock", crop(0.2));
        assert!(bytes.len() <= 80_000, "{}", bytes.len());
        let read = |picture, crop| detail_from_bytes(&bytes, picture, crop);
        assert_eq!(read("dock", crop(0.2)), Some(detail));
        assert_eq!(read("gate", crop(0.2)), None);
        assert_eq!(read("dock", crop(0.3)), None);
        for at in (0..bytes.len()).step_by(977) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(detail_from_bytes(&damaged, "dock", crop(0.2)), None, "{at}");
            assert_eq!(
                detail_from_bytes(&bytes[..at], "dock", crop(0.2)),
                None,
                "{at}"
            );
        }
    }

    #[test]
    fn it_is_not_taken_for_the_look_of_a_picture() {
        let bytes = detail_to_bytes(&detail(), "dock", crop(0.2));
        assert_eq!(crate::Look::from_bytes(&bytes, "dock", Measure::View), None);
        assert_ne!(detail_version(crop(0.2)), detail_version(crop(0.3)));
    }
}
