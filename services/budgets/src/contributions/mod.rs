//! Contributions: what a partner puts in, in a year, by version, and the instalments it falls due in.

mod contribution;
pub(crate) mod http;
mod schedule;
mod store;

pub(crate) use contribution::ContributionForm;
