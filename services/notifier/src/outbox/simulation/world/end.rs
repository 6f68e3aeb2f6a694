//! Who must have heard of what, when a world ends.

use event_bus::{Notice, Telling};

use super::{Checked, Episode, World, key};

impl World {
    pub(super) fn check_the_end(&self) -> Checked {
        for (which, episode) in self.episodes.iter().enumerate() {
            for receiver in 0..2 {
                let key = key(which, receiver).to_string();
                let notice = self.notices.get(&key).map(|(notice, _)| notice);
                if let Some(notice) = notice {
                    self.inbox.check_notice(&key, notice)?;
                }
                self.check_told(episode, receiver, &key, notice)
                    .map_err(|wrong| format!("{key}: {wrong}"))?;
            }
        }
        Ok(())
    }

    fn check_told(
        &self,
        episode: &Episode,
        receiver: usize,
        key: &str,
        notice: Option<&Notice>,
    ) -> Checked {
        let heard = self.inbox.heard_of_fire(key);
        let failed = notice.and_then(|notice| notice.failed.as_ref());
        let is_silenced = self.clock < self.silenced_until[episode.folder];
        let is_due = !episode.has_ended && !is_silenced && receiver == 0;
        if is_due && !heard && failed.is_none() {
            return Err("it still fires, and nobody was told".to_owned());
        }
        let was_refused = failed.is_some_and(|it| it.telling == Telling::Resolved);
        // Who took it and said that it refused it heard it nevertheless; but nobody can know.
        let knows = notice.is_some_and(|notice| notice.told_at.is_some());
        let must_hear_of_end = episode.has_ended && heard && knows && !was_refused;
        if must_hear_of_end && !self.inbox.heard_of_end(key) {
            return Err("heard of its beginning, and not of its end".to_owned());
        }
        if heard && !knows && failed.is_none() {
            return Err("was told, and nothing is known of it".to_owned());
        }
        Ok(())
    }
}
