//! Issuing access tokens: OAuth client credentials (RFC 6749 §4.4), answered with a token of RFC 9068; and taking them back.

mod credentials;
mod form;
pub(crate) mod http;
mod proof;
mod refused;
pub(crate) mod revocation;
mod store;

use std::sync::Arc;

use auth::{Trust, Verifier};

use crate::{key_sets::KeySets, signing_keys::SigningKeys};

/// What tokens are issued with.
pub(crate) struct Issuer {
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) key_sets: Arc<KeySets>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) trust: Trust,
}

impl Issuer {
    /// Where tokens are asked for.
    fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.trust.issuer)
    }

    /// Where tokens are handed back.
    fn revocation_endpoint(&self) -> String {
        format!("{}/oauth2/revoke", self.trust.issuer)
    }
}
