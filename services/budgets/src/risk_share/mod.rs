//! How an overspend or underspend is shared: the rule that was agreed, what comes of it to the penny and why, and its
//! settlement in the ledger.

mod calculation;
pub(crate) mod http;
mod rule;
pub(crate) mod rules_http;
pub(crate) mod settlements;
mod share;
mod store;
