//! Whom to reach in a borough when something is wrong: an office and its mailbox. The newest counts.

mod contact;
pub(crate) mod http;
mod store;

pub(crate) use contact::SecurityContactBody;
pub(crate) use store::{insert, newest};
