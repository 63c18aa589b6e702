//! Regions, and the boroughs whose figures they expect.

pub(crate) mod http;
mod region;
mod store;
