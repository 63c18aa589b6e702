//! The chart of accounts of a fund.

pub(crate) mod http;
mod store;

pub(crate) use http::AccountKind;
