//! Cutting tokens off before they end: a revoked client, a suspended borough, one token handed back.
//!
//! An epoch says that tokens of a client or borough issued up to an instant are no longer good. The feed is
//! read every few seconds; one that has not been heard of for 20 seconds means 503, not trust.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use domain::BoroughId;
use serde::{Deserialize, Serialize};
use web::{Problem, problems};

use crate::{Caller, Owner};

/// How long the last feed may be trusted.
pub const STALE_AFTER: Duration = Duration::from_secs(20);

/// Tokens of one subject issued at or before `not_before` are refused.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Epoch {
    /// A client, by its id; else
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// a borough, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub borough_id: Option<BoroughId>,
    /// Seconds since 1970.
    pub not_before: i64,
}

/// A token that its client handed back (RFC 7009).
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct RevokedToken {
    /// Its own id.
    pub token_id: String,
}

/// All epochs that can still matter to a token.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EpochFeed {
    /// In no order.
    pub epochs: Vec<Epoch>,
    /// Tokens handed back that have not ended yet.
    #[serde(default)]
    pub revoked: Vec<RevokedToken>,
}

#[derive(Default)]
struct Heard {
    clients: HashMap<String, i64>,
    boroughs: HashMap<BoroughId, i64>,
    tokens: HashSet<String>,
    at: Option<Instant>,
}

/// The epochs as last heard.
#[derive(Default)]
pub struct Epochs(ArcSwap<Heard>);

impl Epochs {
    /// Takes in the feed.
    pub fn hear(&self, feed: EpochFeed) {
        let mut heard = Heard { at: Some(Instant::now()), ..Heard::default() };
        for epoch in feed.epochs {
            if let Some(client) = epoch.client_id {
                heard.clients.insert(client, epoch.not_before);
            }
            if let Some(borough) = epoch.borough_id {
                heard.boroughs.insert(borough, epoch.not_before);
            }
        }
        heard.tokens = feed.revoked.into_iter().map(|revoked| revoked.token_id).collect();
        self.0.store(Arc::new(heard));
    }

    /// Whether the feed is fresh enough to be trusted.
    #[must_use]
    pub fn fresh(&self) -> bool {
        self.0.load().at.is_some_and(|at| at.elapsed() < STALE_AFTER)
    }

    /// Goes on only where the caller's token has not been cut off.
    ///
    /// # Errors
    /// 401 where it has; 503 where we cannot know.
    pub fn admit(&self, caller: &Caller) -> Result<(), Problem> {
        let heard = self.0.load();
        if heard.at.is_none_or(|at| at.elapsed() >= STALE_AFTER) {
            return Err(Problem::new(
                &problems::UNAVAILABLE,
                "We cannot check just now whether your token still stands.",
            )
            .retry_after(5));
        }
        let borough = match &caller.owner {
            Owner::Borough(own) => heard.boroughs.get(&own.id),
            _ => None,
        };
        let cut = heard.clients.get(&caller.client_id).into_iter().chain(borough).max();
        let handed_back = heard.tokens.contains(&caller.token_id);
        if handed_back || cut.is_some_and(|not_before| caller.issued_at <= *not_before) {
            return Err(crate::verifier::unauthenticated("This token has been revoked."));
        }
        Ok(())
    }
}
