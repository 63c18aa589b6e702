//! Schemes: what a fund's money is spent on.

pub(crate) mod http;
mod scheme;
mod store;
pub(crate) use scheme::{FundingSource, check_code_and_name};
pub(crate) use store::named;
