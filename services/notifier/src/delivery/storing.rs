//! Storing notices, each after the change that it follows.

use event_bus::{Expected, PublishError, with_causes};
use futures::{StreamExt as _, stream};

use super::Shared;
use crate::outbox::{Member, Stored};

/// How many are under way at a time: those of a large group take no longer than they must.
const AT_A_TIME: usize = 32;

pub(super) struct Storing<'a>(pub(super) &'a Shared);

impl Storing<'_> {
    /// What became of each, in the same order.
    pub(super) async fn store(&self, members: &[Member]) -> Vec<Stored> {
        let storing: Vec<_> = members.iter().map(|it| self.store_one(it)).collect();
        let storing = stream::iter(storing).buffered(AT_A_TIME);
        let stored: Vec<Stored> = storing.collect().await;
        self.0.knowledge.change(|known| {
            for (member, stored) in members.iter().zip(&stored) {
                if let Stored::At(revision) = stored {
                    let notice = member.notice.clone();
                    known.learn_stored_notice(member.key.clone(), notice, *revision);
                }
            }
            known.forget_what_is_over();
        });
        stored
    }

    async fn store_one(&self, member: &Member) -> Stored {
        let notices = self.0.bus.notices();
        let expected = Expected(member.revision);
        match notices.update(&member.key, &member.notice, expected).await {
            Ok(revision) => Stored::At(revision),
            Err(PublishError::Conflict) => self.look(member).await,
            Err(error) => {
                tracing::debug!(error = with_causes(&error), "a notice is not stored");
                Stored::Unknown
            }
        }
    }

    /// Takes in what is there instead: it may be what an attempt before this one has stored, whose answer was lost.
    async fn look(&self, member: &Member) -> Stored {
        match self
            .0
            .bus
            .last::<event_bus::NoticeChange>(&member.key)
            .await
        {
            Ok(last) => {
                let Some(stored) = last.event else {
                    return Stored::Overtaken;
                };
                let revision = stored.sequence;
                let notice = stored.event.value;
                let is_this = notice.as_ref() == Some(&member.notice);
                if let Some(notice) = notice {
                    self.0.knowledge.change(|known| {
                        known.learn_stored_notice(member.key.clone(), notice, revision);
                    });
                }
                match is_this {
                    true => Stored::At(revision),
                    false => Stored::Overtaken,
                }
            }
            Err(error) => {
                tracing::debug!(error = with_causes(&error), "a notice cannot be read");
                Stored::Unknown
            }
        }
    }
}
