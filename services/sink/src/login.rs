//! How we say to Redis who we are, and know that it is Redis. What a login to any server has is in `server-login`.

use redis::{ClientTlsConfig, ConnectionAddr, ConnectionInfo, TlsCertificates};
use server_login::{Server, ServerLogin};

/// Whose login it is.
#[derive(Debug, Clone, Default)]
pub struct Redis;

impl Server for Redis {
    const NAME: &'static str = "redis";
}

/// How to log in to Redis, and whom to trust there. Secrets come from files, or with the URL from the environment.
pub type RedisLogin = ServerLogin<Redis>;

/// The server with the name and the password that were given, in place of those of its URL.
pub(crate) fn with_login(
    server: ConnectionInfo,
    user: Option<&str>,
    password: Option<&str>,
) -> ConnectionInfo {
    let mut settings = server.redis_settings().clone();
    if let Some(user) = user {
        settings = settings.set_username(user);
    }
    if let Some(password) = password {
        settings = settings.set_password(password);
    }
    server.set_redis_settings(settings)
}

/// What to show to the servers and to trust; `None` where nothing of that was given.
pub(crate) fn certificates(
    login: &RedisLogin,
    servers: &[ConnectionInfo],
) -> anyhow::Result<Option<TlsCertificates>> {
    if login.ca_file.is_none() && login.cert_file.is_none() {
        return Ok(None);
    }
    let is_tls = |it: &ConnectionInfo| matches!(it.addr(), ConnectionAddr::TcpTls { .. });
    anyhow::ensure!(
        servers.iter().all(is_tls),
        "certificates are of use only to a URL that begins with rediss:// or rediss+cluster://"
    );
    let client_tls = login.certificate()?.map(|certificate| ClientTlsConfig {
        client_cert: certificate.chain,
        client_key: certificate.key,
    });
    Ok(Some(TlsCertificates {
        client_tls,
        root_cert: login.authority()?,
    }))
}
