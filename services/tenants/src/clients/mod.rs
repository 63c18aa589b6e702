//! API clients: of a borough, and of the offices (regions, partners, the platform).

mod bootstrap;
mod client;
pub(crate) mod http;
pub(crate) mod office;
mod store;

pub use bootstrap::bootstrap;
pub(crate) use client::{ClientOwner, NewClient};
pub(crate) use store::insert_first;
