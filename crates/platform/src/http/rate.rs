//! A bucket of tokens for each address that asks without a login.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::auth::network;

/// A bucket holds the tokens of so many seconds.
const BURST: f64 = 10.0;
/// So many addresses are remembered; beyond them the full buckets are forgotten.
const REMEMBERED: usize = 50_000;

/// Who asked how often in the last seconds.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: AtomicU32,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Rate {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.into(), buckets: Mutex::default() }
    }

    /// From now on so many requests a second.
    pub(super) fn set(&self, per_second: u32) {
        self.per_second.store(per_second, Ordering::Relaxed);
    }

    /// Takes a token; how long to wait for the next where there is none.
    pub(super) fn take(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        if address.to_canonical().is_loopback() {
            return None;
        }
        let per_second = f64::from(self.per_second.load(Ordering::Relaxed));
        let most = per_second * BURST;
        let full = |bucket: &Bucket| bucket.tokens + per_second * (now - bucket.at).as_secs_f64() >= most;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| !full(bucket));
        }
        let bucket = buckets.entry(network(address)).or_insert(Bucket { tokens: most, at: now });
        bucket.tokens = (bucket.tokens + per_second * (now - bucket.at).as_secs_f64()).min(most);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return Some(Duration::from_secs_f64((1.0 - bucket.tokens) / per_second));
        }
        bucket.tokens -= 1.0;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_is_let_through_and_then_the_rate() {
        let (rate, now) = (Rate::new(2), Instant::now());
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        assert!((0..20).all(|_| rate.take(address, now).is_none()));
        assert_eq!(rate.take(address, now), Some(Duration::from_millis(500)));
        assert_eq!(rate.take("192.0.2.2".parse().unwrap(), now), None);
        let later = now + Duration::from_secs(1);
        assert!((0..2).all(|_| rate.take(address, later).is_none()));
        assert!(rate.take(address, later).is_some());
    }

    #[tokio::test]
    async fn another_rate_holds_at_once() {
        let (rate, now) = (Rate::new(2), Instant::now());
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        rate.set(1);
        assert!((0..10).all(|_| rate.take(address, now).is_none()));
        assert_eq!(rate.take(address, now), Some(Duration::from_secs(1)));
    }

    #[tokio::test]
    async fn loopback_has_no_limit_and_a_network_one() {
        let (rate, now) = (Rate::new(1), Instant::now());
        assert!((0..100).all(|_| rate.take("::1".parse().unwrap(), now).is_none()));
        assert!((0..10).all(|host| rate.take(format!("2001:db8::{host}").parse().unwrap(), now).is_none()));
        assert!(rate.take("2001:db8::ffff".parse().unwrap(), now).is_some());
    }
}
