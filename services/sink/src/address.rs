//! Where Redis is: one server, or those of a cluster.

use anyhow::{Context as _, ensure};
use redis::{ConnectionInfo, IntoConnectionInfo};

/// Where Redis is.
pub(crate) enum Address {
    Server(Box<ConnectionInfo>),
    /// Some servers of a cluster, which name the others.
    Cluster(Vec<ConnectionInfo>),
}

impl Address {
    /// Reads `redis://`, `rediss://` (TLS) and `redis+unix://` URLs of a server; and of a cluster `redis+cluster://` and
    /// `rediss+cluster://`, with one host or several separated by commas.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        let of_cluster = url.split_once("+cluster://");
        let Some((scheme, rest)) = of_cluster else {
            let server = url.into_connection_info().with_context(|| {
                format!(
                    "{:?} is not a Redis URL such as redis://host:6379/",
                    event_bus::without_secrets(url)
                )
            })?;
            return Ok(Address::Server(Box::new(server)));
        };
        let shown = || {
            format!(
                "{:?} is not a URL of a Redis cluster such as redis+cluster://host:6379,host:6380",
                event_bus::without_secrets(url)
            )
        };
        ensure!(matches!(scheme, "redis" | "rediss"), shown());
        let (login, hosts) = match rest.rsplit_once('@') {
            Some((login, hosts)) => (format!("{login}@"), hosts),
            None => (String::new(), rest),
        };
        let hosts = hosts.trim_end_matches('/').split(',').map(str::trim);
        let servers = hosts.map(|host| format!("{scheme}://{login}{host}").into_connection_info());
        let servers: Vec<_> = servers.collect::<Result<_, _>>().with_context(shown)?;
        let has_database = |server: &ConnectionInfo| server.redis_settings().db() != 0;
        ensure!(
            !servers.iter().any(has_database),
            "a Redis cluster has no databases: leave the number out of its URL"
        );
        Ok(Address::Cluster(servers))
    }

    /// The same with every server changed.
    pub(crate) fn map(self, change: impl Fn(ConnectionInfo) -> ConnectionInfo) -> Self {
        match self {
            Address::Server(server) => Address::Server(Box::new(change(*server))),
            Address::Cluster(servers) => {
                Address::Cluster(servers.into_iter().map(change).collect())
            }
        }
    }

    pub(crate) fn servers(&self) -> &[ConnectionInfo] {
        match self {
            Address::Server(server) => std::slice::from_ref(server),
            Address::Cluster(servers) => servers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(url: &str) -> Vec<String> {
        let address = Address::parse(url).unwrap();
        let servers = address.servers().iter();
        servers.map(|server| server.addr().to_string()).collect()
    }

    #[test]
    fn a_cluster_is_named_by_some_of_its_servers() {
        assert_eq!(hosts("redis+cluster://one"), ["one:6379"]);
        let url = "rediss+cluster://me:secret@one:7000,two:7001, three:7002/";
        assert_eq!(hosts(url), ["one:7000", "two:7001", "three:7002"]);
        let address = Address::parse(url).unwrap();
        for server in address.servers() {
            assert_eq!(server.redis_settings().username(), Some("me"));
            assert_eq!(server.redis_settings().password(), Some("secret"));
        }
    }

    #[test]
    fn what_names_none_is_refused_without_its_password() {
        for url in [
            "http://me:secret@one",
            "redis+cluster://",
            "redis+cluster://me:secret@one,,two",
            "nats+cluster://me:secret@one",
            "redis+cluster://me:secret@one/3",
        ] {
            let error = Address::parse(url).err().unwrap();
            assert!(!format!("{error:#}").contains("secret"), "{error:#}");
        }
    }
}
