//! Letting in those who have a session or a token.

use std::{sync::Arc, time::Duration};

use accounts::{Accounts, Secret, UserName, Verifier};
use event_bus::{Session, SessionKey};
use time::OffsetDateTime;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{Visitor, cookies::Cookies, sessions::Sessions, throttle::Throttle};
use crate::{
    broker::Broker,
    problem::{Kind, Problem},
};

/// Lets in those who have an account or a token, and nobody else.
pub(crate) struct Gate {
    pub(super) accounts: watch::Receiver<Arc<Accounts>>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) broker: Broker,
    pub(super) verifier: Verifier,
    /// Checks the passwords of those who have logged in on the same device before, however many strangers try theirs.
    pub(super) verifier_of_known_devices: Verifier,
    pub(super) throttle: Throttle,
    /// How long somebody stays logged in.
    pub(super) lifetime: Duration,
    pub(super) cookies: Cookies,
}

/// The farthest that anything is planned ahead; it is looked at again then.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Gate {
    /// The cookies by which browsers come in.
    pub(crate) fn cookies(&self) -> Cookies {
        self.cookies
    }

    /// How long somebody stays logged in.
    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Whose token it is.
    pub(crate) fn admit_token(&self, presented: &str) -> Result<Visitor, Problem> {
        let accounts = self.accounts();
        let admitted = accounts.admit(presented, OffsetDateTime::now_utc());
        let token = admitted.map_err(|refused| {
            metrics::counter!("framewatch_tokens_refused_total").increment(1);
            Kind::NotLoggedIn.because(format!(
                "Not let in: {refused}; `framewatch token add` makes a new one."
            ))
        })?;
        Ok(Visitor::Program {
            token: token.id.clone(),
            role: token.role,
        })
    }

    /// Whose session it is; nobody's if it has ended. One that began elsewhere a moment ago may not be known here yet, and
    /// is asked for.
    pub(crate) async fn admit_session(&self, shown: &Secret) -> Result<Visitor, Problem> {
        let session = key(shown);
        let known = match self.sessions.get(&session) {
            Some(known) => Some(known),
            None => self.broker.session(&session).await?,
        };
        let accounts = self.accounts();
        let user = known.and_then(|known| holder(&known, &accounts));
        Ok(user.map_or(Visitor::Nobody, |(name, role)| Visitor::User {
            name,
            role,
            session,
        }))
    }

    /// Waits until somebody is no longer let in.
    pub(crate) async fn until_over(&self, visitor: &Visitor) {
        let (mut accounts, mut sessions) = (self.accounts.clone(), self.sessions.changes());
        while let Some(end) = self.end(visitor) {
            let left = (end - OffsetDateTime::now_utc()).max(time::Duration::ZERO);
            let left = left.unsigned_abs().min(A_DAY);
            tokio::select! {
                () = sleep_until(Instant::now() + left) => {}
                _ = sessions.changed() => {}
                changed = accounts.changed() => if changed.is_err() {
                    // Nobody follows the file any more, which is so at shutdown only.
                    return;
                },
            }
        }
    }

    /// Until when somebody is let in as things stand; `None` if they are not.
    fn end(&self, visitor: &Visitor) -> Option<OffsetDateTime> {
        let accounts = self.accounts();
        let end = match visitor {
            Visitor::Anyone | Visitor::Nobody => return None,
            Visitor::Program { token, .. } => accounts.token(token)?.expires,
            Visitor::User { session, .. } => {
                let session = self.sessions.get(session)?;
                holder(&session, &accounts)?;
                session.ends_at
            }
        };
        (end > OffsetDateTime::now_utc()).then_some(end)
    }

    pub(super) fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.accounts.borrow())
    }
}

/// Who a session belongs to and what they may do now; nobody once it has ended, or they have another password.
fn holder(session: &Session, accounts: &Accounts) -> Option<(UserName, accounts::Role)> {
    let user = accounts.user(&session.user.parse().ok()?)?;
    let holds = session.ends_at > OffsetDateTime::now_utc()
        && user.password.mark().as_str() == session.password_mark;
    holds.then(|| (user.name.clone(), user.role))
}

/// By which a session is kept.
pub(super) fn key(secret: &Secret) -> SessionKey {
    let digest = secret.digest();
    let key = digest.as_str().parse();
    key.expect("a SHA-256 is a session's key")
}
