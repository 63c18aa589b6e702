//! Issuing access tokens: OAuth client credentials (RFC 6749 §4.4), answered with a token of RFC 9068.

pub(crate) mod http;
mod refused;
mod store;

use auth::{JwkSet, Signer, Trust};

/// What tokens are issued with.
pub(crate) struct Issuer {
    pub(crate) signer: Signer,
    pub(crate) trust: Trust,
    pub(crate) keys: JwkSet,
}
