//! What the receivers have taken, and what must never be among it.

use std::collections::BTreeMap;

use event_bus::{Notice, Telling};

use super::Checked;
use crate::outbox::Dispatch;

/// By the notice's key.
#[derive(Default)]
pub(super) struct Inbox(BTreeMap<String, Vec<Delivered>>);

struct Delivered {
    key: String,
    telling: Telling,
}

impl Delivered {
    fn is_of_fire(&self) -> bool {
        is_of_fire(self.telling)
    }
}

impl Inbox {
    /// Takes a message in; says of how many of its episodes it was taken before.
    pub(super) fn deliver(&mut self, dispatch: &Dispatch) -> Checked<usize> {
        let mut repeated = 0;
        for member in &dispatch.members {
            let inbox = self.0.entry(member.key.to_string()).or_default();
            check(inbox, dispatch).map_err(|wrong| format!("{}: {wrong}", member.key))?;
            repeated += usize::from(inbox.iter().any(|it| it.key == dispatch.key));
            inbox.push(Delivered {
                key: dispatch.key.clone(),
                telling: dispatch.telling,
            });
        }
        Ok(repeated)
    }

    pub(super) fn heard_of_fire(&self, key: &str) -> bool {
        self.any(key, Delivered::is_of_fire)
    }

    pub(super) fn heard_of_end(&self, key: &str) -> bool {
        self.any(key, |it| it.telling == Telling::Resolved)
    }

    /// Checks that what a notice says was told really was.
    pub(super) fn check_notice(&self, key: &str, notice: &Notice) -> Checked {
        if notice.sending.is_some() {
            return Err(format!("{key}: something is still on its way: {notice:?}"));
        }
        if notice.told_at.is_some() && !self.heard_of_fire(key) {
            return Err(format!("{key}: passes for told, and was not"));
        }
        if notice.end_told_at.is_some() && !self.heard_of_end(key) {
            return Err(format!("{key}: its end passes for told, and was not"));
        }
        Ok(())
    }

    fn any(&self, key: &str, is_meant: impl Fn(&Delivered) -> bool) -> bool {
        let inbox = self.0.get(key);
        inbox.is_some_and(|inbox| inbox.iter().any(is_meant))
    }
}

/// Whether a message may be taken after those of the same notice that were taken before.
fn check(inbox: &[Delivered], dispatch: &Dispatch) -> Checked {
    let is_end = dispatch.telling == Telling::Resolved;
    let told_otherwise = |it: &Delivered| it.key != dispatch.key && it.is_of_fire();
    let wrong = if is_of_fire(dispatch.telling) && inbox.iter().any(told_otherwise) {
        "told twice that it fires"
    } else if is_end && !inbox.iter().any(Delivered::is_of_fire) {
        "told of an end without a beginning"
    } else if !is_end && inbox.iter().any(|it| it.telling == Telling::Resolved) {
        "told after its end"
    } else {
        return Ok(());
    };
    Err(wrong.to_owned())
}

fn is_of_fire(telling: Telling) -> bool {
    matches!(telling, Telling::Firing | Telling::Escalation)
}
