//! Logging in and out.

use std::{net::IpAddr, time::Duration};

use accounts::{KnownDevice, Secret, User, UserName};
use event_bus::{Session, SessionKey};
use time::OffsetDateTime;

use crate::{
    access::{
        gate::{Gate, key},
        throttle::Attempt,
    },
    followed::log_unseen,
    problem::{Kind, Problem},
};

/// Why somebody is not logged in.
pub(crate) enum LoginRefused {
    /// Nobody has this name and this password.
    Wrong,
    /// Passwords were tried too often.
    TooOften {
        /// When the next one may be.
        again_in: Duration,
    },
    /// It cannot be known, or not be kept.
    Impossible(Problem),
}

/// What the browser is to show from now on.
pub(crate) struct LoggedIn {
    pub(crate) session: Secret,
    pub(crate) device: KnownDevice,
}

/// Sessions that a user has at most: with another one the oldest ends.
const SESSIONS: usize = 32;

impl Gate {
    /// Begins a session. `device` is what the browser shows of having been logged in on before.
    pub(crate) async fn log_in(
        &self,
        name: &str,
        password: String,
        client: IpAddr,
        device: Option<KnownDevice>,
    ) -> Result<LoggedIn, LoginRefused> {
        let name: Option<UserName> = name.parse().ok();
        let user = name
            .as_ref()
            .and_then(|name| self.accounts().user(name).cloned());
        let hash = user.as_ref().map(|user| &user.password);
        let device = device.filter(|device| hash.is_some_and(|hash| hash.knows(device)));
        let attempt = match (&device, &name) {
            (Some(device), _) => Attempt::OnKnownDevice(device.id()),
            (None, Some(name)) => Attempt::On(name, client),
            (None, None) => Attempt::OnNobody(client),
        };
        self.throttle
            .take(attempt)
            .map_err(|again_in| LoginRefused::TooOften { again_in })?;
        let verifier = match device {
            Some(_) => &self.verifier_of_known_devices,
            None => &self.verifier,
        };
        let fits = verifier
            .verify(user.as_ref().map(|user| &user.password), password)
            .await;
        let fits = fits.map_err(|overloaded| {
            let detail = format!("Not logged in: {overloaded}. Try again in a moment.");
            LoginRefused::Impossible(Kind::Busy.because(detail))
        })?;
        let user = user.filter(|_| fits).ok_or(LoginRefused::Wrong)?;
        self.throttle.give_back(attempt);
        let session = self.begin(&user).await.map_err(LoginRefused::Impossible)?;
        let device = device.unwrap_or_else(|| user.password.new_device());
        Ok(LoggedIn { session, device })
    }

    async fn begin(&self, user: &User) -> Result<Secret, Problem> {
        let secret = Secret::random();
        let now = OffsetDateTime::now_utc();
        let session = Session {
            user: user.name.to_string(),
            password_mark: user.password.mark().into(),
            began_at: now,
            ends_at: now + self.lifetime,
        };
        let sequence = self.broker.begin_session(&key(&secret), &session).await?;
        let is_seen = self.sessions.until(sequence).await;
        log_unseen(is_seen, &"a session that begins");
        for old in self.sessions.surplus(&user.name, SESSIONS) {
            self.broker.end_session(&old).await?;
        }
        Ok(secret)
    }

    /// Ends a session, here and in every other copy of the service.
    pub(crate) async fn log_out(&self, session: &SessionKey) -> Result<(), Problem> {
        self.broker.end_session(session).await?;
        let is_seen = self.sessions.until_gone(session).await;
        log_unseen(is_seen, &"a session that ends");
        Ok(())
    }
}
