//! From the headers of a request to the caller they prove.

use std::{pin::Pin, sync::Arc};

use axum::http::{HeaderMap, header};
use domain::Clock;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use web::{Problem, problems, telemetry::measures};

use crate::{Caller, Epochs, KeySet, TokenError, Trust, token::Unchecked};

/// Whatever can tell who is asking.
pub trait Authenticate: Send + Sync {
    /// The caller the headers prove.
    fn caller<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Caller>, Problem>> + Send + 'a>>;
}

/// The one a service was started with.
pub type Gate = Arc<dyn Authenticate>;

#[derive(Clone)]
struct Verified {
    caller: Arc<Caller>,
    generation: u64,
}

/// Verifies bearer tokens, remembering those it has seen until they or their key end.
pub struct Verifier {
    trust: Trust,
    keys: Arc<KeySet>,
    epochs: Arc<Epochs>,
    clock: Clock,
    seen: Cache<[u8; 32], Verified>,
}

impl Verifier {
    /// A verifier of tokens of one issuer.
    #[must_use]
    pub fn new(trust: Trust, keys: Arc<KeySet>, epochs: Arc<Epochs>, clock: Clock) -> Self {
        let seen = Cache::builder().max_capacity(20_000).time_to_live(std::time::Duration::from_secs(3600)).build();
        Self { trust, keys, epochs, clock, seen }
    }

    async fn verify(&self, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
        let token = bearer(headers)?;
        let now = self.clock.now().timestamp();
        let digest: [u8; 32] = Sha256::digest(token).into();
        // Read before the key is: a set that changes in between makes this entry old, not wrong.
        let generation = self.keys.generation();
        let known = self.seen.get(&digest).filter(|v| v.generation == generation && v.caller.expires_at > now);
        let caller = match known {
            Some(verified) => {
                measures::token("known");
                verified.caller
            }
            None => {
                let caller = Arc::new(self.check(token, now).await.map_err(|why| refused(&why))?);
                measures::token("checked");
                self.seen.insert(digest, Verified { caller: caller.clone(), generation });
                caller
            }
        };
        self.epochs.admit(&caller)?;
        Ok(caller)
    }

    /// Who a token speaks for, where it is one of ours and has not ended: whether it was cut off is not asked.
    pub async fn speaks_for(&self, token: &str) -> Option<Caller> {
        self.check(token, self.clock.now().timestamp()).await.ok()
    }

    async fn check(&self, token: &str, now: i64) -> Result<Caller, TokenError> {
        let unchecked = Unchecked::read(token)?;
        let key = self.keys.find(&unchecked.kid).await.ok_or(TokenError::UnknownKey)?;
        unchecked.check(&key, &self.trust, now)
    }
}

impl Authenticate for Verifier {
    fn caller<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Caller>, Problem>> + Send + 'a>> {
        Box::pin(self.verify(headers))
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(one), None) = (sent.next(), sent.next()) else {
        return Err(unauthenticated("Send one access token, as Authorization: Bearer."));
    };
    let text = one.to_str().unwrap_or_default();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => Ok(token),
        _ => Err(unauthenticated("Send the access token as Authorization: Bearer.")),
    }
}

fn refused(why: &TokenError) -> Problem {
    measures::token("refused");
    tracing::info!(token.refused = %why, "a token was refused");
    match why {
        TokenError::Expired => unauthenticated("The access token has expired. Get a new one from /oauth2/token."),
        _ => unauthenticated("The access token is not one of ours, or not for this service."),
    }
}

pub(crate) fn unauthenticated(detail: &str) -> Problem {
    Problem::new(&problems::UNAUTHENTICATED, detail)
        .header(header::WWW_AUTHENTICATE, r#"Bearer realm="tenfold", error="invalid_token""#)
}
