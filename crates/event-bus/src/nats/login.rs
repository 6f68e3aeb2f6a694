//! How we say to NATS who we are, and know that it is NATS. What a login to any server has is in `server-login`.

use std::path::PathBuf;

use async_nats::{ConnectOptions, ServerAddr};
use clap::Args;
use percent_encoding::percent_decode_str;
use server_login::{Server, ServerLogin, UnusableFile, secret};

/// Whose login it is.
#[derive(Debug, Clone, Default)]
pub struct Nats;

impl Server for Nats {
    const NAME: &'static str = "nats";
}

/// How to log in to NATS, and whom to trust there. Secrets come from files, or with the URL from the environment.
#[derive(Debug, Clone, Default, Args)]
#[command(mut_arg("nats_password_file", |file| file.requires("nats_user")))]
#[group(skip)]
pub struct NatsLogin {
    /// What NATS has in common with other servers.
    #[command(flatten)]
    pub server: ServerLogin<Nats>,

    /// File with the seed of the nkey to log in with
    #[arg(long, env = "FRAMEWATCH_NATS_NKEY_FILE", value_name = "FILE",
          conflicts_with_all = ["nats_user", "nats_creds"])]
    pub nats_nkey_file: Option<PathBuf>,

    /// Credentials file (JWT and seed) to log in with
    #[arg(
        long,
        env = "FRAMEWATCH_NATS_CREDS",
        value_name = "FILE",
        conflicts_with = "nats_user"
    )]
    pub nats_creds: Option<PathBuf>,

    /// Beginning of the subjects on which answers come, which this user must be allowed to subscribe to
    /// [default: `_INBOX_` and the user's name, or `_INBOX` without one]
    #[arg(long, env = "FRAMEWATCH_NATS_INBOX_PREFIX", value_name = "PREFIX")]
    pub nats_inbox_prefix: Option<String>,
}

impl NatsLogin {
    /// Whether nothing of all this was given.
    pub fn is_empty(&self) -> bool {
        self.server.is_empty()
            && self.nats_nkey_file.is_none()
            && self.nats_creds.is_none()
            && self.nats_inbox_prefix.is_none()
    }

    /// The options with all that is needed to log in at these servers. Where an URL holds a name and a password they are
    /// used and taken out of it, unless others were given: the client would ignore them, and could log them.
    pub(crate) async fn apply(
        &self,
        mut options: ConnectOptions,
        servers: &mut [ServerAddr],
    ) -> Result<ConnectOptions, UnusableFile> {
        let from_url = take_user(servers);
        let mut user = None;
        if let (Some(name), Some(password)) = (&self.server.user, self.server.password()?) {
            user = Some((name.clone(), password));
        } else if let Some(path) = &self.nats_nkey_file {
            options = options.nkey(secret("nats-nkey-file", path)?);
        } else if let Some(path) = &self.nats_creds {
            let with_creds = options.credentials_file(path).await;
            options = with_creds.map_err(|source| UnusableFile::new("nats-creds", path, source))?;
        } else {
            user = from_url;
        }
        let inbox = self.nats_inbox_prefix.clone();
        let inbox = inbox.or(user.as_ref().map(|(name, _)| format!("_INBOX_{name}")));
        if let Some(prefix) = inbox {
            options = options.custom_inbox_prefix(prefix);
        }
        if let Some((name, password)) = user {
            options = options.user_and_password(name, password);
        }
        self.trust(options, servers)
    }

    fn trust(
        &self,
        mut options: ConnectOptions,
        servers: &[ServerAddr],
    ) -> Result<ConnectOptions, UnusableFile> {
        // The client reads these files itself, at every attempt, and would not say which setting names one that is of no use.
        let authority = self.server.authority()?;
        let certificate = self.server.certificate()?;
        // A cluster tells its other servers' addresses without saying that they are to be reached by TLS.
        let requires_tls = servers.iter().any(ServerAddr::tls_required)
            || authority.is_some()
            || certificate.is_some();
        options = options.require_tls(requires_tls);
        let ServerLogin {
            ca_file,
            cert_file,
            key_file,
            ..
        } = &self.server;
        if let Some(path) = ca_file {
            options = options.add_root_certificates(path.clone());
        }
        if let (Some(certificate), Some(key)) = (cert_file, key_file) {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        Ok(options)
    }
}

/// Takes names and passwords out of the URLs; gives those of the first that has some.
fn take_user(servers: &mut [ServerAddr]) -> Option<(String, String)> {
    let mut user = None;
    for server in servers.iter_mut().filter(|server| server.has_user_pass()) {
        let found = (
            decoded(server.username().unwrap_or_default()),
            decoded(server.password().unwrap_or_default()),
        );
        user.get_or_insert(found);
        let mut url = server.clone().into_inner();
        // An URL that has a name can be without one.
        let (Ok(()), Ok(())) = (url.set_username(""), url.set_password(None)) else {
            continue;
        };
        if let Ok(bare) = ServerAddr::from_url(url) {
            *server = bare;
        }
    }
    user
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_password_are_taken_out_of_the_url() {
        let mut servers = ["one:4222", "tls://me:p%40ss@two:4223", "nats://you:x@three"]
            .map(|url| url.parse::<ServerAddr>().unwrap());
        let user = take_user(&mut servers);
        assert_eq!(user, Some(("me".to_owned(), "p@ss".to_owned())));
        let left: Vec<_> = servers.iter().map(ServerAddr::as_url_str).collect();
        assert_eq!(left, ["nats://one:4222", "tls://two:4223", "nats://three"]);
    }
}
