//! Payments out of a fund to providers: what of them the pool is charged, and what of them is published.

pub(crate) mod http;
mod payment;
mod store;

pub(crate) use payment::{PUBLISHED_ABOVE, REDACTED};
