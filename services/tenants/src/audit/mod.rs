//! Reading the audit trail, which every service writes in its own transactions.

pub(crate) mod http;
mod store;
