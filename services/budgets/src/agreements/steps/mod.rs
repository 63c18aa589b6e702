//! The steps to an agreement and out of it: consultations, approvals, notice, and the funds it governs.

pub(crate) mod http;
mod step;
pub(super) mod store;
