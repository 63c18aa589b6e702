//! Awards: money given over named years, and what ends with it.

mod award;
mod cliff;
pub(crate) mod http;
mod store;

pub(crate) use award::AwardBody;
pub(crate) use store::find_award;
