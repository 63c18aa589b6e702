//! Guessing at secrets: refused requests for a token are counted for the address and the name they came in.
//!
//! Who guesses at one client's secret is held off from that client, and from no other; the client itself,
//! at its own address, notices nothing.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use web::{Problem, problems};

use super::local::household;

/// More names than this are not remembered at once: beyond it, the limit of the address holds alone.
const MOST: usize = 100_000;

pub(crate) struct RefusedTokens {
    drained_at: Mutex<HashMap<u64, Instant>>,
    every: Duration,
    burst: u32,
    hash: RandomState,
}

/// One request for a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt(u64);

impl RefusedTokens {
    pub(crate) fn new(a_minute: NonZeroU32) -> Self {
        let every = Duration::from_secs(60) / a_minute.get();
        Self { drained_at: Mutex::default(), every, burst: a_minute.get(), hash: RandomState::new() }
    }

    /// Goes on only where not too many were refused before.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn begin(&self, address: IpAddr, headers: &HeaderMap) -> Result<Attempt, Problem> {
        let key = self.hash.hash_one((household(address), presented_client(headers)));
        let drained = self.counted().get(&key).map(|at| at.saturating_duration_since(Instant::now()));
        let over = drained.and_then(|left| (left + self.every).checked_sub(self.every * self.burst));
        match over.filter(|over| !over.is_zero()) {
            None => Ok(Attempt(key)),
            Some(over) => Err(Problem::new(
                &problems::RATE_LIMITED,
                "Too many requests for a token were refused from your address in this client's name.",
            )
            .retry_after(over.as_secs() + 1)),
        }
    }

    /// Takes note of how it ended.
    pub(crate) fn ended(&self, attempt: Attempt, status: StatusCode) {
        if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST) {
            return;
        }
        let now = Instant::now();
        let mut counted = self.counted();
        if counted.len() >= MOST {
            counted.retain(|_, drained_at| *drained_at > now);
        }
        if counted.len() < MOST || counted.contains_key(&attempt.0) {
            let drained_at = counted.entry(attempt.0).or_insert(now);
            *drained_at = (*drained_at).max(now) + self.every;
        }
    }

    fn counted(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.drained_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client named in HTTP Basic; its secret is not looked at.
fn presented_client(headers: &HeaderMap) -> Option<String> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, pair) = sent.split_once(' ')?;
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(pair.trim()).ok())??;
    let client = pair.split(|b| *b == b':').next()?;
    Some(String::from_utf8_lossy(client).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_at_one_client_holds_off_nobody_else() {
        let refused = RefusedTokens::new(NonZeroU32::new(20).expect("not nothing"));
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let basic = |client: &str| {
            let value = format!("Basic {}", BASE64_STANDARD.encode(format!("{client}:x")));
            HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().expect("ASCII"))])
        };
        let wrong = || refused.begin(here, &basic("a")).map(|attempt| refused.ended(attempt, StatusCode::UNAUTHORIZED));
        assert_eq!((0..1000).filter(|_| wrong().is_ok()).count(), 20);
        assert!(refused.begin(here, &basic("b")).is_ok());
        assert!(refused.begin(there, &basic("a")).is_ok());
        assert!(refused.begin(here, &HeaderMap::new()).is_ok());
        let good = || refused.begin(here, &basic("c")).map(|attempt| refused.ended(attempt, StatusCode::OK));
        assert!((0..1000).all(|_| good().is_ok()));
    }
}
