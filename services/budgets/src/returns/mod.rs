//! Statutory reports and returns: prepared, submitted with their figures frozen, approved, published and restated.

mod figures;
mod gather;
pub(crate) mod http;
pub(crate) mod moves;
pub(crate) mod narrative;
pub(crate) mod reporting;
mod sheets;
mod statutory_return;
mod store;
mod workbook;

pub(crate) use statutory_return::{ReturnKind, ReturnState};
