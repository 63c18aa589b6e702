//! The bodies a borough works with, over time: its council, the clinical commissioning groups that ended on
//! 30 June 2022 and the integrated care board that followed them.

pub(crate) mod http;
mod organisation;
mod store;
