use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use async_nats::{
    ConnectOptions, ServerAddr,
    rustls::pki_types::{CertificateDer, pem::PemObject},
};
use clap::Args;
use percent_encoding::percent_decode_str;

/// How to log in to NATS, and whom to trust there. Secrets come from files, or with the URL from the environment.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct NatsLogin {
    /// Name to log in with; its password is in `--nats-password-file`
    #[arg(
        long,
        env = "FRAMEWATCH_NATS_USER",
        value_name = "NAME",
        requires = "nats_password_file"
    )]
    pub nats_user: Option<String>,

    /// File with the password to log in with
    #[arg(
        long,
        env = "FRAMEWATCH_NATS_PASSWORD_FILE",
        value_name = "FILE",
        requires = "nats_user"
    )]
    pub nats_password_file: Option<PathBuf>,

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

    /// File with the certificates (PEM) by which to know the server [default: those that the system trusts]
    #[arg(long, env = "FRAMEWATCH_NATS_CA_FILE", value_name = "FILE")]
    pub nats_ca_file: Option<PathBuf>,

    /// File with the certificate (PEM) to show to the server; its key is in `--nats-key-file`
    #[arg(
        long,
        env = "FRAMEWATCH_NATS_CERT_FILE",
        value_name = "FILE",
        requires = "nats_key_file"
    )]
    pub nats_cert_file: Option<PathBuf>,

    /// File with the key (PEM) of the certificate
    #[arg(
        long,
        env = "FRAMEWATCH_NATS_KEY_FILE",
        value_name = "FILE",
        requires = "nats_cert_file"
    )]
    pub nats_key_file: Option<PathBuf>,

    /// Beginning of the subjects on which answers come, which this user must be allowed to subscribe to
    /// [default: `_INBOX_` and the user's name, or `_INBOX` without one]
    #[arg(long, env = "FRAMEWATCH_NATS_INBOX_PREFIX", value_name = "PREFIX")]
    pub nats_inbox_prefix: Option<String>,
}

/// A file that a setting names and that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the file {path}, which --{setting} names")]
pub struct UnreadableFile {
    /// The setting.
    pub setting: &'static str,
    /// The file.
    pub path: String,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl NatsLogin {
    /// Whether nothing of all this was given.
    pub fn is_empty(&self) -> bool {
        self.files().iter().all(|(_, path)| path.is_none())
            && self.nats_user.is_none()
            && self.nats_inbox_prefix.is_none()
    }

    /// The options with all that is needed to log in at these servers. Where an URL holds a name and a password they are
    /// used and taken out of it, unless others were given: the client would ignore them, and could log them.
    pub(crate) async fn apply(
        &self,
        mut options: ConnectOptions,
        servers: &mut [ServerAddr],
    ) -> Result<ConnectOptions, UnreadableFile> {
        for (setting, path) in self.files() {
            if let Some(path) = path {
                File::open(path).map_err(|source| unreadable(setting, path, source))?;
            }
        }
        if let Some(path) = &self.nats_ca_file {
            check_authority(path)?;
        }
        let from_url = take_user(servers);
        let mut user = None;
        if let (Some(name), Some(path)) = (&self.nats_user, &self.nats_password_file) {
            user = Some((name.clone(), line("nats-password-file", path)?));
        } else if let Some(path) = &self.nats_nkey_file {
            options = options.nkey(line("nats-nkey-file", path)?);
        } else if let Some(path) = &self.nats_creds {
            let with_creds = options.credentials_file(path).await;
            options = with_creds.map_err(|source| unreadable("nats-creds", path, source))?;
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
        Ok(self.trust(options, servers))
    }

    fn trust(&self, mut options: ConnectOptions, servers: &[ServerAddr]) -> ConnectOptions {
        // A cluster tells its other servers' addresses without saying that they are to be reached by TLS.
        let requires_tls = servers.iter().any(ServerAddr::tls_required)
            || self.nats_ca_file.is_some()
            || self.nats_cert_file.is_some();
        options = options.require_tls(requires_tls);
        if let Some(path) = &self.nats_ca_file {
            options = options.add_root_certificates(path.clone());
        }
        if let (Some(certificate), Some(key)) = (&self.nats_cert_file, &self.nats_key_file) {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        options
    }

    fn files(&self) -> [(&'static str, Option<&Path>); 6] {
        [
            ("nats-password-file", self.nats_password_file.as_deref()),
            ("nats-nkey-file", self.nats_nkey_file.as_deref()),
            ("nats-creds", self.nats_creds.as_deref()),
            ("nats-ca-file", self.nats_ca_file.as_deref()),
            ("nats-cert-file", self.nats_cert_file.as_deref()),
            ("nats-key-file", self.nats_key_file.as_deref()),
        ]
    }
}

/// The client would take a file without a certificate for an authority that signed nothing.
fn check_authority(path: &Path) -> Result<(), UnreadableFile> {
    const SETTING: &str = "nats-ca-file";
    let pem = std::fs::read(path).map_err(|source| unreadable(SETTING, path, source))?;
    let first = CertificateDer::pem_slice_iter(&pem).next();
    if first.is_none_or(|certificate| certificate.is_err()) {
        let source = io::Error::new(io::ErrorKind::InvalidData, "it holds no certificate (PEM)");
        return Err(unreadable(SETTING, path, source));
    }
    Ok(())
}

/// What a file with one secret holds, without the end of its line.
fn line(setting: &'static str, path: &Path) -> Result<String, UnreadableFile> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| unreadable(setting, path, source))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn unreadable(setting: &'static str, path: &Path, source: io::Error) -> UnreadableFile {
    UnreadableFile {
        setting,
        path: path.display().to_string(),
        source,
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
