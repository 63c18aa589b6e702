//! What overview and scrutiny committees considered and resolved (Local Government Act 2000 s9F).

pub(crate) mod http;
mod scrutiny_item;
mod store;
