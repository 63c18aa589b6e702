//! The secret of an API client: 256 random bits, shown once, kept as a hash.

use std::fmt;

use aws_lc_rs::{constant_time, rand};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::Mode;

/// A secret, on its way to whoever asked for it. Its prefix says what it is, in case it is found somewhere.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A new one. `mode` is visible in it: `tfl_live_…`, `tfl_sandbox_…`.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self(format!("tfl_{}_{}", mode.as_str(), BASE64_URL_SAFE_NO_PAD.encode(random::<32>())))
    }

    /// The text to show, once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept: 256 random bits need no slow hash.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// The part that may be shown again, to tell one from another.
    #[must_use]
    pub fn hint(&self) -> String {
        self.0.chars().take(self.0.len().saturating_sub(37)).collect()
    }

    /// Whether `presented` is the secret whose hash was kept; takes the same time whichever it is.
    #[must_use]
    pub fn matches(presented: &str, kept: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&Sha256::digest(presented), kept).is_ok()
    }

    /// Ten characters that make a `client_id` its own.
    #[must_use]
    pub fn id_suffix() -> String {
        random::<5>().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_only_itself() {
        let (one, other) = (ClientSecret::new(Mode::Live), ClientSecret::new(Mode::Live));
        assert!(one.reveal().starts_with("tfl_live_"));
        assert!(ClientSecret::matches(one.reveal(), &one.hash()));
        assert!(!ClientSecret::matches(other.reveal(), &one.hash()));
        assert!(!ClientSecret::matches("", &one.hash()));
        assert!(one.hint().len() < 20 && one.reveal().starts_with(&one.hint()));
        assert!(!format!("{one:?}").contains(one.reveal()));
    }
}
