//! Papers: what a meeting has before it. Their content lies in a store of objects, beside the database.

mod content;
pub(crate) mod http;
mod paper;
mod storage;
mod store;

pub(crate) use storage::Storage;
