//! The connections that are open, and which of them gives way to a new one.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::{Mutex, MutexGuard};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Limits, network};

/// The connections that are open.
///
/// A new one beyond the limits takes the place of one that waits: for a request, for the rest of its head, or for its client
/// to read. So whoever holds connections without using them shuts nobody out.
pub(crate) struct Connections {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last_id: u64,
    by_id: HashMap<u64, Connection>,
    per_address: HashMap<IpAddr, usize>,
}

struct Connection {
    address: IpAddr,
    is_by_proxy: bool,
    /// `None` while a request is being answered.
    waits_since: Option<Instant>,
    ended: CancellationToken,
}

/// A connection that is open; no more when this is dropped.
pub(crate) struct Admitted {
    connections: Arc<Connections>,
    id: u64,
    ended: CancellationToken,
}

/// Marks that a request is being answered, until this is dropped.
pub(crate) struct Answering {
    connections: Arc<Connections>,
    id: u64,
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Connections {
            limits,
            open: Mutex::default(),
        })
    }

    /// Lets a connection in; another one may be ended for it. `None` where all that could be ended are being answered.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Admitted> {
        let peer = peer.to_canonical();
        let is_by_proxy = self.limits.proxies.iter().any(|net| net.contains(&peer));
        let address = network(peer);
        let mut open = self.lock();
        if !is_by_proxy && open.of(address) >= self.limits.per_address {
            let waiting = open.longest_waiting(|connection| connection.address == address)?;
            open.end(waiting, "address");
        }
        if open.by_id.len() >= self.limits.connections {
            let waiting = open.to_give_way()?;
            open.end(waiting, "all");
        }
        let ended = CancellationToken::new();
        let id = open.add(Connection {
            address,
            is_by_proxy,
            waits_since: Some(Instant::now()),
            ended: ended.clone(),
        });
        Some(Admitted {
            connections: Arc::clone(self),
            id,
            ended,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock()
    }
}

impl Admitted {
    /// Cancelled when the connection is to give way to another one.
    pub(crate) fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    /// From now on a request is being answered.
    pub(crate) fn answering(&self) -> impl Fn() -> Answering + Clone + use<> {
        let (connections, id) = (Arc::clone(&self.connections), self.id);
        move || {
            connections.lock().set_waiting(id, None);
            Answering {
                connections: Arc::clone(&connections),
                id,
            }
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.connections.lock().remove(self.id);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.set_waiting(self.id, Some(Instant::now()));
    }
}

impl Open {
    fn add(&mut self, connection: Connection) -> u64 {
        self.last_id += 1;
        *self.per_address.entry(connection.address).or_default() += 1;
        self.by_id.insert(self.last_id, connection);
        self.last_id
    }

    fn remove(&mut self, id: u64) -> Option<Connection> {
        let connection = self.by_id.remove(&id)?;
        if let Some(count) = self.per_address.get_mut(&connection.address) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&connection.address);
            }
        }
        Some(connection)
    }

    fn of(&self, address: IpAddr) -> usize {
        self.per_address.get(&address).copied().unwrap_or_default()
    }

    fn set_waiting(&mut self, id: u64, since: Option<Instant>) {
        if let Some(connection) = self.by_id.get_mut(&id) {
            connection.waits_since = since;
        }
    }

    fn end(&mut self, id: u64, limit: &'static str) {
        if let Some(connection) = self.remove(id) {
            connection.ended.cancel();
            metrics::counter!("framewatch_http_connections_ended_total", "limit" => limit)
                .increment(1);
        }
    }

    /// The one of these connections that has waited longest.
    fn longest_waiting(&self, which: impl Fn(&Connection) -> bool) -> Option<u64> {
        let waiting = self.by_id.iter().filter(|(_, it)| which(it));
        let waiting = waiting.filter_map(|(id, it)| Some((it.waits_since?, *id)));
        waiting.min().map(|(_, id)| id)
    }

    /// One of whoever has the most connections; of a proxy's only where nobody else has any that waits.
    fn to_give_way(&self) -> Option<u64> {
        let waiting = self.by_id.values().filter(|it| it.waits_since.is_some());
        let greediest =
            waiting.max_by_key(|it| (!it.is_by_proxy, self.of(it.address), it.address))?;
        self.longest_waiting(|it| it.address == greediest.address)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    fn connections(connections: usize, per_address: usize) -> Arc<Connections> {
        Connections::new(Limits {
            connections,
            per_address,
            proxies: vec!["10.0.0.0/8".parse().unwrap()],
        })
    }

    /// One that came a second after the one before.
    async fn admit(connections: &Arc<Connections>, peer: &str) -> Option<Admitted> {
        advance(Duration::from_secs(1)).await;
        connections.admit(peer.parse().unwrap())
    }

    fn is_ended(admitted: &Admitted) -> bool {
        admitted.ended().is_cancelled()
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_its_share_an_address_loses_what_has_waited_longest() {
        let connections = connections(10, 2);
        let first = admit(&connections, "192.0.2.1").await.unwrap();
        let second = admit(&connections, "192.0.2.1").await.unwrap();
        let other = admit(&connections, "192.0.2.2").await.unwrap();
        let answering = first.answering()();
        let third = admit(&connections, "::ffff:192.0.2.1").await.unwrap();
        let ended = [&first, &second, &third, &other].map(is_ended);
        assert_eq!(ended, [false, true, false, false]);

        let busy = third.answering()();
        assert!(admit(&connections, "192.0.2.1").await.is_none());
        drop((answering, busy));
        assert!(admit(&connections, "192.0.2.1").await.is_some());
        assert!(
            is_ended(&first),
            "both began to wait then, and it came first"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_are_taken_the_greediest_gives_way() {
        let connections = connections(4, 3);
        let modest = admit(&connections, "192.0.2.1").await.unwrap();
        let greedy = [
            admit(&connections, "2001:db8::1").await.unwrap(),
            admit(&connections, "2001:db8::2").await.unwrap(),
            admit(&connections, "2001:db8::3").await.unwrap(),
        ];
        let new = admit(&connections, "192.0.2.2").await.unwrap();
        assert!(!is_ended(&modest) && !is_ended(&new));
        assert_eq!(greedy.each_ref().map(is_ended), [true, false, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_has_no_share_and_gives_way_last() {
        let connections = connections(4, 1);
        let mut by_proxy = Vec::new();
        for _ in 0..3 {
            by_proxy.push(admit(&connections, "10.0.0.1").await.unwrap());
        }
        let direct = admit(&connections, "192.0.2.1").await.unwrap();
        by_proxy.push(admit(&connections, "10.0.0.1").await.unwrap());
        assert!(is_ended(&direct) && !by_proxy.iter().any(is_ended));
        drop(direct);
        let direct = admit(&connections, "192.0.2.1").await.unwrap();
        assert!(is_ended(&by_proxy[0]) && !is_ended(&direct));
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_ended_leaves_room() {
        let connections = connections(1, 1);
        for _ in 0..3 {
            let only = admit(&connections, "192.0.2.1").await.unwrap();
            let _answering = only.answering()();
        }
        assert!(connections.lock().per_address.is_empty());
    }
}
