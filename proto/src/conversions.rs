//! Times, and words for the values of enums.

use pbjson_types::Timestamp;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::v1::{Finding, Fingerprint, Kind, Phase, ResolvedBy, Subject, Verdict};

/// A point in time as the contract carries it. Exact to the nanosecond.
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    Timestamp {
        seconds: at.unix_timestamp(),
        nanos: i32::try_from(at.nanosecond())
            .expect("a second has fewer nanoseconds than an i32 holds"),
    }
}

/// The reverse of [`timestamp`]. `None` where the value lies outside the years -9999 to 9999 or its nanoseconds outside
/// a second.
pub fn from_timestamp(at: &Timestamp) -> Option<OffsetDateTime> {
    let nanos = u32::try_from(at.nanos).ok()?;
    OffsetDateTime::from_unix_timestamp(at.seconds)
        .ok()?
        .replace_nanosecond(nanos)
        .ok()
}

/// A point in time as text for programs: RFC 3339, and beyond the years 0 to 9999, which that does not know, a text with a sign.
pub fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}

impl From<fingerprint::Fingerprint> for Fingerprint {
    fn from(value: fingerprint::Fingerprint) -> Self {
        Fingerprint {
            algorithm: value.algorithm,
            phash: value.phash,
            phash_256: value.phash_256.map(u64::to_be_bytes).concat().into(),
            brightness: value.quality.brightness,
            contrast: value.quality.contrast,
            sharpness: value.quality.sharpness,
            flat_share: value.quality.flat_share,
            width: value.width,
            height: value.height,
        }
    }
}

impl Fingerprint {
    /// The fingerprint that the message carries, where it was made by our version of the algorithm; otherwise it is
    /// comparable with none of ours.
    pub fn comparable(&self) -> Option<fingerprint::Fingerprint> {
        let words: &[[u8; 8]; 4] = self.phash_256.as_chunks().0.try_into().ok()?;
        let fingerprint = fingerprint::Fingerprint {
            algorithm: self.algorithm,
            phash: self.phash,
            phash_256: words.map(u64::from_be_bytes),
            hash: None,
            quality: fingerprint::Quality {
                brightness: self.brightness,
                contrast: self.contrast,
                sharpness: self.sharpness,
                flat_share: self.flat_share,
            },
            width: self.width,
            height: self.height,
        };
        (self.algorithm == fingerprint::ALGORITHM).then_some(fingerprint)
    }
}

impl Verdict {
    /// One lower-case word, for people and headers.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Match => "match",
            Verdict::Mismatch => "mismatch",
            Verdict::Indeterminate => "indeterminate",
            Verdict::Unreadable => "unreadable",
            Verdict::Unspecified => "unspecified",
        }
    }
}

impl Phase {
    /// One lower-case word, for people and headers.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Firing => "firing",
            Phase::Resolved => "resolved",
            Phase::Unspecified => "unspecified",
        }
    }
}

impl Kind {
    /// Lower-case words, for people and headers.
    pub fn words(self) -> String {
        let name = self.as_str_name().trim_start_matches("KIND_");
        name.to_lowercase().replace('_', " ")
    }

    /// Whether it is about the view or the camera.
    pub fn subject(self) -> Subject {
        match self {
            Kind::Silent
            | Kind::Frozen
            | Kind::Unreadable
            | Kind::Refused
            | Kind::NoKeyFrames
            | Kind::Tampering => Subject::Camera,
            Kind::Unspecified
            | Kind::Different
            | Kind::Covered
            | Kind::Moved
            | Kind::Blurred
            | Kind::Dark
            | Kind::Blank
            | Kind::Changed
            | Kind::Swapped => Subject::View,
        }
    }

    /// Whether it means that no frames come, or why none come.
    pub fn is_of_silence(self) -> bool {
        matches!(self, Kind::Silent | Kind::Refused | Kind::NoKeyFrames)
    }
}

impl Finding {
    /// One of which there is no doubt, and why.
    pub fn certain(kind: Kind, cause: impl Into<String>) -> Self {
        Finding {
            kind: kind.into(),
            score: 1.0,
            limit: 0.0,
            cause: cause.into(),
            ..Finding::default()
        }
    }
}

impl Subject {
    /// One lower-case word, for people and headers. Alerts of earlier versions, which name none, are about the view.
    pub fn word(self) -> &'static str {
        match self {
            Subject::Unspecified | Subject::View => "view",
            Subject::Camera => "camera",
        }
    }
}

impl ResolvedBy {
    /// Lower-case words, for people and headers; empty where it is not known.
    pub fn words(self) -> &'static str {
        match self {
            ResolvedBy::Unspecified => "",
            ResolvedBy::View => "view",
            ResolvedBy::Camera => "camera",
            ResolvedBy::Rule => "rule",
            ResolvedBy::Reference => "reference",
            ResolvedBy::SwitchedOff => "switched off",
            ResolvedBy::Removed => "removed",
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::{
        Known as _,
        v1::{Alert, Comparison, Rule},
    };

    #[test]
    fn timestamps_survive_the_round_trip_to_the_nanosecond() {
        for nanos in [0, 1, 1_763_800_000_123_456_789, -5] {
            let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            assert_eq!(from_timestamp(&timestamp(at)), Some(at));
        }
    }

    #[test]
    fn fingerprints_survive_the_round_trip_and_others_are_refused() {
        let print = fingerprint::Fingerprint {
            algorithm: fingerprint::ALGORITHM,
            phash: 1,
            phash_256: [2, 3, 4, u64::MAX],
            hash: None,
            quality: fingerprint::Quality {
                brightness: 5.0,
                contrast: 6.0,
                sharpness: 7.0,
                flat_share: 0.5,
            },
            width: 8,
            height: 9,
        };
        let message = Fingerprint::from(print);
        assert_eq!(message.comparable(), Some(print));
        let older = Fingerprint {
            algorithm: fingerprint::ALGORITHM - 1,
            ..message.clone()
        };
        assert_eq!(older.comparable(), None);
        let cut = Fingerprint {
            phash_256: message.phash_256.slice(..31),
            ..message
        };
        assert_eq!(cut.comparable(), None);
    }

    #[test]
    fn every_point_in_time_has_a_text() {
        let text = |seconds| rfc3339(OffsetDateTime::from_unix_timestamp(seconds).unwrap());
        assert_eq!(text(0), "1970-01-01T00:00:00Z");
        assert!(text(-70_000_000_000).starts_with("-0249-"));
    }

    #[test]
    fn timestamps_no_calendar_has_are_refused() {
        assert_eq!(
            from_timestamp(&Timestamp {
                seconds: i64::MAX,
                nanos: 0
            }),
            None
        );
        assert_eq!(
            from_timestamp(&Timestamp {
                seconds: 0,
                nanos: -1
            }),
            None
        );
    }

    #[test]
    fn json_is_proto3_json() {
        let rule = Rule {
            threshold: Some(0.75),
            hold_seconds: Some(30.0),
            ..Rule::default()
        };
        assert_eq!(
            serde_json::to_string(&rule).unwrap(),
            r#"{"threshold":0.75,"holdSeconds":30.0,"masks":[],"regions":[]}"#
        );
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over() {
        let rule: Rule = serde_json::from_str(r#"{"threshold":0.75,"horizon":3}"#).unwrap();
        assert_eq!(rule.threshold, Some(0.75));
        let comparison: Comparison =
            serde_json::from_str(r#"{"verdict":"VERDICT_PUZZLING","similarity":0.5}"#).unwrap();
        assert_eq!(comparison.verdict(), Verdict::Unspecified);

        let finding = Finding {
            kind: 77,
            ..Finding::default()
        };
        let later = Alert {
            phase: 9,
            subject: Subject::Camera.into(),
            findings: vec![finding],
            ..Alert::default()
        };
        let mut read = Alert::decode(later.encode_to_vec().as_slice()).unwrap();
        assert!(serde_json::to_string(&read).is_err());
        read.forget_unknown();
        let json = serde_json::to_value(&read).unwrap();
        assert_eq!(json["phase"], "PHASE_UNSPECIFIED");
        assert_eq!(json["subject"], "SUBJECT_CAMERA");
        assert_eq!(json["findings"][0]["kind"], "KIND_UNSPECIFIED");
    }
}
