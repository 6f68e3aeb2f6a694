//! The time that this thread has had of the processor.

use rustix::time::{ClockId, clock_gettime};

pub(crate) fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
