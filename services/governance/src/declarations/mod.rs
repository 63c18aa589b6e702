//! Declarations of interest at a meeting, item by item, and what was ruled on them.

mod declaration;
pub(crate) mod http;
mod store;
