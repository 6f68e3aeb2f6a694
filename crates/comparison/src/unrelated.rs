//! How similar pictures are that have nothing to do with each other: a threshold below that says little.

use fingerprint::HashKind;
use proto::Measure;

/// The similarity that one in a hundred pairs of unrelated pictures reaches: the 99th percentile of pairs drawn from
/// 46 scenes that have nothing in common (surveillance cameras, tampering tests, webcams, photographs), two pictures a
/// scene; 3,630 pairs by `phash`, 895 by `view`, 400 or 900 by the others. 0 for
/// `parts`, which was not measured, and for a measure that this version does not have.
pub fn unrelated_similarity(measure: Measure) -> f64 {
    match measure {
        Measure::Phash => 0.66,
        Measure::Hash(HashKind::Mean) => 0.83,
        Measure::Hash(HashKind::Median) => 0.81,
        Measure::Hash(HashKind::Gradient) => 0.70,
        Measure::Hash(HashKind::DoubleGradient) => 0.78,
        Measure::Hash(HashKind::Blockhash) => 0.74,
        Measure::View => 0.77,
        Measure::Parts => 0.0,
        Measure::Unknown => 0.0,
    }
}
