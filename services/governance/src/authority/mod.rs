//! Authority: who may decide how much on what, on a day, and why.

pub(crate) mod http;
mod store;
mod tiers;
