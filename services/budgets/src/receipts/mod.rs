//! Receipts: payments into a fund, as the payer's published ledger shows them. Evidence, not postings.

pub(crate) mod http;
mod receipt;
mod store;
