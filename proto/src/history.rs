//! A folder's past in short: comparisons into the parts that are kept of it, and out of them again.

use time::{Duration, OffsetDateTime};

use crate::{
    from_timestamp, timestamp,
    v1::{Comparison, Finding, Frame, HistoryPart, HistoryRun, Kind, Verdict},
};

/// In how small steps similarities are kept.
const BILLION: f64 = 1e9;

impl HistoryPart {
    /// Takes in a comparison, as the last one so far; `kind` is what was wrong, as far as another rule would ask. `false` where
    /// it says no similarity or no time, so that there is nothing to keep.
    pub fn push(&mut self, comparison: &Comparison, kind: Kind) -> bool {
        let frame = comparison.frame.as_ref();
        let stored_at = frame.and_then(|frame| frame.stored_at);
        let at = stored_at.as_ref().and_then(from_timestamp);
        let Some((at, similarity)) = at.zip(comparison.similarity) else {
            return false;
        };
        let goes_on = self.runs.last().is_some_and(|run| run.fits(comparison, at));
        if !goes_on {
            self.runs.push(HistoryRun::begin(comparison, at));
        }
        if let Some(run) = self.runs.last_mut() {
            run.push(at, similarity, comparison.verdict(), kind);
        }
        true
    }

    /// How many comparisons are in it.
    pub fn count(&self) -> usize {
        self.runs.iter().map(|run| run.billionths.len()).sum()
    }

    /// The comparisons that are in it, in their order, as far as it has them: times to the millisecond, similarities to the
    /// billionth, and one finding at most.
    pub fn comparisons(&self) -> impl Iterator<Item = Comparison> + '_ {
        self.runs.iter().flat_map(HistoryRun::comparisons)
    }
}

impl HistoryRun {
    fn begin(comparison: &Comparison, at: OffsetDateTime) -> Self {
        HistoryRun {
            reference: comparison.reference.clone(),
            measure: comparison.measure.clone(),
            threshold: comparison.threshold,
            since: Some(timestamp(at)),
            ..HistoryRun::default()
        }
    }

    fn fits(&self, comparison: &Comparison, at: OffsetDateTime) -> bool {
        self.reference == comparison.reference
            && self.measure == comparison.measure
            && self.threshold.to_bits() == comparison.threshold.to_bits()
            && self.later_ms(at).is_some()
    }

    /// By how many whole milliseconds this is after the beginning.
    fn later_ms(&self, at: OffsetDateTime) -> Option<i32> {
        let since = self.since.as_ref().and_then(from_timestamp)?;
        i32::try_from((at - since).whole_milliseconds()).ok()
    }

    fn push(&mut self, at: OffsetDateTime, similarity: f64, verdict: Verdict, kind: Kind) {
        let Some(later_ms) = self.later_ms(at) else {
            return;
        };
        self.later_ms.push(later_ms);
        self.billionths
            .push((similarity.clamp(0.0, 1.0) * BILLION).round() as u32);
        self.verdicts.push(verdict.into());
        self.kinds.push(kind.into());
    }

    /// The comparisons. There are as many as the shortest of the lists has entries.
    fn comparisons(&self) -> impl Iterator<Item = Comparison> + '_ {
        let since = self.since.as_ref().and_then(from_timestamp);
        let times = self
            .later_ms
            .iter()
            .map(move |&later| since?.checked_add(Duration::milliseconds(later.into())));
        let told = self.verdicts().zip(self.kinds());
        let all = times.zip(&self.billionths).zip(told);
        all.filter_map(|((at, &billionths), (verdict, kind))| {
            let at = Some(timestamp(at?));
            let finding = (kind != Kind::Unspecified).then(|| Finding {
                kind: kind.into(),
                ..Finding::default()
            });
            Some(Comparison {
                frame: Some(Frame {
                    stored_at: at,
                    ..Frame::default()
                }),
                reference: self.reference.clone(),
                similarity: Some(f64::from(billionths) / BILLION),
                verdict: verdict.into(),
                threshold: self.threshold,
                measure: self.measure.clone(),
                findings: finding.into_iter().collect(),
                ..Comparison::default()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::{Known as _, v1::Reference};

    fn at(nanos: i128) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(1_800_000_000_000_000_000 + nanos).unwrap()
    }

    fn comparison(nanos: i128, similarity: f64, reference: &str) -> Comparison {
        Comparison {
            frame: Some(Frame {
                stored_at: Some(timestamp(at(nanos))),
                ..Frame::default()
            }),
            reference: Some(Reference {
                id: reference.to_owned(),
                ..Reference::default()
            }),
            similarity: Some(similarity),
            threshold: 0.9,
            measure: "view".to_owned(),
            verdict: Verdict::Match.into(),
            ..Comparison::default()
        }
    }

    #[test]
    fn what_goes_in_comes_out_to_the_millisecond_and_the_billionth() {
        let mut part = HistoryPart::default();
        assert!(part.push(&comparison(123_456_789, 0.9, "a"), Kind::Unspecified));
        assert!(part.push(&comparison(20_123_456_788, 1.0 / 3.0, "a"), Kind::Moved));
        // A frame that was stored before the first one.
        assert!(part.push(&comparison(-1_000_000, 0.0, "a"), Kind::Blank));
        assert!(part.push(&comparison(30_000_000_001, 1.0, "b"), Kind::Unspecified));
        let unreadable = Comparison {
            similarity: None,
            ..comparison(40, 0.0, "b")
        };
        assert!(!part.push(&unreadable, Kind::Unspecified));
        assert_eq!((part.runs.len(), part.count()), (2, 4));

        let bytes = part.encode_to_vec();
        let read = HistoryPart::decode(bytes.as_slice()).unwrap();
        let out: Vec<Comparison> = read.comparisons().collect();
        let told: Vec<_> = out
            .iter()
            .map(|it| {
                let stored_at = it.frame.as_ref().unwrap().stored_at.unwrap();
                let kind = it.findings.first().map(|it| it.kind());
                let reference = it.reference.as_ref().unwrap().id.as_str();
                let since = from_timestamp(&stored_at).unwrap() - at(0);
                (
                    since.whole_nanoseconds(),
                    it.similarity.unwrap(),
                    kind,
                    reference,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (123_456_789, 0.9, None, "a"),
                (20_122_456_789, 0.333_333_333, Some(Kind::Moved), "a"),
                (-543_211, 0.0, Some(Kind::Blank), "a"),
                (30_000_000_001, 1.0, None, "b"),
            ]
        );
        assert_eq!(out[0].measure, "view");
        assert_eq!(out[0].threshold, 0.9);
    }

    #[test]
    fn a_quarter_of_an_hour_takes_few_bytes() {
        let mut part = HistoryPart::default();
        for frame in 0..45 {
            part.push(
                &comparison(
                    frame * 20_000_000_000,
                    0.98,
                    "0199a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b",
                ),
                Kind::Unspecified,
            );
        }
        let bytes = part.encoded_len();
        assert!(bytes < 45 * 9 + 100, "{bytes} bytes");
    }

    #[test]
    fn what_a_later_version_says_and_a_list_that_is_cut_do_no_harm() {
        let mut part = HistoryPart::default();
        for second in 0..3 {
            part.push(&comparison(second * 1_000_000_000, 0.5, "a"), Kind::Moved);
        }
        part.runs[0].kinds[1] = 99;
        part.runs[0].verdicts.pop();
        part.forget_unknown();
        let kinds: Vec<_> = part
            .comparisons()
            .map(|it| it.findings.first().map(|it| it.kind()))
            .collect();
        assert_eq!(kinds, [Some(Kind::Moved), None]);
    }
}
