//! Savings that are planned, and what came of them.

pub(crate) mod http;
mod saving;
mod store;

pub(crate) use saving::SavingBody;
pub(crate) use store::reported;
