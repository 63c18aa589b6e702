//! The keys of API clients: secrets, and the public halves of pairs.

pub(super) mod acts;
pub(super) mod key;
pub(super) mod store;

pub(crate) use store::borough_of;
