//! A fund's financial years.

pub(crate) mod http;
mod store;

pub(crate) use store::{Completeness, FundYearBody, find_year, years_from};
