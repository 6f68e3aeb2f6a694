//! The first administrator of the web page, and a token for programs.

use std::time::Duration;

use accounts::{Note, Password, Role, Token, User, UsersFile};
use anyhow::Context as _;
use service_runtime::Failure;
use time::OffsetDateTime;

use super::folder::SecretsFolder;

pub(super) const ADMIN: &str = "admin";
pub(super) const ADMIN_PASSWORD: &str = "web-admin";

const USERS_FILE: &str = "web/users.toml";
const TOKEN_FILE: &str = "passwords/web-token";
const TOKEN_NOTE: &str = "made by deploy/init, for the demo and for scripts";
const TOKEN_HOLDS_FOR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// An administrator for the web page, and a token for programs.
pub(super) fn provision(folder: &SecretsFolder) -> Result<(), Failure> {
    let path = folder.path(USERS_FILE);
    folder.make(path.parent().expect("it is in the folder"))?;
    let file = UsersFile::new(path);
    let mut issued = None;
    let token = folder.read(TOKEN_FILE)?.unwrap_or_default();
    file.change(|accounts| {
        let admin = ADMIN.parse().context("it is a name")?;
        if accounts.user(&admin).is_none() {
            let secret = folder.password(ADMIN_PASSWORD)?.secret;
            let password = Password::new(secret.reveal().to_owned())
                .map_err(Failure::usage)?
                .hash();
            let user = User {
                name: admin,
                role: Role::Admin,
                password,
            };
            accounts.add_user(user).map_err(Failure::usage)?;
        }
        let now = OffsetDateTime::now_utc().replace_nanosecond(0)?;
        if accounts.admit(token.trim_end(), now).is_err() {
            let note: Note = TOKEN_NOTE.parse().context("it is a line")?;
            let new = Token::issue(Role::Operator, now + TOKEN_HOLDS_FOR, note);
            accounts.add_token(new.token.clone());
            issued = Some(new);
        }
        Ok::<_, Failure>(())
    })?;
    match issued {
        Some(issued) => folder.write(TOKEN_FILE, &format!("{}\n", issued.reveal())),
        None => Ok(()),
    }
}
