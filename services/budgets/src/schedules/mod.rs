//! What an agreement says of a scheme: its schedule.

pub(crate) mod http;
mod schedule;
mod store;
