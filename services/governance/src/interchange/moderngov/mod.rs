//! Taking in what a council's ModernGov holds: its members, committees and calendar of meetings.

pub(crate) mod http;
mod import;
mod store;
mod xml;
