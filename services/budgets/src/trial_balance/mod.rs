//! The trial balance of a fund's year: every account, and that they come to nothing.

pub(crate) mod http;
mod store;
