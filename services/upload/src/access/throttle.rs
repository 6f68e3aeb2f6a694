//! How often passwords may be tried.

use std::{collections::HashMap, hash::Hash, net::IpAddr, time::Duration};

use parking_lot::{Mutex, MutexGuard};

use accounts::UserName;
use http_server::network;
use tokio::time::Instant;

/// How often passwords may be tried. Attempts that succeed do not count. Whoever guesses uses up the attempts that
/// strangers have on an account or from an address. They never use up those that its owner has on a known device.
///
/// Each copy of the service counts for itself.
pub(super) struct Throttle(Mutex<Counted>);

struct Counted {
    devices: Budgets<String>,
    accounts: Budgets<UserName>,
    accounts_by_address: Budgets<(UserName, IpAddr)>,
    addresses: Budgets<IpAddr>,
}

/// Where a password is tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attempt<'a> {
    /// On a device on which its user has logged in before.
    OnKnownDevice(&'a str),
    /// By a stranger from this address, with the name of a user or what could be one.
    On(&'a UserName, IpAddr),
    /// By a stranger with a name that nobody can have.
    OnNobody(IpAddr),
}

/// On a device, and from one address on one account: enough for somebody who mistypes, and years for whoever guesses.
const BY_ONE: Rate = Rate {
    at_once: 10,
    every: Duration::from_secs(30),
};

/// On one account, wherever from: guessing from many addresses is no way either.
const ON_AN_ACCOUNT: Rate = Rate {
    at_once: 60,
    every: Duration::from_secs(10),
};

/// From one address, behind which there may be a whole site.
const FROM_AN_ADDRESS: Rate = Rate {
    at_once: 50,
    every: Duration::from_secs(6),
};

/// `at_once` attempts, and one more each time that `every` has passed.
#[derive(Clone, Copy)]
struct Rate {
    at_once: u32,
    every: Duration,
}

/// As many of each are remembered, some hundred bytes each; beyond that those are forgotten that have tried least.
const REMEMBERED: usize = 10_000;

/// How many attempts each has left. It is kept as the moment from which on all are left again (the generic cell rate
/// algorithm, ITU-T I.371).
struct Budgets<K> {
    rate: Rate,
    whole_at: HashMap<K, Instant>,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Throttle(Mutex::new(Counted {
            devices: Budgets::new(BY_ONE),
            accounts: Budgets::new(ON_AN_ACCOUNT),
            accounts_by_address: Budgets::new(BY_ONE),
            addresses: Budgets::new(FROM_AN_ADDRESS),
        }))
    }

    /// Counts an attempt, before it is known whether it succeeds: of many at a time no more get through. Otherwise says
    /// how long to wait.
    pub(super) fn take(&self, attempt: Attempt<'_>) -> Result<(), Duration> {
        let mut counted = self.lock();
        let now = Instant::now();
        match attempt {
            Attempt::OnKnownDevice(device) => counted.devices.take(&device.to_owned(), now),
            Attempt::On(name, client) => {
                let network = network(client);
                counted.addresses.take(&network, now)?;
                let by_address = (name.clone(), network);
                counted.accounts_by_address.take(&by_address, now)?;
                counted.accounts.take(name, now)
            }
            Attempt::OnNobody(client) => counted.addresses.take(&network(client), now),
        }
    }

    /// Takes an attempt back that succeeded.
    pub(super) fn give_back(&self, attempt: Attempt<'_>) {
        let mut counted = self.lock();
        match attempt {
            Attempt::OnKnownDevice(device) => counted.devices.give_back(&device.to_owned()),
            Attempt::On(name, client) => {
                let network = network(client);
                counted.addresses.give_back(&network);
                let by_address = (name.clone(), network);
                counted.accounts_by_address.give_back(&by_address);
                counted.accounts.give_back(name);
            }
            Attempt::OnNobody(client) => counted.addresses.give_back(&network(client)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock()
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

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn address(last: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(last).into()
    }

    #[tokio::test(start_paused = true)]
    async fn ten_attempts_on_an_account_from_an_address_then_one_every_half_minute() {
        let throttle = Throttle::new();
        let name: UserName = "jo".parse().unwrap();
        let attempt = Attempt::On(&name, address(1));
        for _ in 0..10 {
            assert_eq!(throttle.take(attempt), Ok(()));
        }
        assert_eq!(throttle.take(attempt), Err(Duration::from_secs(30)));
        assert_eq!(throttle.take(Attempt::On(&name, address(2))), Ok(()));
        let other = "kim".parse().unwrap();
        assert_eq!(throttle.take(Attempt::On(&other, address(1))), Ok(()));

        advance(Duration::from_secs(29)).await;
        assert_eq!(throttle.take(attempt), Err(Duration::from_secs(1)));
        advance(Duration::from_secs(1)).await;
        assert_eq!(throttle.take(attempt), Ok(()));
        throttle.give_back(attempt);
        assert_eq!(throttle.take(attempt), Ok(()));
        assert!(throttle.take(attempt).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn sixty_attempts_on_an_account_from_many_addresses_leave_the_known_device_its_own() {
        let throttle = Throttle::new();
        let name: UserName = "jo".parse().unwrap();
        for last in 0..60 {
            assert_eq!(throttle.take(Attempt::On(&name, address(last))), Ok(()));
        }
        let stranger = Attempt::On(&name, address(99));
        assert_eq!(throttle.take(stranger), Err(Duration::from_secs(10)));
        let device = "jo's telephone";
        for _ in 0..10 {
            assert_eq!(throttle.take(Attempt::OnKnownDevice(device)), Ok(()));
        }
        assert!(throttle.take(Attempt::OnKnownDevice(device)).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_attempts_from_an_address_whatever_the_name() {
        let throttle = Throttle::new();
        let from = |text: &str| throttle.take(Attempt::OnNobody(text.parse().unwrap()));
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
        let attempt = Attempt::On(&name, address(1));
        for _ in 0..10 {
            assert_eq!(throttle.take(attempt), Ok(()));
        }
        for number in 0..20_000_u32 {
            let other: UserName = format!("user{number}").parse().unwrap();
            let other = Attempt::On(&other, address(number + 2));
            assert_eq!(throttle.take(other), Ok(()));
        }
        assert!(throttle.take(attempt).is_err());
        let counted = throttle.lock();
        assert_eq!(counted.accounts.whole_at.len(), REMEMBERED);
        assert_eq!(counted.accounts_by_address.whole_at.len(), REMEMBERED);
        assert_eq!(counted.addresses.whole_at.len(), REMEMBERED);
    }
}
