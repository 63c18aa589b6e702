//! What a region sees of returns: totals of those that were approved, and who has not reported.

pub(crate) mod http;
mod region_return;
mod store;
