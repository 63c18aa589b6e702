//! The memorandum account of a fund-year: what came in, what was spent, and whose the rest is.

mod account;
pub(crate) mod http;
mod store;

pub(crate) use account::MemorandumAccount;
pub(crate) use http::{account as draw_up, come_due};
pub(crate) use store::{Giving, givings, settled};
