//! The keys tokens are signed and checked with.

use std::{
    collections::HashMap,
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::{fetch::fetch_json_kept, token};

/// How long a set is kept, and how long nobody's unknown key is asked for again: where it does not say itself, and at most.
const KEPT: Duration = Duration::from_secs(30);
const KEPT_AT_LEAST: Duration = Duration::from_secs(1);

/// What can be wrong with a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {path} cannot be used")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is not the kind of key we use.
    #[error("{0} is not a P-256 private key in PKCS #8")]
    NotOurs(String),
}

/// A public key as published (RFC 7517).
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq, utoipa::ToSchema)]
pub struct PublicKey {
    /// Always `EC`.
    #[schema(example = "EC")]
    pub kty: String,
    /// Always `P-256`.
    #[schema(example = "P-256")]
    pub crv: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: String,
    /// Always `ES256`.
    #[schema(example = "ES256")]
    pub alg: String,
    /// Its RFC 7638 thumbprint.
    pub kid: String,
    /// The point's x, base64url.
    pub x: String,
    /// The point's y, base64url.
    pub y: String,
}

/// A published set of keys.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<PublicKey>,
}

/// A private key that signs tokens.
pub struct Signer {
    public: PublicKey,
    signing: token::SigningKey,
}

impl Signer {
    /// Reads the key from a file, making a new one where there is none. Mode 0600.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let file = |source| KeyError::File { path: path.display().to_string(), source };
        match fs::read_to_string(path) {
            Ok(pem) => Self::from_pem(&pem).ok_or_else(|| KeyError::NotOurs(path.display().to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pem = Self::new_pem();
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder).map_err(file)?;
                }
                write_private(path, pem.as_bytes()).map_err(file)?;
                Self::from_pem(&pem).ok_or_else(|| KeyError::NotOurs(path.display().to_string()))
            }
            Err(error) => Err(file(error)),
        }
    }

    /// A new private key, PKCS #8 in PEM.
    #[must_use]
    pub fn new_pem() -> String {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("the system has random bytes");
        let der = pair.to_pkcs8v1().expect("a new key can be written");
        let text = BASE64_STANDARD.encode(der.as_ref());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    }

    /// Reads a private key, PKCS #8 in PEM; `None` where it is anything else.
    #[must_use]
    pub fn from_pem(pem: &str) -> Option<Self> {
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let der = BASE64_STANDARD.decode(text).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok()?;
        let point = pair.public_key().as_ref();
        let [4, xy @ ..] = point else { return None };
        let (x, y) = xy.split_at_checked(32)?;
        let (x, y) = (BASE64_URL_SAFE_NO_PAD.encode(x), BASE64_URL_SAFE_NO_PAD.encode(y));
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
        let kid = BASE64_URL_SAFE_NO_PAD.encode(thumbprint);
        let public =
            PublicKey { kty: "EC".into(), crv: "P-256".into(), usage: "sig".into(), alg: "ES256".into(), kid, x, y };
        Some(Self { signing: token::SigningKey::new(&der, &public.kid), public })
    }

    /// What may be published of it.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn signing(&self) -> &token::SigningKey {
        &self.signing
    }
}

/// Writes a file only its owner can read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

/// The public keys a token may be signed with, kept up to date.
pub struct KeySet {
    keys: ArcSwap<HashMap<String, token::CheckingKey>>,
    from: Option<String>,
    asked: tokio::sync::Mutex<Option<Instant>>,
    /// How long the last set may be kept, in milliseconds: as its publisher said.
    kept: AtomicU64,
    generation: AtomicU64,
}

impl KeySet {
    /// Keys that are known already.
    #[must_use]
    pub fn of(keys: &JwkSet) -> Self {
        Self {
            keys: ArcSwap::from_pointee(checking(keys)),
            from: None,
            asked: tokio::sync::Mutex::default(),
            kept: AtomicU64::new(u64::try_from(KEPT.as_millis()).unwrap_or(30_000)),
            generation: AtomicU64::new(0),
        }
    }

    /// Keys published at an address, fetched when first needed and again every 30 seconds, or as often as they say.
    #[must_use]
    pub fn published_at(address: String) -> Self {
        Self { from: Some(address), ..Self::of(&JwkSet { keys: Vec::new() }) }
    }

    /// Counts changes: what was verified under an older generation is verified again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn get(&self, kid: &str) -> Option<token::CheckingKey> {
        self.keys.load().get(kid).cloned()
    }

    /// Takes the keys that are good now.
    pub fn replace(&self, keys: &JwkSet) {
        let now = checking(keys);
        let before = self.keys.load();
        let changed = before.len() != now.len() || before.keys().any(|kid| !now.contains_key(kid));
        if changed {
            self.keys.store(Arc::new(now));
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn kept(&self) -> Duration {
        Duration::from_millis(self.kept.load(Ordering::Relaxed))
    }

    /// The key of that name; an unknown one may cause one fetch, shared by all who wait, and no more than
    /// one in the time a set is kept. A set that cannot be fetched leaves the old one standing.
    pub(crate) async fn find(&self, kid: &str) -> Option<token::CheckingKey> {
        if let Some(key) = self.get(kid) {
            return Some(key);
        }
        self.refresh(self.kept()).await;
        self.get(kid)
    }

    async fn refresh(&self, at_most_every: Duration) {
        let Some(address) = &self.from else { return };
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < at_most_every) && !self.keys.load().is_empty() {
            return;
        }
        let answer = fetch_json_kept::<JwkSet>(address).await;
        // A failure counts too: else every unknown key would ask again, one after the other.
        *asked = Some(Instant::now());
        match answer {
            Ok((set, kept)) => {
                let kept = kept.unwrap_or(KEPT).clamp(KEPT_AT_LEAST, KEPT);
                self.kept.store(u64::try_from(kept.as_millis()).unwrap_or(30_000), Ordering::Relaxed);
                self.replace(&set);
            }
            Err(error) => tracing::warn!(%error, "the key set could not be fetched; the last one stands"),
        }
    }

    /// Keeps the set fresh until `stop`.
    pub async fn keep_fresh(&self, stop: CancellationToken) {
        loop {
            // Until the first set is there, ask more often.
            self.refresh(Duration::from_millis(100)).await;
            let pause = if self.keys.load().is_empty() { Duration::from_millis(200) } else { self.kept() };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

fn checking(set: &JwkSet) -> HashMap<String, token::CheckingKey> {
    set.keys.iter().filter_map(|key| Some((key.kid.clone(), token::CheckingKey::new(key)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file() {
        let pem = Signer::new_pem();
        let (one, again) = (Signer::from_pem(&pem).expect("ours"), Signer::from_pem(&pem).expect("ours"));
        assert_eq!(one.public(), again.public());
        assert_eq!(one.public().kid.len(), 43);
        assert!(Signer::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").is_none());
    }
}
