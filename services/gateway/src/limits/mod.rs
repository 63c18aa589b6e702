//! How often a caller may ask: an allowance a client, one a borough, one an address.
//!
//! The count of this process comes first and costs nothing to ask. Where a Redis is shared, it has the last
//! word; where it is slow or gone, the local count stands alone. It is never a reason to fail.

mod local;
mod refused_tokens;
mod shared;

use std::{net::IpAddr, time::Duration};

use auth::{Caller, Owner};
use axum::http::{HeaderName, HeaderValue};
use tokio_util::sync::CancellationToken;
use web::{Problem, problems, telemetry::measures};

use self::{local::Local, shared::Shared};
use crate::settings::{Rate, Rates, Settings};

pub(crate) use refused_tokens::RefusedTokens;

/// What is left, on every answer to a known caller (draft-ietf-httpapi-ratelimit-headers).
pub(crate) const LEFT: HeaderName = HeaderName::from_static("ratelimit");
/// What is allowed.
pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Whose allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Client,
    Borough,
}

impl Whose {
    fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Borough => "borough",
        }
    }
}

/// What is left of an allowance after a request, or how long to wait for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    remaining: u32,
    wait: Option<Duration>,
}

/// Keeps every limit.
pub(crate) struct Limiter {
    local: Local,
    shared: Option<Shared>,
    rates: Rates,
    policy_of_borough: HeaderValue,
    policy_of_others: HeaderValue,
}

/// The two headers that tell a caller where it stands.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) left: HeaderValue,
    pub(crate) policy: HeaderValue,
}

impl Limiter {
    pub(crate) fn new(settings: &Settings, stop: &CancellationToken) -> anyhow::Result<Self> {
        let rates = settings.rates;
        let client = policy(Whose::Client, rates.client);
        let borough = format!("{client}, {}", policy(Whose::Borough, rates.borough));
        Ok(Self {
            local: Local::new(rates),
            shared: settings.redis_url.as_deref().map(|url| Shared::at(url, settings, stop)).transpose()?,
            rates,
            policy_of_borough: HeaderValue::try_from(borough)?,
            policy_of_others: HeaderValue::try_from(client)?,
        })
    }

    /// Whether a Redis was named and is away: then each gateway counts alone.
    pub(crate) fn counts_alone(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| !shared.is_linked())
    }

    /// Takes one request from the caller's allowances, and says where it stands; `Err` over the limit.
    pub(crate) async fn take(&self, caller: &Caller) -> (Option<Standing>, Result<(), Problem>) {
        let (mut left, mut by) = (self.local.take(caller), "here");
        if left.iter().flatten().all(|(_, left)| left.wait.is_none())
            && let Some(shared) = &self.shared
            && let Some(counted) = shared.take(caller).await
        {
            (left, by) = (counted, "redis");
        }
        let standing = self.standing(caller, left);
        let over = left.into_iter().flatten().find_map(|(whose, left)| Some((whose, left.wait?)));
        measures::limiter(by, if over.is_some() { "refused" } else { "allowed" }).increment(1);
        let verdict = over.map_or(Ok(()), |(whose, wait)| Err(over_limit(whose.name(), wait)));
        (standing, verdict)
    }

    /// Takes one request from the allowance of an address that showed no token, or a bad one.
    ///
    /// # Errors
    /// 429 over the limit.
    pub(crate) fn take_address(&self, address: IpAddr) -> Result<(), Problem> {
        self.local.take_address(address).map_or(Ok(()), |wait| Err(over_limit("address", wait)))
    }

    /// Forgets those who have not asked for a while, until `stop`.
    pub(crate) async fn forget(&self, stop: CancellationToken) {
        while tokio::time::timeout(Duration::from_secs(10), stop.cancelled()).await.is_err() {
            self.local.forget();
        }
    }

    fn standing(&self, caller: &Caller, left: [Option<(Whose, Left)>; 2]) -> Option<Standing> {
        use std::fmt::Write;
        let mut text = String::with_capacity(64);
        for (whose, left) in left.into_iter().flatten() {
            let rate = match whose {
                Whose::Client => self.rates.client,
                Whose::Borough => self.rates.borough,
            };
            let used = rate.burst.get().saturating_sub(left.remaining);
            let full_in = used.div_ceil(rate.per_second.get()).max(1);
            let comma = if text.is_empty() { "" } else { ", " };
            write!(text, "{comma}\"{}\";r={};t={full_in}", whose.name(), left.remaining).ok()?;
        }
        let policy = match caller.owner {
            Owner::Borough(_) => &self.policy_of_borough,
            _ => &self.policy_of_others,
        };
        Some(Standing { left: HeaderValue::try_from(text).ok()?, policy: policy.clone() })
    }
}

fn policy(whose: Whose, rate: Rate) -> String {
    format!("\"{}\";q={};w=1;burst={}", whose.name(), rate.per_second, rate.burst)
}

fn over_limit(whose: &str, wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new(&problems::RATE_LIMITED, format_args!("The allowance of your {whose} is used up for now."))
        .retry_after(seconds.max(1))
}
