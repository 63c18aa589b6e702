//! The scheme of delegation: the most each role may move without a decision, in versions.

pub(crate) mod http;
mod store;
