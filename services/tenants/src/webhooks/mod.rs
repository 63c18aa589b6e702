//! Webhooks: a borough's systems are told of what changes, signed by Standard Webhooks, and read the rest themselves.

pub(crate) mod deliveries;
pub(crate) mod http;
mod store;
mod webhook;

pub(crate) use deliveries::{deliver, feed};
