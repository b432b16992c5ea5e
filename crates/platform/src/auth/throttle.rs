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
    /// How long this one has to wait before the next try; nothing if it may try now.
    pub(super) fn wait(&self, account: &str, address: IpAddr, now: Timestamp) -> Option<Duration> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |who: &Who, most: usize| {
            let times = failures.get(who)?;
            let oldest = times.len().checked_sub(most).and_then(|at| times.get(at))?;
            Some(now.until(oldest.later(WINDOW))).filter(|wait| !wait.is_zero())
        };
        let of_account = wait(&Who::Account(account.to_owned()), OF_ACCOUNT);
        of_account.max(wait(&Who::Address(network(address)), OF_ADDRESS))
    }

    /// Remembers a failed login.
    pub(super) fn failed(&self, account: &str, address: IpAddr, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED {
            failures.retain(|_, times| times.back().is_some_and(|last| *last > now.earlier(WINDOW)));
        }
        if failures.len() >= REMEMBERED {
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
    }

    /// Forgets the failures of an account that has logged in.
    pub(super) fn succeeded(&self, account: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&Who::Account(account.to_owned()));
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
            assert_eq!(throttle.wait("ann", address("192.0.2.1"), at(second)), None);
            throttle.failed("ann", address("192.0.2.1"), at(second));
        }
        assert_eq!(throttle.wait("ann", address("198.51.100.7"), at(5)), Some(Duration::from_secs(295)));
        assert_eq!(throttle.wait("bob", address("192.0.2.1"), at(5)), None);
        assert_eq!(throttle.wait("ann", address("192.0.2.1"), at(300)), None);
        throttle.succeeded("ann");
        assert_eq!(throttle.wait("ann", address("192.0.2.1"), at(6)), None);
    }

    #[test]
    fn twenty_failures_close_an_address_and_its_neighbours() {
        let throttle = Throttle::default();
        for user in 0..20 {
            throttle.failed(&format!("user{user}"), address("2001:db8::1"), at(0));
        }
        assert!(throttle.wait("ann", address("2001:db8::ffff"), at(1)).is_some());
        assert_eq!(throttle.wait("ann", address("2001:db8:0:1::1"), at(1)), None);
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let throttle = Throttle::default();
        for user in 0..=i64::try_from(REMEMBERED).unwrap() {
            throttle.failed(&format!("user{user}"), address("192.0.2.1"), at(user));
        }
        let remembered = throttle.failures.lock().unwrap().len();
        assert!(remembered <= REMEMBERED + 2, "{remembered}");
    }
}
