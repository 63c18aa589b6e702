//! Words between Rust and the database: an enum's serde name is what its check constraint lists.

use serde::{Deserialize, Serialize, de::IntoDeserializer};

/// A word of the database, which its check constraint keeps to those there are.
///
/// # Panics
/// Where the word is none of them: the check constraint and the enum have come apart.
#[must_use]
pub fn read<T: for<'de> Deserialize<'de>>(word: &str) -> T {
    let word: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = word.into_deserializer();
    T::deserialize(word).expect("kept by a check constraint")
}

/// A word for the database.
pub fn word<T: Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
