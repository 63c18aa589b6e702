//! The count of this process: a GCRA a key, in memory.
//!
//! Keys are hashes, keyed anew at every start: nothing is allocated to ask, and nobody can aim at another's.

use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use auth::{Caller, Owner};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use super::{Left, Whose};
use crate::settings::{Rate, Rates};

type Counter = RateLimiter<u64, DashMapStateStore<u64>, DefaultClock, StateInformationMiddleware>;

pub(super) struct Local {
    clients: Counter,
    boroughs: Counter,
    addresses: Counter,
    hash: RandomState,
    clock: DefaultClock,
}

impl Local {
    pub(super) fn new(rates: Rates) -> Self {
        Self {
            clients: counter(rates.client),
            boroughs: counter(rates.borough),
            addresses: counter(rates.address),
            hash: RandomState::new(),
            clock: DefaultClock::default(),
        }
    }

    /// One request of the client's, and of its borough's where it has one and the client's was left.
    pub(super) fn take(&self, caller: &Caller) -> [Option<(Whose, Left)>; 2] {
        let client = self.ask(&self.clients, self.hash.hash_one(&caller.client_id));
        let borough = match &caller.owner {
            Owner::Borough(own) if client.wait.is_none() => {
                Some((Whose::Borough, self.ask(&self.boroughs, self.hash.hash_one(own.id))))
            }
            _ => None,
        };
        [Some((Whose::Client, client)), borough]
    }

    /// One request of the address's; how long to wait where none is left.
    pub(super) fn take_address(&self, address: IpAddr) -> Option<Duration> {
        self.ask(&self.addresses, self.hash.hash_one(household(address))).wait
    }

    pub(super) fn forget(&self) {
        for counter in [&self.clients, &self.boroughs, &self.addresses] {
            counter.retain_recent();
            counter.shrink_to_fit();
        }
    }

    fn ask(&self, counter: &Counter, key: u64) -> Left {
        match counter.check_key(&key) {
            Ok(snapshot) => Left { remaining: snapshot.remaining_burst_capacity(), wait: None },
            Err(not_until) => Left { remaining: 0, wait: Some(not_until.wait_time_from(self.clock.now())) },
        }
    }
}

fn counter(rate: Rate) -> Counter {
    let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
    RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>()
}

/// One network of IPv6 holds more addresses than could be counted: its first 64 bits count as one.
pub(super) fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        four => four,
    }
}
