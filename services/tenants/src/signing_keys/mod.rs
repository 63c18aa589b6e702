//! The keys tokens are signed with: published before they sign, and until the last token they signed has ended.

pub(crate) mod http;
mod keeper;
mod signing_key;
mod store;

pub(crate) use keeper::SigningKeys;
pub use keeper::SigningSettings;
