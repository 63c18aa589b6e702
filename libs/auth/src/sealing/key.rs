//! Keys that seals and heads are signed with: Ed25519, in a file outside the database.

use std::{fs, io, os::unix::fs::OpenOptionsExt, path::Path};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hash::Hash;
use crate::private_file::{self, Private};

/// What can be wrong with a key.
#[derive(Debug, thiserror::Error)]
pub enum SealKeyError {
    /// The file cannot be read or written.
    #[error("the key file {path} cannot be used")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Others than its owner may read or write it.
    #[error(
        "others may read or write {0}: chmod 600 it, or chown root:GROUP and chmod 640 it with a group of the program's"
    )]
    Open(String),
    /// It is not the kind of key we use.
    #[error("{0} is not an Ed25519 private key in PKCS #8, as openssl genpkey -algorithm ed25519 makes")]
    NotOurs(String),
}

/// A public key as published (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicSealKey {
    /// Always `OKP`.
    #[schema(example = "OKP")]
    pub kty: String,
    /// Always `Ed25519`.
    #[schema(example = "Ed25519")]
    pub crv: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: String,
    /// Always `EdDSA`.
    #[schema(example = "EdDSA")]
    pub alg: String,
    /// Its RFC 7638 thumbprint.
    pub kid: String,
    /// The key, base64url.
    pub x: String,
}

impl PublicSealKey {
    /// The key of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let x = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        let kid = BASE64_URL_SAFE_NO_PAD.encode(thumbprint);
        Self { kty: "OKP".into(), crv: "Ed25519".into(), usage: "sig".into(), alg: "EdDSA".into(), kid, x }
    }

    /// The key of 32 bytes in base64url.
    #[must_use]
    pub fn of_text(x: &str) -> Option<Self> {
        Some(Self::of(&BASE64_URL_SAFE_NO_PAD.decode(x).ok().filter(|bytes| bytes.len() == 32)?))
    }

    /// The same, where it is what it says it is.
    #[must_use]
    pub fn sound(&self) -> Option<Self> {
        Self::of_text(&self.x).filter(|own| own.kid == self.kid)
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(&self.x).unwrap_or_default()
    }

    /// Whether it signed that hash as `what`.
    #[must_use]
    pub fn signed(&self, what: &str, hash: &Hash, signature: &Signature) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.bytes());
        BASE64_URL_SAFE_NO_PAD.decode(&signature.0).is_ok_and(|bytes| key.verify(&message(what, hash), &bytes).is_ok())
    }
}

/// A signature, base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 86, max_length = 86)]
pub struct Signature(String);

impl Signature {
    /// The signature of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Its bytes; none where it is no signature.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(&self.0).unwrap_or_default()
    }
}

/// What is signed: what it is, a line break, and the hash.
fn message(what: &str, hash: &Hash) -> Vec<u8> {
    [what.as_bytes(), b"\n", &hash.0].concat()
}

/// The private key.
pub struct SealKey {
    pair: Ed25519KeyPair,
    public: PublicSealKey,
}

impl SealKey {
    /// Reads the key from a file that is kept from others, 0600 or 0640 of root with a group of ours: PKCS #8 in PEM.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, or holds something else.
    pub fn load(path: &Path) -> Result<Self, SealKeyError> {
        let named = path.display().to_string();
        let file = |source| SealKeyError::File { path: named.clone(), source };
        match private_file::read(path).map_err(file)? {
            Private::Kept(pem) => Self::from_pem(&pem).ok_or(SealKeyError::NotOurs(named)),
            Private::Open => Err(SealKeyError::Open(named)),
        }
    }

    /// Makes a new key where there is no file; mode 0600.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn make_where_missing(path: &Path) -> Result<(), SealKeyError> {
        let file = |source| SealKeyError::File { path: path.display().to_string(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file)?;
        }
        match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut out) => io::Write::write_all(&mut out, Self::new_pem().as_bytes()).map_err(file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(file(error)),
        }
    }

    /// A new private key, PKCS #8 in PEM.
    #[must_use]
    pub fn new_pem() -> String {
        let pair = Ed25519KeyPair::generate().expect("the system has random bytes");
        let der = pair.to_pkcs8().expect("a new key can be written");
        let text = BASE64_STANDARD.encode(der.as_ref());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    }

    /// Reads a private key, PKCS #8 in PEM; `None` where it is anything else.
    #[must_use]
    pub fn from_pem(pem: &str) -> Option<Self> {
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let der = BASE64_STANDARD.decode(text).ok()?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok()?;
        let public = PublicSealKey::of(pair.public_key().as_ref());
        Some(Self { pair, public })
    }

    /// The public key of it.
    #[must_use]
    pub fn public(&self) -> &PublicSealKey {
        &self.public
    }

    /// Signs a hash as `what`, so that no signature passes for one of something else.
    #[must_use]
    pub fn sign(&self, what: &str, hash: &Hash) -> Signature {
        Signature::of(self.pair.sign(&message(what, hash)).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_key_that_signed_is_believed() {
        let (one, other) = (SealKey::from_pem(&SealKey::new_pem()).expect("ours"), SealKey::new_pem());
        let other = SealKey::from_pem(&other).expect("ours");
        let (hash, signature) = (Hash([7; 32]), one.sign("a test", &Hash([7; 32])));
        let signed = |key: &SealKey, what, hash| key.public().signed(what, hash, &signature);
        assert!(signed(&one, "a test", &hash) && !signed(&one, "a test", &Hash([8; 32])));
        assert!(!signed(&other, "a test", &hash) && !signed(&one, "another", &hash));
        assert_eq!(one.public().sound().as_ref(), Some(one.public()));
        let renamed = PublicSealKey { kid: other.public().kid.clone(), ..one.public().clone() };
        assert_eq!(renamed.sound(), None, "a key goes by its own name");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let path = std::env::temp_dir().join(format!("tenfold-seal-key-{}", std::process::id()));
        fs::remove_file(&path).ok();
        SealKey::make_where_missing(&path).expect("written");
        let first = SealKey::load(&path).expect("ours").public().kid.clone();
        SealKey::make_where_missing(&path).expect("left alone");
        assert_eq!(SealKey::load(&path).expect("ours").public().kid, first);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours to change");
        assert!(matches!(SealKey::load(&path), Err(SealKeyError::Open(_))));
        fs::remove_file(&path).ok();
    }
}
