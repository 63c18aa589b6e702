//! Keeping a private key where others can read: sealed (AES-256-GCM) with a key that lies somewhere else.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    rand,
};
use base64::{Engine, prelude::BASE64_STANDARD};

const BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// What can be wrong with the key that seals other keys.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The file cannot be read or written.
    #[error("the file {0} of TENFOLD_KEY_ENCRYPTION_KEY_FILE cannot be used")]
    File(String, #[source] io::Error),
    /// Others than its owner can read the file.
    #[error("the file {0} of TENFOLD_KEY_ENCRYPTION_KEY_FILE can be read by others: chmod 600")]
    Open(String),
    /// It is something else.
    #[error("the file {0} of TENFOLD_KEY_ENCRYPTION_KEY_FILE does not hold 32 bytes in base64")]
    NotOurs(String),
}

/// The key that seals other keys.
pub struct SealingKey(RandomizedNonceKey);

impl SealingKey {
    /// Reads it from its file: 32 bytes in base64, mode 0600.
    ///
    /// # Errors
    /// When it cannot be read, can be read by others, or is something else.
    pub fn load(path: &Path) -> Result<Self, SealingError> {
        let named = || path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| SealingError::File(named(), error))?;
        let mode = fs::metadata(path).map_err(|error| SealingError::File(named(), error))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(SealingError::Open(named()));
        }
        let bytes = BASE64_STANDARD.decode(text.trim()).ok().filter(|bytes| bytes.len() == BYTES);
        let key = bytes.and_then(|bytes| RandomizedNonceKey::new(&AES_256_GCM, &bytes).ok());
        key.map(Self).ok_or_else(|| SealingError::NotOurs(named()))
    }

    /// Makes a new one where there is no file; mode 0600.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make_where_missing(path: &Path) -> Result<(), SealingError> {
        if path.exists() {
            return Ok(());
        }
        let mut bytes = [0; BYTES];
        rand::fill(&mut bytes).expect("the system has random bytes");
        let text = BASE64_STANDARD.encode(bytes) + "\n";
        let file = |error| SealingError::File(path.display().to_string(), error);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file)?;
        }
        crate::keys::write_private(path, text.as_bytes()).map_err(file)
    }

    /// Seals a text under the name it is kept by: it opens under no other.
    #[must_use]
    pub fn seal(&self, name: &str, text: &str) -> Vec<u8> {
        let mut sealed = text.as_bytes().to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(name), &mut sealed).expect("the system has random bytes");
        [&nonce.as_ref()[..], &sealed].concat()
    }

    /// Opens it again; nothing where it was sealed with another key, under another name, or changed.
    #[must_use]
    pub fn open(&self, name: &str, sealed: &[u8]) -> Option<String> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let text = self.0.open_in_place(nonce, Aad::from(name), &mut rest).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_and_under_its_name() {
        let folder = std::env::temp_dir().join(format!("tenfold-sealing-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (one, other) = (folder.join("one"), folder.join("other"));
        for path in [&one, &other] {
            fs::remove_file(path).ok();
            SealingKey::make_where_missing(path).expect("made");
        }
        let (key, wrong) = (SealingKey::load(&one).expect("ours"), SealingKey::load(&other).expect("ours"));
        let sealed = key.seal("kid", "a private key");
        assert!(!String::from_utf8_lossy(&sealed).contains("private"));
        assert_eq!(key.open("kid", &sealed).as_deref(), Some("a private key"));
        assert_eq!(SealingKey::load(&one).expect("again").open("kid", &sealed).as_deref(), Some("a private key"));
        assert_eq!((key.open("other", &sealed), wrong.open("kid", &sealed)), (None, None));
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert_eq!((key.open("kid", &changed), key.open("kid", &[])), (None, None));
        fs::set_permissions(&one, fs::Permissions::from_mode(0o644)).expect("ours to change");
        assert!(matches!(SealingKey::load(&one), Err(SealingError::Open(_))));
        fs::set_permissions(&one, fs::Permissions::from_mode(0o600)).expect("ours to change");
        fs::write(&one, "short").expect("written");
        assert!(matches!(SealingKey::load(&one), Err(SealingError::NotOurs(_))));
        assert!(matches!(SealingKey::load(&folder.join("none")), Err(SealingError::File(..))));
        fs::remove_dir_all(&folder).ok();
    }
}
