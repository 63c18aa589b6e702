//! The lines of a period, one by one: what an auditor samples and a seal is made over.

pub(crate) mod http;
#[cfg(feature = "parquet")]
mod parquet_file;
mod posting;
mod store;

pub(crate) use posting::LedgerLine;
pub(crate) use store::lines;
