//! What somebody was asked to do by a day, and the evidence that it was done.

mod action;
pub(crate) mod http;
mod store;
