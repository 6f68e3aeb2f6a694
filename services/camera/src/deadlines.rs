//! How long a camera is waited for.

use std::time::Duration;

/// How long a step of connecting may take.
pub(crate) const STEP: Duration = Duration::from_secs(10);

/// How long nothing may come before the camera counts as silent.
pub(crate) const SILENCE: Duration = Duration::from_secs(20);
