//! Minutes: drafts replace each other, approved ones stand, corrections are appended.

pub(crate) mod http;
mod record;
mod store;
