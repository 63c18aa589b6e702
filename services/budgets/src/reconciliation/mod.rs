//! The reconciliation: every instalment and every payment of a fund-year explained, and what a person says of them.

mod explain;
pub(crate) mod http;
mod line;
mod matches;
mod pairing;
mod store;

pub(crate) use http::{explained_in_full, paid_of_instalments};
