//! How much evidence is kept, and of how many alerts.

/// How much evidence is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceLimits {
    /// The most that the evidence of all folders may take together, in bytes. Above it, the oldest picture goes of the
    /// folder that has most.
    pub max_bytes: u64,
    /// The most that the evidence of one folder may take, in bytes. Above it, the folder's oldest picture goes.
    pub folder_max_bytes: u64,
    /// How many alerts of a folder have their pictures kept within an hour, by each comparator.
    pub alerts_per_hour: u32,
}
