//! The statement of an account: its lines in the order they took effect, with the balance after each.

pub(crate) mod http;
mod store;
