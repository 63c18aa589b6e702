//! Who is asking, and what they may do.
//!
//! Tokens (RFC 9068, ES256), the keys they are checked with, epochs that cut them off early, and the one
//! table of permissions and roles. Knows no database. `jsonwebtoken` is used in `token.rs`,
//! `client_key.rs`, `assertion.rs` and `id_token.rs`, and nowhere else.

mod assertion;
mod caller;
mod client_key;
mod client_secret;
mod epochs;
mod fetch;
mod id_token;
mod keys;
mod permissions;
mod private_file;
mod provider;
mod sealed_secret;
mod sealing;
mod strict_json;
mod token;
mod verifier;
mod webhook_secret;

pub use assertion::{ASSERTION_TYPE, Assertion, AssertionError, Believed, sign_assertion};
pub use caller::{BoroughClaim, Caller, Mode, Owner, OwnerKind, PartnerClaim, RegionClaim};
pub use client_key::{ClientKey, ClientKeyError, MOST_KEYS};
pub use client_secret::ClientSecret;
pub use epochs::{Epoch, EpochFeed, Epochs, RevokedToken, STALE_AFTER};
pub use fetch::{FetchError, fetch_json};
pub use id_token::{ID_TOKEN_TYPE, IdToken, IdTokenError, Person};
pub use keys::{JwkSet, KeyError, KeySet, PublicKey, Signer};
pub use permissions::{AnyPermission, Permission, Role, Scopes, UnknownScope, can, permissions};
pub use provider::{Provider, ProviderError};
pub use sealed_secret::{KeyEncryptionKey, SealedSecretError};
pub use sealing::{Hash, Hashing, PublicSealKey, SealKey, SealKeyError, Signature};
pub use token::{Claims, LIFETIME_SECONDS, TokenError, Trust};
pub use verifier::{Authenticate, Gate, Verifier};
pub use webhook_secret::WebhookSecret;
