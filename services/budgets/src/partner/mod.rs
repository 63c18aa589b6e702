//! What a partner organisation sees of its own: its contributions and instalments in every borough.

mod figures;
pub(crate) mod http;
mod store;

pub(crate) use figures::overdue;
