//! A frame's look held against a folder's baseline: how similar they are, what is wrong, and the verdict.
//!
//! Pure: no I/O, no clock, no shared state. How a look is made of a picture is left to `looks`; whether an alert
//! fires, to `alerting`. The comparator, `framewatch compare` and the rehearsal of rules all call this, so they agree.

mod again;
mod areas;
mod baseline;
pub mod carry;
mod compare;
mod crop;
mod digest;
mod judge;
mod look;
mod naming;
pub mod parts;
mod regions;
mod stored_detail;
mod stored_look;
mod unrelated;
pub mod view;

pub use again::{changed_in_all, differs_again};
pub use areas::Areas;
pub use baseline::{Baseline, BaselinePicture};
pub use compare::{AreasError, Compared, MeasureError, check_areas, compare, detector_version};
pub use crop::{Crop, Details, Needs};
pub use digest::{Digest, rule_digest};
pub use judge::{Judged, Measured, is_too_dark};
pub use kinds::Depth;
pub use look::Look;
pub use naming::{Other, can_be_named, name};
pub use stored_detail::{detail_from_bytes, detail_to_bytes, detail_version};
pub use stored_look::look_version;
pub use unrelated::unrelated_similarity;
