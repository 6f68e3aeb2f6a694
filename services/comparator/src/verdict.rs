use fingerprint::Fingerprint;
use proto::v1::Verdict;

/// What a similarity means.
///
/// A blank reference has nothing to compare with, and two blank pictures are alike to the last bit: indeterminate. A
/// blank frame before a reference that shows something is a covered or dead camera, whatever its hash happens to be.
pub fn verdict(
    reference: &Fingerprint,
    frame: &Fingerprint,
    similarity: f64,
    threshold: f64,
) -> Verdict {
    if reference.is_blank() {
        Verdict::Indeterminate
    } else if similarity >= threshold && !frame.is_blank() {
        Verdict::Match
    } else {
        Verdict::Mismatch
    }
}
