//! What the region sees: roll-ups of soft-closed and closed periods, never a fund's books.

mod contributed;
pub(crate) mod contributions;
pub(crate) mod http;
mod store;

pub(crate) use http::NamedBorough;
