//! Since when nothing that a camera sends can be read.

use std::time::Duration;

use time::OffsetDateTime;

use super::stillness::between;

/// What is known of the frames that cannot be read.
#[derive(Debug, Default)]
pub(super) struct Garbage {
    run: Option<Run>,
    last_readable: Option<OffsetDateTime>,
}

/// Frames that cannot be read, one after another.
#[derive(Debug)]
struct Run {
    since: OffsetDateTime,
    last: OffsetDateTime,
    cause: String,
    /// Whether the frame before the run could be read. Otherwise nobody knows when the run began.
    begins_after_a_picture: bool,
}

impl Garbage {
    /// Takes in the camera's next frame: when it was stored, and why it cannot be read, if it cannot.
    pub(super) fn learn(&mut self, at: OffsetDateTime, cause: Option<&str>) {
        let Some(cause) = cause else {
            self.run = None;
            self.last_readable = Some(at);
            return;
        };
        match &mut self.run {
            Some(run) => {
                run.last = at;
                cause.clone_into(&mut run.cause);
            }
            None => {
                self.run = Some(Run {
                    since: at,
                    last: at,
                    cause: cause.to_owned(),
                    begins_after_a_picture: self.last_readable.is_some(),
                });
            }
        }
    }

    /// Since when and why nothing can be read, if that has been so for so long.
    pub(super) fn lasts(&self, limit: Duration) -> Option<(OffsetDateTime, &str)> {
        let run = self.run.as_ref()?;
        let lasts = between(run.since, run.last) >= limit;
        lasts.then_some((run.since, run.cause.as_str()))
    }

    /// Whether a frame that was stored after this time could be read.
    pub(super) fn is_over_since(&self, at: OffsetDateTime) -> bool {
        self.run.is_none() && self.last_readable > Some(at)
    }

    /// Whether this may have begun before this process did.
    pub(super) fn has_unknown_beginning(&self) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| !run.begins_after_a_picture)
    }

    /// Takes in the frames before this process began, the oldest first, up to those that it knows.
    pub(super) fn look_back<'a>(
        &mut self,
        frames: impl IntoIterator<Item = (OffsetDateTime, Option<&'a str>)>,
    ) {
        let mut before = Garbage::default();
        for (at, cause) in frames {
            before.learn(at, cause);
        }
        let Some(run) = &mut self.run else { return };
        if let Some(longer) = before.run.filter(|longer| longer.last >= run.since) {
            run.since = run.since.min(longer.since);
        }
        run.begins_after_a_picture = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second)
    }

    #[test]
    fn it_lasts_from_the_first_frame_that_cannot_be_read_to_the_last() {
        let mut garbage = Garbage::default();
        garbage.learn(at(1), None);
        for second in 2..12 {
            garbage.learn(at(second), Some("half a picture"));
        }
        assert_eq!(garbage.lasts(LIMIT), None);
        garbage.learn(at(12), Some("empty"));
        assert_eq!(garbage.lasts(LIMIT), Some((at(2), "empty")));
        assert!(!garbage.is_over_since(at(12)));
        garbage.learn(at(13), None);
        assert_eq!(garbage.lasts(LIMIT), None);
        assert!(garbage.is_over_since(at(12)));
    }

    #[test]
    fn what_was_before_this_process_is_looked_up_once() {
        let mut garbage = Garbage::default();
        garbage.learn(at(20), Some("empty"));
        assert!(garbage.has_unknown_beginning());
        let before = (3..=20).map(|second| (at(second), (second > 5).then_some("empty")));
        garbage.look_back(before);
        assert!(!garbage.has_unknown_beginning());
        assert_eq!(garbage.lasts(LIMIT), Some((at(6), "empty")));
    }
}
