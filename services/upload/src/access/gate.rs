use std::{sync::Arc, time::Duration};

use accounts::{Accounts, FileError, Token, UsersFile};
use time::OffsetDateTime;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until},
};

use super::Visitor;
use crate::problem::{Kind, Problem};

/// What lets in those who have an account or a token, and nobody else.
pub(crate) struct Gate {
    accounts: watch::Receiver<Arc<Accounts>>,
}

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The farthest that anything is planned ahead; it is looked at again then.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Gate {
    /// Reads the file; the future follows its changes. `ours` is a token that holds besides.
    pub(super) fn open(
        file: UsersFile,
        ours: Option<Token>,
    ) -> Result<(Self, impl Future<Output = ()> + use<>), FileError> {
        let bytes = file.bytes()?;
        let accounts = with(file.parse(&bytes)?, ours.as_ref());
        say_what_is_unusual(&file, &accounts);
        let (sender, receiver) = watch::channel(Arc::new(accounts));
        let gate = Gate { accounts: receiver };
        Ok((gate, follow(file, ours, bytes, sender)))
    }

    /// Whose token it is.
    pub(crate) fn admit_token(&self, presented: &str) -> Result<Visitor, Problem> {
        let accounts = Arc::clone(&self.accounts.borrow());
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

    /// Waits until somebody is no longer let in.
    pub(crate) async fn until_over(&self, visitor: &Visitor) {
        let mut accounts = self.accounts.clone();
        while let Some(end) = self.end(visitor) {
            let left = (end - OffsetDateTime::now_utc()).max(time::Duration::ZERO);
            let left = left.unsigned_abs().min(A_DAY);
            tokio::select! {
                () = sleep_until(Instant::now() + left) => {}
                changed = accounts.changed() => if changed.is_err() {
                    // Nobody follows the file any more, which is so at shutdown only.
                    return;
                },
            }
        }
    }

    /// Until when somebody is let in as things stand; `None` if they are not.
    fn end(&self, visitor: &Visitor) -> Option<OffsetDateTime> {
        let accounts = self.accounts.borrow();
        let end = match visitor {
            Visitor::Anyone | Visitor::Nobody => return None,
            Visitor::Program { token, .. } => accounts.token(token)?.expires,
        };
        (end > OffsetDateTime::now_utc()).then_some(end)
    }
}

fn with(mut accounts: Accounts, ours: Option<&Token>) -> Accounts {
    if let Some(token) = ours {
        accounts.add_token(token.clone());
    }
    accounts
}

fn say_what_is_unusual(file: &UsersFile, accounts: &Accounts) {
    let path = file.path().display();
    if file.is_open_to_others() {
        tracing::warn!(%path, "everybody on this machine can read the users file, and try passwords on it; chmod 600 helps");
    }
    if accounts.users().len() + accounts.tokens().len() == 0 {
        tracing::warn!(%path, "there is no user and no token in the users file: nobody can come in");
    }
}

/// What a look at the file found, to tell whether the next one finds anything else.
#[derive(PartialEq, Eq)]
enum Seen {
    Bytes(Vec<u8>),
    Nothing(String),
}

/// Takes in every change. What cannot be read changes nothing: those who had been let in go on, and nobody else.
async fn follow(
    file: UsersFile,
    ours: Option<Token>,
    bytes: Vec<u8>,
    accounts: watch::Sender<Arc<Accounts>>,
) {
    let mut last = Seen::Bytes(bytes);
    loop {
        sleep(LOOK_EVERY).await;
        let reading = spawn_blocking({
            let file = file.clone();
            move || file.bytes()
        });
        let Ok(bytes) = reading.await else { return };
        let (seen, read) = match bytes {
            Ok(bytes) => {
                let read = file.parse(&bytes);
                (Seen::Bytes(bytes), read)
            }
            Err(error) => (Seen::Nothing(error.to_string()), Err(error)),
        };
        if seen == last {
            continue;
        }
        last = seen;
        match read {
            Ok(read) => {
                let read = with(read, ours.as_ref());
                tracing::info!(path = %file.path().display(), users = read.users().len(), tokens = read.tokens().len(), "the users file has changed");
                say_what_is_unusual(&file, &read);
                accounts.send_replace(Arc::new(read));
            }
            Err(error) => tracing::error!(
                error = event_bus::with_causes(&error),
                "the users file has changed and cannot be used: what it held before still holds"
            ),
        }
    }
}
