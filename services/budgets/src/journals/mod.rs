//! The ledger's journals: the only way money moves between the accounts of a fund.

mod delegated;
pub(crate) mod http;
mod journal;
pub(crate) mod reversals;
mod store;

pub(crate) use journal::MOVES_MAX;
