//! Locality plans and their milestones: what was planned, what was planned before, and what was reached.

pub(crate) mod http;
mod plan;
mod store;
