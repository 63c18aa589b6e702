//! The ledger's journals: the only way money moves between the accounts of a fund.

mod books;
pub(crate) mod bulk;
pub(crate) mod corrections;
mod delegated;
mod draft;
pub(crate) mod http;
mod journal;
mod posting;
mod reading;
pub(crate) mod reversals;
mod store;

pub(crate) use draft::{JournalDraft, Layer, MOVES_MAX, Nature, PostingDraft, is_a_reference, year_of};
pub(crate) use journal::Line;
pub(crate) use posting::{Posted, Poster, post, post_both};
