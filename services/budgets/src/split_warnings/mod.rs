//! Warnings that something above a limit may have been split into journals below it. They block nothing.

pub(crate) mod http;
mod split_warning;
mod store;

pub(crate) use split_warning::{Part, may_be_a_part};
pub(crate) use store::{OnOwn, remember};
