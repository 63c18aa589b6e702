//! Files of a ledger: sent, read in the background, and posted whole or not at all.

mod file;
pub(crate) mod http;
mod import;
mod posting;
mod reading;
mod spool;
mod store;
pub(crate) mod worker;

pub(crate) use file::{CsvRows, NoRow, Record, plain, written};
pub(crate) use spool::Spool;
