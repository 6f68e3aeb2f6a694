//! What the benchmark and the equality tests compare the fingerprint with, and the pictures they do it on.

pub mod contenders;
pub mod corpus;
pub mod pictures;
