//! What a gateway is told when it starts.

use std::{borrow::Cow, num::NonZeroU32, time::Duration};

use crate::proxies::Proxies;

/// The API description every service's part was merged into; what is routed is what it says.
pub const DOCUMENT: &str = include_str!("../../../openapi/gateway.json");

/// Where everything is, and how much is allowed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base of our public address; also the issuer and the audience of every token.
    pub public_url: String,
    /// Where the tenants service answers: `http://127.0.0.1:4001`.
    pub tenants_url: String,
    /// Where the budgets service answers.
    pub budgets_url: String,
    /// Where the governance service answers.
    pub governance_url: String,
    /// A Redis shared by all gateways, for the limits; without one each gateway counts alone.
    pub redis_url: Option<String>,
    /// Proxies before the gateway that are believed about who asked them.
    pub proxies: Proxies,
    /// How long Redis may take to answer before it is done without.
    pub redis_answers_within: Duration,
    /// How long and how much a connection may take.
    pub limits: web::Limits,
    /// The most the file of an import may hold, in bytes. It goes through as it comes.
    pub file_bytes_max: u64,
    /// How often callers may ask.
    pub rates: Rates,
    /// How long a service may take to answer; also between two pieces of its answer.
    pub forward_deadline: Duration,
    /// How often the epochs are asked for.
    pub epochs_every: Duration,
    /// The API description to route by.
    pub document: Cow<'static, str>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".into(),
            tenants_url: "http://127.0.0.1:4001".into(),
            budgets_url: "http://127.0.0.1:4002".into(),
            governance_url: "http://127.0.0.1:4003".into(),
            redis_url: None,
            proxies: Proxies::default(),
            redis_answers_within: Duration::from_millis(50),
            // The door lingers by itself where something is left unread.
            limits: web::Limits { patience: std::time::Duration::ZERO, ..web::Limits::default() },
            file_bytes_max: 1024 * 1024 * 1024,
            rates: Rates::default(),
            forward_deadline: Duration::from_secs(30),
            epochs_every: Duration::from_secs(5),
            document: Cow::Borrowed(DOCUMENT),
        }
    }
}

/// How many requests in a second, and how many at once after a pause.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// The steady pace; up to a million.
    pub per_second: NonZeroU32,
    /// The most at once.
    pub burst: NonZeroU32,
}

impl Rate {
    /// A pace and a burst; at least one of each.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self { per_second: at_least_one(per_second.min(1_000_000)), burst: at_least_one(burst) }
    }
}

/// How often callers may ask.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// One API client.
    pub client: Rate,
    /// All clients of one borough together.
    pub borough: Rate,
    /// One address, with no token or a bad one.
    pub address: Rate,
    /// Refused requests for a token, from one address in one client's name, in a minute.
    pub refused_tokens_a_minute: NonZeroU32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            client: Rate::new(200, 1000),
            borough: Rate::new(1000, 2000),
            address: Rate::new(200, 1000),
            refused_tokens_a_minute: NonZeroU32::MIN.saturating_add(19),
        }
    }
}
