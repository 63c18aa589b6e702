//! The scheme of delegation: the most each role may move without a decision, in versions.

mod delegation;
pub(crate) mod http;
mod store;

pub(crate) use delegation::ActKind;
