//! Usage: what a borough's clients ask for, by client and day, and how much of a day's quota is left.

pub(crate) mod http;
pub(crate) mod inside;
mod store;
mod used;

pub(crate) use used::Quota;
