//! Section 75 agreements: what they say, version by version, how they come about, and what they lack.

mod agreement;
mod checks;
pub(crate) mod http;
pub(crate) mod steps;
mod store;
mod terms;
mod version;

pub(crate) use checks::{FromDay, on};
pub(crate) use store::{agreement_of_year, parties_of_fund};
