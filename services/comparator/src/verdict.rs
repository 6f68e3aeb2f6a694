use fingerprint::Fingerprint;
use proto::v1::Verdict;

/// What a similarity means.
///
/// A blank reference has nothing to compare with, and two blank pictures are alike to the last bit: indeterminate.
pub fn verdict(reference: &Fingerprint, similarity: f64, threshold: f64) -> Verdict {
    if reference.is_blank() {
        Verdict::Indeterminate
    } else if similarity >= threshold {
        Verdict::Match
    } else {
        Verdict::Mismatch
    }
}
