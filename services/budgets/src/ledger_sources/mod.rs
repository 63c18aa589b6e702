//! The ledgers that files are taken from, and how each is read.

mod guess;
pub(crate) mod http;
mod source;
mod store;

#[cfg(test)]
pub(crate) use source::a_mapping;
pub(crate) use source::{LedgerColumns, LedgerDates, LedgerMapping, LedgerOthers, LedgerSign};
pub(crate) use store::{find_source, mapping_of};
