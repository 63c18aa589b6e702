//! Instalments in force, what was invoiced for them, and where they stand.

pub(crate) mod http;
mod instalment;
mod store;
