//! The identity providers that people sign in at: of a borough, and of the offices (regions, partners, the platform).

mod acts;
mod discovery;
pub(crate) mod http;
mod issuer;
pub(crate) mod open;
mod store;

pub(crate) use issuer::{ClaimMapping, is_for_a_person};
