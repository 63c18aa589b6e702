//! Virements: budget moved from one scheme to another.

pub(crate) mod http;
mod store;
mod virement;
