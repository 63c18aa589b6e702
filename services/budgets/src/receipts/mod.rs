//! Receipts: payments into a fund, as the payer's published ledger shows them. Evidence, not postings.

mod file;
pub(crate) mod http;
pub(crate) mod imports;
mod receipt;
mod store;
pub(crate) mod written;
