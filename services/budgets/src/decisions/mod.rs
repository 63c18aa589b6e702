//! Decisions of committees in effect, and the journals that spent them.

mod decision;
pub(crate) mod http;
mod store;

pub(crate) use decision::spent;
pub(crate) use store::{hold, spend};
