//! What a connection is for.

/// What a connection is for: it says what happens to the streams and buckets when the connection is made, and each time it
/// comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Makes what is missing, and uses what there is: comparators, people at the command line.
    Worker,
    /// The same, and brings what an earlier version has left to the format of this one: the upload service. The others wait
    /// for it.
    Keeper,
    /// Makes what is missing, even where a restore was begun and has not ended: who ends it.
    Restorer,
    /// Reads streams that others make: the sink.
    Reader,
    /// Reads alerts and what people say of them, and writes what it told people: the notifier.
    Teller,
    /// Publishes frames and may do nothing else: cameras.
    Guest,
}
