//! Journals as they were posted, read back.

mod store;

pub(super) use store::{find, list, other_side};
