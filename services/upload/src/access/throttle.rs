use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use accounts::UserName;
use tokio::time::Instant;

/// How often passwords may be tried: on one account, and from one address. Attempts that succeed do not count.
///
/// Each copy of the service counts for itself.
pub(super) struct Throttle(Mutex<Counted>);

struct Counted {
    accounts: Budgets<UserName>,
    addresses: Budgets<IpAddr>,
}

/// On one account: enough for somebody who mistypes, and years for whoever guesses.
const ON_AN_ACCOUNT: Rate = Rate {
    at_once: 10,
    every: Duration::from_secs(30),
};

/// From one address, behind which there may be a whole site.
const FROM_AN_ADDRESS: Rate = Rate {
    at_once: 50,
    every: Duration::from_secs(6),
};

/// So many attempts, and one more each time that so much time has passed.
#[derive(Clone, Copy)]
struct Rate {
    at_once: u32,
    every: Duration,
}

/// As many accounts or addresses are remembered, some hundred bytes each; beyond that those are forgotten that have tried
/// least.
const REMEMBERED: usize = 10_000;

/// What is left to each, as the moment from which on all is left again (the generic cell rate algorithm, ITU-T I.371).
struct Budgets<K> {
    rate: Rate,
    whole_at: HashMap<K, Instant>,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Throttle(Mutex::new(Counted {
            accounts: Budgets::new(ON_AN_ACCOUNT),
            addresses: Budgets::new(FROM_AN_ADDRESS),
        }))
    }

    /// Counts an attempt, before it is known whether it succeeds: of many at a time no more get through. Otherwise says
    /// how long to wait. `name` is absent where nobody can have it.
    pub(super) fn take(&self, client: IpAddr, name: Option<&UserName>) -> Result<(), Duration> {
        let mut counted = self.lock();
        let now = Instant::now();
        counted.addresses.take(&network(client), now)?;
        match name {
            Some(name) => counted.accounts.take(name, now),
            None => Ok(()),
        }
    }

    /// Takes an attempt back that succeeded.
    pub(super) fn give_back(&self, client: IpAddr, name: &UserName) {
        let mut counted = self.lock();
        counted.addresses.give_back(&network(client));
        counted.accounts.give_back(name);
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash + Clone> Budgets<K> {
    fn new(rate: Rate) -> Self {
        Budgets {
            rate,
            whole_at: HashMap::new(),
        }
    }

    fn take(&mut self, key: &K, now: Instant) -> Result<(), Duration> {
        let Rate { at_once, every } = self.rate;
        let whole_at = self.whole_at.get(key).map_or(now, |at| now.max(*at));
        let whole_at = whole_at + every;
        let too_much = (whole_at - now).saturating_sub(every * at_once);
        if !too_much.is_zero() {
            return Err(too_much);
        }
        if !self.whole_at.contains_key(key) {
            self.make_room(now);
        }
        self.whole_at.insert(key.clone(), whole_at);
        Ok(())
    }

    fn give_back(&mut self, key: &K) {
        if let Some(whole_at) = self.whole_at.get_mut(key) {
            *whole_at -= self.rate.every;
        }
    }

    fn make_room(&mut self, now: Instant) {
        if self.whole_at.len() < REMEMBERED {
            return;
        }
        self.whole_at.retain(|_, at| *at > now);
        let least = self.whole_at.iter().min_by_key(|(_, at)| **at);
        if self.whole_at.len() >= REMEMBERED
            && let Some(key) = least.map(|(key, _)| key.clone())
        {
            self.whole_at.remove(&key);
        }
    }
}

/// What one customer of a provider has of IPv6 addresses, which is 2^64 of them at least.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn address(last: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(last).into()
    }

    #[tokio::test(start_paused = true)]
    async fn ten_attempts_on_an_account_then_one_every_half_minute_wherever_from() {
        let throttle = Throttle::new();
        let name: UserName = "jo".parse().unwrap();
        for last in 0..10 {
            assert_eq!(throttle.take(address(last), Some(&name)), Ok(()));
        }
        let told = throttle.take(address(99), Some(&name));
        assert_eq!(told, Err(Duration::from_secs(30)));
        let other = "kim".parse().unwrap();
        assert_eq!(throttle.take(address(99), Some(&other)), Ok(()));

        advance(Duration::from_secs(29)).await;
        let told = throttle.take(address(99), Some(&name));
        assert_eq!(told, Err(Duration::from_secs(1)));
        advance(Duration::from_secs(1)).await;
        assert_eq!(throttle.take(address(99), Some(&name)), Ok(()));
        throttle.give_back(address(99), &name);
        assert_eq!(throttle.take(address(99), Some(&name)), Ok(()));
        assert!(throttle.take(address(99), Some(&name)).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_attempts_from_an_address_whatever_the_name() {
        let throttle = Throttle::new();
        let from = |text: &str| throttle.take(text.parse().unwrap(), None);
        for number in 0..50 {
            assert_eq!(from(&format!("2001:db8::{number}")), Ok(()));
        }
        assert!(from("2001:db8::ffff:1:1").is_err(), "the same network");
        assert_eq!(from("2001:db8:0:1::1"), Ok(()));
        advance(Duration::from_secs(6)).await;
        assert_eq!(from("2001:db8::1"), Ok(()));
        assert!(from("2001:db8::1").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_tries_most_is_not_forgotten_and_memory_is_bounded() {
        let throttle = Throttle::new();
        let name: UserName = "jo".parse().unwrap();
        for last in 0..10 {
            assert_eq!(throttle.take(address(last), Some(&name)), Ok(()));
        }
        for number in 0..20_000_u32 {
            let other: UserName = format!("user{number}").parse().unwrap();
            assert_eq!(throttle.take(address(number), Some(&other)), Ok(()));
        }
        assert!(throttle.take(address(99_999), Some(&name)).is_err());
        let counted = throttle.lock();
        assert_eq!(counted.accounts.whole_at.len(), REMEMBERED);
        assert_eq!(counted.addresses.whole_at.len(), REMEMBERED);
    }
}
