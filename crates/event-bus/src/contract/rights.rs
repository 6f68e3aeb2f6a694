//! Who may do what in NATS. Each stream and bucket declares it for itself.

/// Who uses streams and buckets. A person at the command line may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Makes all streams and buckets, and corrects their settings.
    Upload,
    /// Makes all streams and buckets.
    Comparator,
    /// Reads for Redis.
    Sink,
    /// Tells people of alerts.
    Notifier,
    /// Connects to cameras: publishes their frames, and how they stand.
    Camera,
    /// A camera, or what speaks for cameras, that publishes frames and how they stand, and may read nothing.
    OutsideCamera,
    /// Waits for alerts.
    Subscriber,
}

/// What a service does with a stream or bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Publishes events, sets values, stores objects.
    Write,
    /// Reads in order, by consumers of its own.
    Follow,
    /// Shares the events of this durable consumer with other copies of the service.
    Share(&'static str),
    /// Asks for single messages.
    Ask,
    /// Asks the leader of the stream for the end of a key, to write what follows: a follower may not have it yet.
    Continue,
    /// Asks for several messages at once.
    AskForMany,
    /// Puts back what was last said, unheard, where it was deleted.
    PutBack,
    /// Removes messages.
    Discard,
    /// Subscribes to what is published, without JetStream.
    Hear,
}

impl Service {
    /// All of them.
    pub const ALL: [Service; 7] = [
        Service::Upload,
        Service::Comparator,
        Service::Sink,
        Service::Notifier,
        Service::Camera,
        Service::OutsideCamera,
        Service::Subscriber,
    ];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Service::Upload => "upload",
            Service::Comparator => "comparator",
            Service::Sink => "sink",
            Service::Notifier => "notifier",
            Service::Camera => "camera",
            Service::OutsideCamera => "outside cameras",
            Service::Subscriber => "subscriber",
        }
    }

    /// Whether it makes what is missing.
    pub fn makes(self) -> bool {
        matches!(self, Service::Upload | Service::Comparator)
    }

    /// Whether it corrects settings.
    pub fn corrects(self) -> bool {
        self == Service::Upload
    }
}
