//! The position of a fund: budget, commitments and spending, and what is left of it.

pub(crate) mod as_of;
mod figures;
pub(crate) mod http;
mod store;

pub(crate) use figures::{Figures, Status};
pub(crate) use store::{SchemeSums, by_scheme};
