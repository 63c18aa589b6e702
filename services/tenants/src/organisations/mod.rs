//! The bodies a borough works with, over time: its council, the clinical commissioning groups that ended on
//! 30 June 2022 and the integrated care board that followed them.

mod copying;
pub(crate) mod http;
mod organisation;
mod store;

pub(crate) use copying::{all, copy};
pub(crate) use organisation::OrganisationBody;
