//! How much evidence is kept, and of how many alerts.

/// How much evidence is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceLimits {
    /// Of all folders together, in bytes. Above it the oldest picture goes of the folder that has most.
    pub max_bytes: u64,
    /// Of one folder, in bytes. Above it the folder's oldest picture goes.
    pub folder_max_bytes: u64,
    /// Of so many alerts of a folder within an hour pictures are kept, by each comparator.
    pub alerts_per_hour: u32,
}
