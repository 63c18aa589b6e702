//! The secret of an API client, and the code of an invitation: 256 random bits, shown once, kept as a hash.
//!
//! It begins with what it is and ends with a checksum, so that a scanner of source code can tell one that was left there
//! from chance, and we one that was mistyped from one that is wrong.

use std::fmt;

use aws_lc_rs::{constant_time, rand};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::Mode;

/// 256 bits in base64url.
const RANDOM_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;

/// A secret, on its way to whoever asked for it. Its prefix says what it is, in case it is found somewhere.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A new one. `mode` is visible in it: `tfl_live_…`, `tfl_sandbox_…`; its last six characters are a checksum.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self::beginning(mode.as_str())
    }

    /// The code of an invitation: `tfl_invitation_…`, made and kept like a secret.
    #[must_use]
    pub fn of_invitation() -> Self {
        Self::beginning("invitation")
    }

    fn beginning(what: &str) -> Self {
        let text = format!("tfl_{what}_{}", BASE64_URL_SAFE_NO_PAD.encode(random::<32>()));
        let checksum = checksum(&text);
        Self(text + &checksum)
    }

    /// Whether a text cannot be a secret of ours as it was shown: mistyped, cut short, or with something added.
    /// Those made before there was a checksum pass with their length.
    #[must_use]
    pub fn is_mistyped(presented: &str) -> bool {
        let kinds = ["tfl_live_", "tfl_sandbox_", "tfl_invitation_"];
        let Some(random) = kinds.iter().find_map(|kind| presented.strip_prefix(kind)) else { return false };
        if random.len() == RANDOM_LENGTH && !presented.starts_with(kinds[2]) {
            return false;
        }
        let at = presented.len().saturating_sub(CHECKSUM_LENGTH);
        let parts = presented.is_char_boundary(at).then(|| presented.split_at(at));
        random.len() != RANDOM_LENGTH + CHECKSUM_LENGTH || parts.is_none_or(|(text, end)| checksum(text) != end)
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
        self.0.chars().take(self.0.len().saturating_sub(37 + CHECKSUM_LENGTH)).collect()
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

fn checksum(text: &str) -> String {
    let mut end = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..6]);
    end.truncate(CHECKSUM_LENGTH);
    end
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

    #[test]
    fn a_mistyped_secret_is_told_from_a_wrong_one() {
        let invited = ClientSecret::of_invitation().reveal().to_owned();
        assert!(invited.starts_with("tfl_invitation_") && !ClientSecret::is_mistyped(&invited));
        assert!(ClientSecret::is_mistyped(&invited[..invited.len() - 6]), "there was never one without a checksum");
        let secret = ClientSecret::new(Mode::Sandbox).reveal().to_owned();
        assert!(!ClientSecret::is_mistyped(&secret));
        let other = if secret.as_bytes()[20] == b'A' { "B" } else { "A" };
        let mut swapped = secret.clone();
        swapped.replace_range(20..21, other);
        for wrong in [&secret[..secret.len() - 1], &format!("{secret}x"), &swapped, "tfl_live_", "tfl_live_éééééééé"]
        {
            assert!(ClientSecret::is_mistyped(wrong), "{wrong}");
        }
        // One of before there was a checksum, and what is no secret of ours at all.
        for before in [&secret[..secret.len() - 6], "hunter2", ""] {
            assert!(!ClientSecret::is_mistyped(before), "{before}");
        }
    }
}
