//! API clients and their keys: of a borough, and of the offices (regions, partners, the platform).

mod acts;
mod bootstrap;
mod client;
pub(crate) mod door;
mod expiring;
pub(crate) mod http;
mod keys;
pub(crate) mod revocations;
mod store;

pub use bootstrap::{bootstrap, bootstrap_keeping};
pub(crate) use client::{ClientOwner, NewClient};
pub(crate) use expiring::warn_of_ends;
pub(crate) use keys::borough_of;
pub(crate) use store::{cut_tokens, hold_tokens, insert_first, named, region_exists};
