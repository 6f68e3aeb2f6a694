//! Following the users file.

use std::{sync::Arc, time::Duration};

use accounts::{Accounts, FileError, Token, UsersFile};
use tokio::{sync::watch, task::spawn_blocking, time::sleep};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads the file; the future follows its changes. `ours` is a token that holds besides.
pub(super) fn open(
    file: UsersFile,
    ours: Option<Token>,
) -> Result<
    (
        watch::Receiver<Arc<Accounts>>,
        impl Future<Output = ()> + use<>,
    ),
    FileError,
> {
    let bytes = file.bytes()?;
    let accounts = with(file.parse(&bytes)?, ours.as_ref());
    say_what_is_unusual(&file, &accounts);
    let (sender, receiver) = watch::channel(Arc::new(accounts));
    Ok((receiver, follow(file, ours, bytes, sender)))
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

/// Takes in every change. What cannot be read changes nothing: those who had been let in go on, and nobody else.
async fn follow(
    file: UsersFile,
    ours: Option<Token>,
    bytes: Vec<u8>,
    accounts: watch::Sender<Arc<Accounts>>,
) {
    // What a look at the file found, or why it found nothing: only something else is read.
    let mut last = Ok(bytes);
    loop {
        sleep(LOOK_EVERY).await;
        let reading = spawn_blocking({
            let file = file.clone();
            move || file.bytes()
        });
        let Ok(bytes) = reading.await else { return };
        let seen = bytes.as_ref().cloned().map_err(ToString::to_string);
        if seen == last {
            continue;
        }
        last = seen;
        match bytes.and_then(|bytes| file.parse(&bytes)) {
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
