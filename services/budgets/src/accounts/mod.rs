//! The chart of accounts of a fund.

mod account;
pub(crate) mod http;
mod store;

pub(crate) use account::{AccountKind, AccountRules, Dimension};
pub(crate) use http::are;
pub(crate) use store::find_account;
