//! What an account wants of the lines posted to it, by year: the versions of a chart.

pub(crate) mod http;
mod store;
mod version;

pub(crate) use store::insert as open_with;
pub(crate) use version::{AccountVersionDraft, has_twice};
