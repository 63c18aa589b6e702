//! What a scheme plans in a year: its codes, who commissions and provides it, and what it is to achieve.

pub(crate) mod http;
mod scheme_plan;
mod store;

pub(crate) use scheme_plan::{Commissioner, SchemePlan, shares_fault};
pub(crate) use store::{Planned, all};
