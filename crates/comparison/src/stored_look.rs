//! A look in bytes, to be kept outside of the process that made it.
//!
//! ```text
//! SHA-256 of all else, of the picture's id and of the version     32 bytes
//! fingerprint: algorithm, hashes, quality, size                   68 bytes
//! the hash of the measure, where it has one of its own             8 bytes
//! what the network saw, for the measure view                  77,533 bytes
//! the same in tiles, for the measure parts                   313,201 bytes
//! ```
//!
//! The digest tells what was damaged, what belongs to another picture, and what other detectors have made: none of that is
//! read as a look. Numbers are little-endian.

use std::sync::Arc;

use fingerprint::{Fingerprint, Hash, Quality};
use proto::Measure;

use crate::{Look, compare::HASHES, detector_version, digest::Parts, parts, view};

const DIGEST: usize = 32;

/// What a stored look is known by beside its picture: the detectors that made it, and their versions. It changes whenever
/// the same picture could look otherwise.
pub fn look_version(measure: Measure) -> String {
    match measure {
        Measure::View | Measure::Parts => format!("{}_{HASHES}", detector_version(measure)),
        Measure::Phash | Measure::Hash(_) | Measure::Unknown => {
            format!("{}_{HASHES}", measure.word().unwrap_or_default())
        }
    }
}

impl Look {
    /// To be stored, as the look of this picture by this measure. `None` where it lacks what the measure needs.
    pub fn to_bytes(&self, picture: &str, measure: Measure) -> Option<Vec<u8>> {
        if !self.suits(measure) {
            return None;
        }
        let mut bytes = vec![0; DIGEST];
        put_fingerprint(&mut bytes, &self.fingerprint);
        if let (Some(_), Some(hash)) = (measure.hash(), self.fingerprint.hash) {
            bytes.extend(hash.bits.to_le_bytes());
        }
        if let (Measure::View, Some(view)) = (measure, &self.view) {
            bytes.extend(view.to_bytes());
        }
        if let (Measure::Parts, Some(parts)) = (measure, &self.parts) {
            bytes.extend(parts.to_bytes());
        }
        let digest = digest(picture, measure, &bytes[DIGEST..]);
        bytes[..DIGEST].copy_from_slice(&digest);
        Some(bytes)
    }

    /// What [`Self::to_bytes`] gave for the same picture and measure, in this version; `None` of all else.
    pub fn from_bytes(bytes: &[u8], picture: &str, measure: Measure) -> Option<Self> {
        let (said, content) = bytes.split_at_checked(DIGEST)?;
        if said != digest(picture, measure, content) {
            return None;
        }
        let mut rest = content;
        let mut fingerprint = get_fingerprint(&mut rest)?;
        if let Some(kind) = measure.hash() {
            let bits = u64::from_le_bytes(get(&mut rest)?);
            fingerprint.hash = Some(Hash { kind, bits });
        }
        let mut look = Look::from(fingerprint);
        match measure {
            Measure::View => look.view = Some(Arc::new(view::Look::from_bytes(rest)?)),
            Measure::Parts => look.parts = Some(Arc::new(parts::Look::from_bytes(rest)?)),
            Measure::Phash | Measure::Hash(_) | Measure::Unknown if rest.is_empty() => {}
            Measure::Phash | Measure::Hash(_) | Measure::Unknown => return None,
        }
        Some(look)
    }
}

fn digest(picture: &str, measure: Measure, content: &[u8]) -> [u8; DIGEST] {
    let mut parts = Parts::new("look");
    parts.add(picture.as_bytes());
    parts.add(look_version(measure).as_bytes());
    parts.add(content);
    parts.finish().0
}

fn put_fingerprint(bytes: &mut Vec<u8>, of: &Fingerprint) {
    let Quality {
        brightness,
        contrast,
        sharpness,
        flat_share,
    } = of.quality;
    bytes.extend(of.algorithm.to_le_bytes());
    bytes.extend(of.phash.to_le_bytes());
    bytes.extend(of.phash_256.iter().flat_map(|word| word.to_le_bytes()));
    for value in [brightness, contrast, sharpness, flat_share] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(of.width.to_le_bytes());
    bytes.extend(of.height.to_le_bytes());
}

/// `None` as well where it is of another version, or a number is not finite.
fn get_fingerprint(bytes: &mut &[u8]) -> Option<Fingerprint> {
    let algorithm = u32::from_le_bytes(get(bytes)?);
    if algorithm != fingerprint::ALGORITHM {
        return None;
    }
    let phash = u64::from_le_bytes(get(bytes)?);
    let mut phash_256 = [0; 4];
    for word in &mut phash_256 {
        *word = u64::from_le_bytes(get(bytes)?);
    }
    Some(Fingerprint {
        algorithm,
        phash,
        phash_256,
        hash: None,
        quality: Quality {
            brightness: get_finite(bytes)?,
            contrast: get_finite(bytes)?,
            sharpness: get_finite(bytes)?,
            flat_share: get_finite(bytes)?,
        },
        width: u32::from_le_bytes(get(bytes)?),
        height: u32::from_le_bytes(get(bytes)?),
    })
}

fn get<const LENGTH: usize>(bytes: &mut &[u8]) -> Option<[u8; LENGTH]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

fn get_finite(bytes: &mut &[u8]) -> Option<f32> {
    let value = f32::from_le_bytes(get(bytes)?);
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use fingerprint::HashKind;

    use super::*;

    fn look(measure: Measure) -> Look {
        let features = |count: usize| -> Vec<f32> { (0..count).map(|it| it as f32).collect() };
        let picture = view::Picture {
            stage5: &features(15 * 20 * 112),
            stage7: &features(7 * 10 * 320),
            luma: &vec![7; 320 * 240],
        };
        let view = (measure == Measure::View).then(|| view::Look::of(&picture).unwrap());
        let tiles = std::array::from_fn(|_| features(15 * 20 * 112));
        let parts = (measure == Measure::Parts).then(|| parts::Look::of(&tiles).unwrap());
        Look {
            fingerprint: Fingerprint {
                algorithm: fingerprint::ALGORITHM,
                phash: 0x0123_4567_89AB_CDEF,
                phash_256: [1, 2, 3, u64::MAX],
                hash: measure.hash().map(|kind| Hash { kind, bits: 42 }),
                quality: Quality {
                    brightness: 120.5,
                    contrast: 40.25,
                    sharpness: 9.0,
                    flat_share: 0.5,
                },
                width: 640,
                height: 480,
            },
            view: view.map(Arc::new),
            parts: parts.map(Arc::new),
            details: crate::Details::new(),
        }
    }

    const MEASURES: [Measure; 5] = [
        Measure::View,
        Measure::Parts,
        Measure::Phash,
        Measure::Hash(HashKind::Median),
        Measure::Hash(HashKind::Gradient),
    ];

    #[test]
    fn what_is_stored_comes_back() {
        for measure in MEASURES {
            let look = look(measure);
            let bytes = look.to_bytes("dock", measure).unwrap();
            let most = match measure {
                Measure::Parts => 314_000,
                _ => 80_000,
            };
            assert!(bytes.len() <= most, "{}", bytes.len());
            assert_eq!(Look::from_bytes(&bytes, "dock", measure), Some(look));
        }
    }

    #[test]
    fn what_lacks_what_the_measure_needs_is_not_stored() {
        assert_eq!(look(Measure::Phash).to_bytes("dock", Measure::View), None);
    }

    #[test]
    fn another_pictures_and_another_measures_look_is_none() {
        for measure in MEASURES {
            let bytes = look(measure).to_bytes("dock", measure).unwrap();
            assert_eq!(Look::from_bytes(&bytes, "gate", measure), None);
            for other in MEASURES.into_iter().filter(|other| *other != measure) {
                assert_eq!(Look::from_bytes(&bytes, "dock", other), None);
                assert_ne!(look_version(measure), look_version(other));
            }
        }
    }

    #[test]
    fn damage_anywhere_is_found() {
        for measure in MEASURES {
            let bytes = look(measure).to_bytes("dock", measure).unwrap();
            for at in (0..bytes.len()).step_by(bytes.len() / 97 + 1) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                assert_eq!(Look::from_bytes(&damaged, "dock", measure), None, "{at}");
                assert_eq!(Look::from_bytes(&bytes[..at], "dock", measure), None);
            }
            let longer = [&bytes[..], &[0]].concat();
            assert_eq!(Look::from_bytes(&longer, "dock", measure), None);
            assert_eq!(Look::from_bytes(&[], "dock", measure), None);
        }
    }

    /// Whoever makes an entry with a digest that is right has still to give numbers.
    #[test]
    fn numbers_are_finite_and_the_algorithm_is_ours() {
        let bytes = look(Measure::Phash)
            .to_bytes("dock", Measure::Phash)
            .unwrap();
        let brightness = DIGEST + 4 + 8 + 32;
        for (at, value) in [
            (brightness, f32::NAN.to_le_bytes()),
            (brightness + 4, f32::INFINITY.to_le_bytes()),
            (DIGEST, (fingerprint::ALGORITHM + 1).to_le_bytes()),
        ] {
            let mut forged = bytes.clone();
            forged[at..at + 4].copy_from_slice(&value);
            let digest = digest("dock", Measure::Phash, &forged[DIGEST..]);
            forged[..DIGEST].copy_from_slice(&digest);
            assert_eq!(Look::from_bytes(&forged, "dock", Measure::Phash), None);
        }
    }
}
