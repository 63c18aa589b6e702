//! API clients and their keys: of a borough, and of the offices (regions, partners, the platform).

mod acts;
mod bootstrap;
mod client;
mod door;
mod expiring;
pub(crate) mod http;
mod keys;
pub(crate) mod revocations;
mod store;

pub use bootstrap::bootstrap;
pub(crate) use client::{ClientOwner, NewClient};
pub(crate) use expiring::warn_of_ends;
pub(crate) use store::insert_first;
