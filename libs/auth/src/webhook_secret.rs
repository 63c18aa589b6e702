//! What a webhook's deliveries are signed with, by Standard Webhooks: a shared secret, and a key pair.

use aws_lc_rs::{
    hmac, rand,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_STANDARD};

const HALF: usize = 32;

/// A webhook's secret and private key.
pub struct WebhookSecret {
    shared: [u8; HALF],
    seed: [u8; HALF],
    pair: Ed25519KeyPair,
}

impl WebhookSecret {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = [0; 2 * HALF];
        rand::fill(&mut bytes).expect("the system has random bytes");
        Self::of(&bytes).expect("as many bytes as it takes")
    }

    /// The one of these bytes, as [`WebhookSecret::bytes`] gave them.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let (shared, seed) = bytes.split_at_checked(HALF)?;
        let (shared, seed) = (shared.try_into().ok()?, seed.try_into().ok()?);
        Some(Self { shared, seed, pair: Ed25519KeyPair::from_seed_unchecked(&seed).ok()? })
    }

    /// Its bytes, to be kept sealed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.shared, self.seed].concat()
    }

    /// The shared secret, to show once.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(self.shared))
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> String {
        format!("whpk_{}", BASE64_STANDARD.encode(self.pair.public_key()))
    }

    /// Both signatures of a delivery, as they stand in `webhook-signature`. `timestamp` is in seconds since 1970.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let signed = format!("{id}.{timestamp}.{body}");
        let shared = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.shared), signed.as_bytes());
        let own = self.pair.sign(signed.as_bytes());
        format!("v1,{} v1a,{}", BASE64_STANDARD.encode(shared), BASE64_STANDARD.encode(own))
    }
}

impl Default for WebhookSecret {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn it_signs_as_the_standard_has_it() {
        // The example of the standard.
        let shared = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &shared), signed);
        assert_eq!(BASE64_STANDARD.encode(tag), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_kept_signs_the_same() {
        let one = WebhookSecret::new();
        let again = WebhookSecret::of(&one.bytes()).expect("its own");
        assert_eq!(one.sign("evt_1", 5, "{}"), again.sign("evt_1", 5, "{}"));
        assert_eq!((one.reveal(), one.public_key()), (again.reveal(), again.public_key()));
        let signatures = one.sign("evt_1", 5, "{}");
        let own = signatures.split(" v1a,").nth(1).expect("two of them");
        let key = BASE64_STANDARD.decode(&one.public_key()[5..]).expect("base64");
        let own = BASE64_STANDARD.decode(own).expect("base64");
        assert!(UnparsedPublicKey::new(&ED25519, key).verify(b"evt_1.5.{}", &own).is_ok());
        assert!(WebhookSecret::of(&[0; 63]).is_none());
    }
}
