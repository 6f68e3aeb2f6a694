use std::{fs, path::Path, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use redis::{ClientTlsConfig, ConnectionAddr, ConnectionInfo, TlsCertificates};
use rustls::pki_types::{CertificateDer, pem::PemObject};

/// How to log in to Redis, and whom to trust there. Secrets come from files, or with the URL from the environment.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct RedisLogin {
    /// Name to log in with; its password is in `--redis-password-file`
    #[arg(
        long,
        env = "FRAMEWATCH_REDIS_USER",
        value_name = "NAME",
        requires = "redis_password_file"
    )]
    pub redis_user: Option<String>,

    /// File with the password to log in with
    #[arg(long, env = "FRAMEWATCH_REDIS_PASSWORD_FILE", value_name = "FILE")]
    pub redis_password_file: Option<PathBuf>,

    /// File with the certificates (PEM) by which to know the server [default: those that the system trusts]
    #[arg(long, env = "FRAMEWATCH_REDIS_CA_FILE", value_name = "FILE")]
    pub redis_ca_file: Option<PathBuf>,

    /// File with the certificate (PEM) to show to the server; its key is in `--redis-key-file`
    #[arg(
        long,
        env = "FRAMEWATCH_REDIS_CERT_FILE",
        value_name = "FILE",
        requires = "redis_key_file"
    )]
    pub redis_cert_file: Option<PathBuf>,

    /// File with the key (PEM) of the certificate
    #[arg(
        long,
        env = "FRAMEWATCH_REDIS_KEY_FILE",
        value_name = "FILE",
        requires = "redis_cert_file"
    )]
    pub redis_key_file: Option<PathBuf>,
}

impl RedisLogin {
    /// Whether nothing of all this was given.
    pub fn is_empty(&self) -> bool {
        let RedisLogin {
            redis_user,
            redis_password_file,
            redis_ca_file,
            redis_cert_file,
            redis_key_file,
        } = self;
        redis_user.is_none()
            && [
                redis_password_file,
                redis_ca_file,
                redis_cert_file,
                redis_key_file,
            ]
            .into_iter()
            .all(Option::is_none)
    }

    /// What `--redis-password-file` holds.
    pub(crate) fn password(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.redis_password_file else {
            return Ok(None);
        };
        let text =
            fs::read_to_string(path).with_context(|| unreadable("redis-password-file", path))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// The server with the name and the password that were given, in place of those of its URL.
    pub(crate) fn apply(&self, server: ConnectionInfo, password: Option<&str>) -> ConnectionInfo {
        let mut settings = server.redis_settings().clone();
        if let Some(user) = &self.redis_user {
            settings = settings.set_username(user);
        }
        if let Some(password) = password {
            settings = settings.set_password(password);
        }
        server.set_redis_settings(settings)
    }

    /// What to show and to trust; `None` where nothing of that was given.
    pub(crate) fn certificates(
        &self,
        servers: &[ConnectionInfo],
    ) -> anyhow::Result<Option<TlsCertificates>> {
        if self.redis_ca_file.is_none() && self.redis_cert_file.is_none() {
            return Ok(None);
        }
        let is_tls = |it: &ConnectionInfo| matches!(it.addr(), ConnectionAddr::TcpTls { .. });
        anyhow::ensure!(
            servers.iter().all(is_tls),
            "certificates are of use only to a URL that begins with rediss:// or rediss+cluster://"
        );
        let read = |setting, path: &Path| fs::read(path).with_context(|| unreadable(setting, path));
        let root_cert = self
            .redis_ca_file
            .as_deref()
            .map(|path| read("redis-ca-file", path))
            .transpose()?;
        if let (Some(path), Some(pem)) = (&self.redis_ca_file, &root_cert) {
            anyhow::ensure!(
                CertificateDer::pem_slice_iter(pem).next().is_some(),
                "the file {}, which --redis-ca-file names, holds no certificate (PEM)",
                path.display()
            );
        }
        let client_tls = match (&self.redis_cert_file, &self.redis_key_file) {
            (Some(certificate), Some(key)) => Some(ClientTlsConfig {
                client_cert: read("redis-cert-file", certificate)?,
                client_key: read("redis-key-file", key)?,
            }),
            _ => None,
        };
        Ok(Some(TlsCertificates {
            client_tls,
            root_cert,
        }))
    }
}

fn unreadable(setting: &str, path: &Path) -> String {
    format!(
        "cannot read the file {}, which --{setting} names",
        path.display()
    )
}
