//! The key sets that clients and identity providers publish (RFC 7517), fetched when they are needed, and kept.
//!
//! A set is good for five minutes. A key that is not in it may be new: then it is asked for again, at most once in half
//! a minute however many assertions or ID tokens name it, and by one asker at a time. Where it cannot be had the last one
//! stands, an hour at most.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use auth::ClientKey;
use moka::sync::Cache;
use tokio::sync::Mutex;
use web::Outbound;

/// The most a set may hold, in bytes.
const LARGEST: usize = 64 * 1024;
const FRESH: Duration = Duration::from_secs(300);
const STALE: Duration = Duration::from_secs(3600);
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(30);
const MOST_SETS: u64 = 10_000;

#[derive(Default)]
struct Kept {
    keys: Option<(Arc<Vec<ClientKey>>, Instant)>,
    /// When it was last asked for a key it did not hold, or could not be had.
    asked: Option<Instant>,
}

impl Kept {
    fn younger_than(&self, age: Duration) -> Option<Arc<Vec<ClientKey>>> {
        self.keys.as_ref().filter(|(_, at)| at.elapsed() < age).map(|(keys, _)| keys.clone())
    }

    fn may_ask(&self) -> bool {
        self.asked.is_none_or(|at| at.elapsed() >= ASKED_AGAIN_AFTER)
    }
}

/// The sets, by their addresses.
pub(crate) struct KeySets {
    outbound: Outbound,
    kept: Cache<String, Arc<Mutex<Kept>>>,
}

impl KeySets {
    pub(crate) fn new(outbound: Outbound) -> Self {
        let kept = Cache::builder().max_capacity(MOST_SETS).time_to_idle(STALE).build();
        Self { outbound, kept }
    }

    /// The way out that sets are fetched by.
    pub(crate) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    async fn fetch(&self, address: &str) -> Result<Vec<ClientKey>, String> {
        let answer = self.outbound.get(address, LARGEST).await.map_err(|why| why.to_string())?;
        ClientKey::read_set(&answer.body).map_err(|why| why.to_string())
    }

    /// Asks an address that a client is to publish its keys at.
    pub(crate) async fn try_out(&self, address: &str) -> Result<(), String> {
        let keys = self.fetch(address).await.map_err(|why| format!("No keys can be had there: {why}."))?;
        let kept = Kept { keys: Some((Arc::new(keys), Instant::now())), asked: None };
        self.kept.insert(address.to_owned(), Arc::new(Mutex::new(kept)));
        Ok(())
    }

    /// The keys published at an address, in which `kid` is looked for, if one is named.
    pub(crate) async fn find(&self, address: &str, kid: Option<&str>) -> Result<Arc<Vec<ClientKey>>, String> {
        let slot = self.kept.get_with(address.to_owned(), Arc::default);
        let mut kept = slot.lock().await;
        let named =
            |keys: &[ClientKey]| kid.is_none_or(|kid| keys.iter().any(|key| key.kid == kid || key.thumbprint == kid));
        let fresh = kept.younger_than(FRESH);
        if let Some(keys) = &fresh
            && (named(keys) || !kept.may_ask())
        {
            return Ok(keys.clone());
        }
        if !kept.may_ask() {
            return kept.younger_than(STALE).ok_or_else(|| "it could not be reached a moment ago".to_owned());
        }
        let again = fresh.is_some();
        let fetched = self.fetch(address).await;
        if again || fetched.is_err() {
            kept.asked = Some(Instant::now());
        }
        match fetched {
            Ok(keys) => {
                let keys = Arc::new(keys);
                kept.keys = Some((keys.clone(), Instant::now()));
                Ok(keys)
            }
            Err(why) => {
                tracing::warn!(why, "a key set could not be fetched");
                kept.younger_than(STALE).ok_or(why)
            }
        }
    }
}
