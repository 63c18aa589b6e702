//! What a fund is said to come to before its budget is posted: an estimate with its source, never part of a position.

mod estimate;
pub(crate) mod http;
mod store;
