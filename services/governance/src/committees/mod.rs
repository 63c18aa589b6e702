//! Joint committees, as far as they go before their constitutions, meetings and votes.

mod committee;
pub(crate) mod http;
mod store;
