//! SHA-256 over fields that cannot run into one another: each text has its length before it, each number its eight bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(
    value_type = String, pattern = "^[0-9a-f]{64}$", min_length = 64, max_length = 64,
    example = "5f1c09ab2e5f1c09ab2e5f1c09ab2e5f1c09ab2e5f1c09ab2e5f1c09ab2e0000"
)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first link of a chain follows.
    pub const NONE: Self = Self([0; 32]);

    /// Thirty-two bytes as the database keeps them.
    ///
    /// # Panics
    /// Where they are not: the check constraint is gone.
    #[must_use]
    pub fn kept(bytes: &[u8]) -> Self {
        Self(bytes.try_into().expect("kept to 32 bytes by a check constraint"))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Hash {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fine = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(at * 2..at * 2 + 2).filter(|_| fine);
            *byte =
                digits.and_then(|two| u8::from_str_radix(two, 16).ok()).ok_or("64 hexadecimal digits, lower case")?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A hash in the making. Begins with what it is a hash of, so that nothing passes for something else.
#[derive(Clone)]
pub struct Hashing(Sha256);

impl Hashing {
    /// A hash of `what`, with nothing in it yet.
    #[must_use]
    pub fn of(what: &str) -> Self {
        Self(Sha256::new()).text(what)
    }

    /// Its length in bytes, in four bytes, the highest first; then its UTF-8.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(text);
        self
    }

    /// Eight bytes, two's complement, the highest first.
    #[must_use]
    pub fn number(mut self, number: i64) -> Self {
        self.0.update(number.to_be_bytes());
        self
    }

    /// Sixteen bytes.
    #[must_use]
    pub fn id(mut self, id: Uuid) -> Self {
        self.0.update(id.as_bytes());
        self
    }

    /// Thirty-two bytes.
    #[must_use]
    pub fn hash(mut self, hash: &Hash) -> Self {
        self.add(hash);
        self
    }

    /// As [`Hashing::hash`], for a hash that grows.
    pub fn add(&mut self, hash: &Hash) {
        self.0.update(hash.0);
    }

    /// A byte 0 where there is nothing; else a byte 1 and the text.
    #[must_use]
    pub fn text_or_none(mut self, text: Option<&str>) -> Self {
        self.0.update([u8::from(text.is_some())]);
        match text {
            Some(text) => self.text(text),
            None => self,
        }
    }

    /// A byte 0 where there is nothing; else a byte 1 and the id.
    #[must_use]
    pub fn id_or_none(mut self, id: Option<Uuid>) -> Self {
        self.0.update([u8::from(id.is_some())]);
        match id {
            Some(id) => self.id(id),
            None => self,
        }
    }

    /// The hash.
    #[must_use]
    pub fn done(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}
