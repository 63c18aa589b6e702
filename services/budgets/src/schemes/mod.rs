//! Schemes: what a fund's money is spent on.

pub(crate) mod http;
mod store;
