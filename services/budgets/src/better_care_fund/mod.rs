//! The Better Care Fund of a fund-year: its minimums, conditions and metrics, who signed it off, and what it is held to.

mod checks;
pub(crate) mod http;
mod plan;
mod sign_offs;
mod store;

pub(crate) use checks::{BcfCheck, SourceTotal, unmet};
pub(crate) use http::{Checked, checked};
pub(crate) use plan::BcfPlan;
pub(crate) use sign_offs::SignOffBody;
