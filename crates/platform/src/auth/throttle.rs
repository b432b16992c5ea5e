//! Slows down whoever guesses passwords.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tidegate_kernel::Timestamp;

/// So long a failed login counts.
const WINDOW: Duration = Duration::from_secs(300);
/// So many for an account.
const OF_ACCOUNT: usize = 5;
/// So many from an address.
const OF_ADDRESS: usize = 20;
/// So many accounts and addresses are remembered; beyond them the ones that have expired are forgotten.
const REMEMBERED: usize = 20_000;

/// Failed logins of the last minutes, in this process.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: Mutex<BTreeMap<Who, VecDeque<Timestamp>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Account(String),
    Address(IpAddr),
}

impl Throttle {
    /// Begins a try, which counts as a failed one until it succeeds: of many at once no more get through than one after the
    /// other.
    ///
    /// # Errors
    ///
    /// There were too many: how long to wait before the next.
    pub(super) fn begin(&self, account: &str, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |who: &Who, most: usize| {
            let times = failures.get(who)?;
            let oldest = times.len().checked_sub(most).and_then(|at| times.get(at))?;
            Some(now.until(oldest.later(WINDOW))).filter(|wait| !wait.is_zero())
        };
        let of_account = wait(&Who::Account(account.to_owned()), OF_ACCOUNT);
        if let Some(wait) = of_account.max(wait(&Who::Address(network(address)), OF_ADDRESS)) {
            return Err(wait);
        }
        if failures.len() >= REMEMBERED {
            failures.retain(|_, times| times.back().is_some_and(|last| *last > now.earlier(WINDOW)));
        }
        while failures.len() >= REMEMBERED {
            // more than so many at a time are an attack from everywhere; the newest addresses still count
            failures.pop_first();
        }
        for who in [Who::Account(account.to_owned()), Who::Address(network(address))] {
            let times = failures.entry(who).or_default();
            times.push_back(now);
            if times.len() > OF_ADDRESS {
                times.pop_front();
            }
        }
        Ok(())
    }

    /// Forgets the failures of an account that has logged in, and that the last try from there was one.
    pub(super) fn succeeded(&self, account: &str, address: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&Who::Account(account.to_owned()));
        if let Some(times) = failures.get_mut(&Who::Address(network(address))) {
            times.pop_back();
        }
    }
}

/// Whoever has an IPv6 address has a whole /64 of them.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 64)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_248_000 + seconds).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn five_failures_close_an_account_until_the_first_is_old() {
        let throttle = Throttle::default();
        for second in 0..5 {
            assert_eq!(throttle.begin("ann", address("192.0.2.1"), at(second)), Ok(()));
        }
        assert_eq!(throttle.begin("ann", address("198.51.100.7"), at(5)), Err(Duration::from_secs(295)));
        assert_eq!(throttle.begin("bob", address("192.0.2.1"), at(5)), Ok(()));
        assert_eq!(throttle.begin("ann", address("192.0.2.1"), at(300)), Ok(()));
        throttle.succeeded("ann", address("192.0.2.1"));
        assert_eq!(throttle.begin("ann", address("192.0.2.1"), at(6)), Ok(()));
    }

    #[test]
    fn twenty_failures_close_an_address_and_its_neighbours() {
        let throttle = Throttle::default();
        for user in 0..20 {
            throttle.begin(&format!("user{user}"), address("2001:db8::1"), at(0)).unwrap();
        }
        assert!(throttle.begin("ann", address("2001:db8::ffff"), at(1)).is_err());
        assert_eq!(throttle.begin("ann", address("2001:db8:0:1::1"), at(1)), Ok(()));
    }

    #[test]
    fn who_succeeds_is_not_counted_against_the_address() {
        let throttle = Throttle::default();
        for second in 0..100 {
            assert_eq!(throttle.begin("ann", address("192.0.2.1"), at(second)), Ok(()));
            throttle.succeeded("ann", address("192.0.2.1"));
        }
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let throttle = Throttle::default();
        for user in 0..REMEMBERED {
            let from = std::net::Ipv4Addr::from_bits(u32::try_from(user).unwrap());
            let _ = throttle.begin(&format!("user{user}"), from.into(), at(0));
        }
        let remembered = throttle.failures.lock().unwrap().len();
        assert!(remembered <= REMEMBERED + 2, "{remembered}");
    }
}
