//! Reading the audit trail, which every service writes in its own transactions.

mod entry;
pub(crate) mod http;
mod store;
