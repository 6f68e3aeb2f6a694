//! What a receiver's answer makes of a notice.

use event_bus::{Failed, Notice, Telling};

use super::{Answer, Now, backoff};

/// The notice after the message that it has begun was sent.
pub(super) fn settled(mut notice: Notice, answer: &Answer, now: Now) -> Notice {
    let Some(mut sending) = notice.sending.take() else {
        return notice;
    };
    match answer {
        Answer::Taken { thread } => {
            match sending.telling {
                Telling::Firing | Telling::Escalation => notice.told_at = Some(now.wall),
                Telling::Reminder => {}
                Telling::Resolved => notice.end_told_at = Some(now.wall),
            }
            if sending.telling != Telling::Resolved {
                notice.last_told_at = Some(now.wall);
            }
            notice.messages += 1;
            notice.failed = None;
            if notice.thread.is_none() {
                notice.thread.clone_from(thread);
            }
        }
        Answer::TryAgain { after, why } => {
            sending.tries += 1;
            sending.why.clone_from(why);
            if sending.tries >= backoff::MOST_TRIES {
                let why = format!("given up after {} tries: {why}", sending.tries);
                notice.failed = Some(failed(&sending, now, why));
                return notice;
            }
            let wait = backoff::wait(sending.tries).max(after.unwrap_or_default());
            sending.not_before = Some(now.wall + wait.min(backoff::LONGEST));
            notice.sending = Some(sending);
        }
        Answer::Refused { why } => {
            notice.failed = Some(failed(&sending, now, why.clone()));
        }
    }
    notice
}

fn failed(sending: &event_bus::Sending, now: Now, why: String) -> Failed {
    Failed {
        key: sending.key.clone(),
        telling: sending.telling,
        at: now.wall,
        why,
    }
}
