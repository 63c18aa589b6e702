//! What takes a committee from a plan to a body that decides: planned dates and their slips, the parents' approvals,
//! the signed agreement, and what is still missing.

pub(crate) mod http;
mod readiness;
mod store;

pub(crate) use store::readiness_of;
