//! The ledger's journals: the only way money moves between the accounts of a fund.

mod delegated;
pub(crate) mod http;
mod journal;
mod posting;
pub(crate) mod reversals;
mod store;

pub(crate) use journal::{JournalDraft, Layer, MOVES_MAX, PostingDraft};
pub(crate) use posting::{Posted, Poster, post};
pub(crate) use store::hold_period_open;
