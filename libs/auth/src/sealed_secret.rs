//! Secrets that must be used again, such as those we sign with: kept encrypted, under a key outside the database.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::private_file::{self, Private};

const KEY_LEN: usize = 32;
/// How many bytes of the key's hash tell which key a secret was sealed with.
const HINT_LEN: usize = 4;
/// What a sealed secret begins with, so that another form can come after this one.
const FORM: u8 = 1;

/// Why a key cannot be used, or a secret not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SealedSecretError {
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
    /// It is not 256 bits in base64.
    #[error("a key-encryption key is 32 random bytes in base64, as openssl rand -base64 32 makes")]
    NotAKey,
    /// It was sealed with another key.
    #[error("this secret was sealed with another key-encryption key")]
    AnotherKey,
    /// It was altered, or is the secret of something else.
    #[error("this is not the secret it is taken for")]
    NotIt,
}

/// The key secrets are kept under: AES-256-GCM. Cheap to clone; shows itself to nobody.
#[derive(Clone)]
pub struct KeyEncryptionKey(Arc<Inner>);

struct Inner {
    key: LessSafeKey,
    hint: [u8; HINT_LEN],
}

impl KeyEncryptionKey {
    /// Reads the key from 32 bytes in base64.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn from_base64(text: &str) -> Result<Self, SealedSecretError> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| SealedSecretError::NotAKey)?;
        let bytes: [u8; KEY_LEN] = bytes.try_into().map_err(|_| SealedSecretError::NotAKey)?;
        let mut hint = [0; HINT_LEN];
        hint.copy_from_slice(&Sha256::digest(bytes)[..HINT_LEN]);
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| SealedSecretError::NotAKey)?;
        Ok(Self(Arc::new(Inner { key: LessSafeKey::new(key), hint })))
    }

    /// A new key, in base64.
    fn new_base64() -> String {
        BASE64_STANDARD.encode(random::<KEY_LEN>())
    }

    /// Reads the key from a file that is kept from others: 0600, or 0640 of root with a group of ours.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, or holds something else.
    pub fn load(path: &Path) -> Result<Self, SealedSecretError> {
        let named = path.display().to_string();
        let file = |source| SealedSecretError::File { path: named.clone(), source };
        match private_file::read(path).map_err(file)? {
            Private::Kept(text) => Self::from_base64(text.trim()),
            Private::Open => Err(SealedSecretError::Open(named)),
        }
    }

    /// Makes a new one where there is no file; mode 0600.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make_where_missing(path: &Path) -> Result<(), SealedSecretError> {
        let file = |source| SealedSecretError::File { path: path.display().to_string(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file)?;
        }
        match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut out) => writeln!(out, "{}", Self::new_base64()).map_err(file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(file(error)),
        }
    }

    /// Seals a secret. It opens only as the secret of `what`: a row's key, so that no row can be given another's.
    #[must_use]
    pub fn seal(&self, what: &str, secret: &[u8]) -> Vec<u8> {
        let nonce = random::<NONCE_LEN>();
        let mut kept = secret.to_vec();
        let aad = Aad::from(what.as_bytes());
        self.0
            .key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut kept)
            .expect("a secret is far shorter than the cipher's limit");
        [&[FORM][..], &self.0.hint, &nonce, &kept].concat()
    }

    /// Opens what was sealed as the secret of `what`.
    ///
    /// # Errors
    /// When it was sealed with another key or as something else, or was altered.
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<Vec<u8>, SealedSecretError> {
        let rest = sealed.strip_prefix(&[FORM]).ok_or(SealedSecretError::NotIt)?;
        let (hint, rest) = rest.split_at_checked(HINT_LEN).ok_or(SealedSecretError::NotIt)?;
        if hint != self.0.hint {
            return Err(SealedSecretError::AnotherKey);
        }
        let (nonce, kept) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealedSecretError::NotIt)?;
        let mut kept = kept.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.key.open_in_place(nonce, Aad::from(what.as_bytes()), &mut kept);
        Ok(opened.map_err(|_| SealedSecretError::NotIt)?.to_vec())
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(…)")
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn key() -> KeyEncryptionKey {
        KeyEncryptionKey::from_base64(&KeyEncryptionKey::new_base64()).expect("ours")
    }

    #[test]
    fn a_secret_opens_only_with_its_key_and_as_itself() {
        let (one, other) = (key(), key());
        let sealed = one.seal("webhook 1", b"a secret");
        assert_eq!(one.open("webhook 1", &sealed).expect("its own"), b"a secret");
        assert!(!sealed.windows(8).any(|part| part == b"a secret"));
        assert_ne!(sealed, one.seal("webhook 1", b"a secret"), "never twice the same");
        assert!(matches!(one.open("webhook 2", &sealed), Err(SealedSecretError::NotIt)));
        assert!(matches!(other.open("webhook 1", &sealed), Err(SealedSecretError::AnotherKey)));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(one.open("webhook 1", &altered).is_err(), "byte {at}");
            assert!(one.open("webhook 1", &sealed[..at]).is_err(), "cut at {at}");
        }
        assert!(!format!("{one:?}").contains('='));
    }

    #[test]
    fn only_a_whole_key_of_ones_own_is_taken() {
        for text in ["", "c2hvcnQ=", "not base64"] {
            assert!(matches!(KeyEncryptionKey::from_base64(text), Err(SealedSecretError::NotAKey)));
        }
        let path = std::env::temp_dir().join(format!("tenfold-key-encryption-{}", std::process::id()));
        fs::remove_file(&path).ok();
        assert!(matches!(KeyEncryptionKey::load(&path), Err(SealedSecretError::File { .. })));
        KeyEncryptionKey::make_where_missing(&path).expect("made");
        let sealed = KeyEncryptionKey::load(&path).expect("ours").seal("x", b"y");
        KeyEncryptionKey::make_where_missing(&path).expect("it is there");
        assert_eq!(KeyEncryptionKey::load(&path).expect("the same").open("x", &sealed).expect("opens"), b"y");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours to change");
        assert!(matches!(KeyEncryptionKey::load(&path), Err(SealedSecretError::Open(_))));
        fs::remove_file(&path).ok();
    }
}
