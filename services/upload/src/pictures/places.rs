//! How many requests may send pictures at the same time: so many together, and half of these by one address, so that nobody
//! who sends slowly keeps everybody from uploading.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZero,
    sync::{Arc, Weak},
    time::Duration,
};

use http_server::network;
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::problem::{Kind, Problem};

/// How long a request waits for a place.
const PATIENCE: Duration = Duration::from_secs(5);

/// The places of requests that are being received.
pub(crate) struct Places {
    all: Arc<Semaphore>,
    /// How many one address may have.
    share: usize,
    /// Those of each address that has some or waits for one.
    by_address: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
}

/// The place of a request, until this is dropped.
pub(super) struct Place {
    _of_the_address: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(count: NonZero<u16>) -> Self {
        let count = usize::from(count.get());
        Places {
            all: Arc::new(Semaphore::new(count)),
            share: count.div_ceil(2),
            by_address: Mutex::default(),
        }
    }

    /// Waits a while for a place. Whoever waits behind others of the same address takes none from anybody else.
    pub(super) async fn take(&self, client: IpAddr) -> Result<Place, Problem> {
        let until = Instant::now() + PATIENCE;
        let of_address = self.of_address(network(client));
        let own = timeout_at(until, of_address.acquire_owned()).await;
        let own = own.map_err(|_| {
            let share = self.share;
            Kind::Busy.because(format!(
                "{share} uploads from your address are being received, as many as one may send at a time. Try again in a moment."
            ))
        })?;
        let all = Arc::clone(&self.all);
        let of_all = timeout_at(until, all.acquire_owned()).await;
        let of_all = of_all.map_err(|_| {
            Kind::Busy.because("Too many uploads are being received. Try again in a moment.")
        })?;
        let open = "the semaphore is never closed";
        Ok(Place {
            _of_the_address: own.expect(open),
            _of_all: of_all.expect(open),
        })
    }

    fn of_address(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut by_address = self.by_address.lock();
        if let Some(known) = by_address.get(&address).and_then(Weak::upgrade) {
            return known;
        }
        by_address.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(self.share));
        by_address.insert(address, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_has_half_and_what_it_gives_back_is_had_again() {
        let places = Places::new(NonZero::new(4).unwrap());
        let mut held = vec![
            places.take(address(1)).await.unwrap(),
            places.take(address(1)).await.unwrap(),
        ];
        let refused = places.take(address(1)).await.err().unwrap();
        assert!(refused.detail.contains("your address"), "{refused:?}");
        let others = [
            places.take(address(2)).await.unwrap(),
            places.take(address(3)).await.unwrap(),
        ];
        let refused = places.take(address(4)).await.err().unwrap();
        assert!(refused.detail.contains("Too many"), "{refused:?}");
        held.pop();
        held.push(places.take(address(1)).await.unwrap());
        drop((held, others));
        places.take(address(5)).await.unwrap();
        assert_eq!(places.by_address.lock().len(), 1);
    }

    #[tokio::test]
    async fn of_one_place_one_address_has_all() {
        let places = Places::new(NonZero::<u16>::MIN);
        places.take(address(1)).await.unwrap();
    }
}
