//! Issuing access tokens: OAuth client credentials (RFC 6749 §4.4), or the ID token of a person (RFC 8693), answered with a
//! token of RFC 9068; and taking them back.

mod credentials;
mod exchange;
mod form;
pub(crate) mod http;
mod proof;
mod refused;
pub(crate) mod revocation;
mod store;

use std::sync::Arc;

use auth::{Caller, Claims, Trust, Verifier};
use chrono::{DateTime, Utc};
use web::Problem;

use crate::{key_sets::KeySets, signing_keys::SigningKeys};

/// What tokens are issued with.
pub(crate) struct Issuer {
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) key_sets: Arc<KeySets>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) trust: Trust,
}

impl Issuer {
    /// Signs the token of a caller.
    fn sign(&self, caller: &Caller, now: DateTime<Utc>) -> Result<String, Problem> {
        let claims = Claims::of(caller, &self.trust, caller.token_id.clone());
        let signer = self.keys.signer(now).ok_or_else(|| Problem::internal("there is no key to sign with"))?;
        signer.sign(&claims).map_err(Problem::internal)
    }

    /// Where tokens are asked for.
    fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.trust.issuer)
    }

    /// Where tokens are handed back.
    fn revocation_endpoint(&self) -> String {
        format!("{}/oauth2/revoke", self.trust.issuer)
    }
}
