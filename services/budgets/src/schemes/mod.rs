//! Schemes: what a fund's money is spent on.

mod functions;
pub(crate) mod http;
mod scheme;
mod store;

#[cfg(test)]
pub(crate) use functions::Function;
pub(crate) use functions::{FUNCTIONS_MAX, NamedFunction, Side, check_functions, side_of};
pub(crate) use scheme::{Category, FundingSource, check_code_and_name};
pub(crate) use store::find_scheme;
pub(crate) use store::named;
