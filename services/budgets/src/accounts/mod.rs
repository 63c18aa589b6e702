//! The chart of accounts of a fund.

mod account;
pub(crate) mod http;
mod store;

pub(crate) use account::AccountKind;
pub(crate) use http::are;
