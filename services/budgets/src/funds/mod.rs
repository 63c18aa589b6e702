//! Funds: pooled under a section 75 agreement, aligned with one, or in view of one.

mod fund;
pub(crate) mod http;
mod store;

pub(crate) use fund::{FundKind, LegalBasis};
#[cfg(test)]
pub(crate) use store::a_fund;
pub(crate) use store::{FundBody, find_fund};
