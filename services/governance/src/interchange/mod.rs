//! Interchange with other systems: what we hold in the shapes of OParl and Popolo, and ModernGov's taken in.
//!
//! Exempt titles and texts never leave here (rule 46): the statements select them for open items only.

pub(crate) mod http;
pub(crate) mod moderngov;
mod oparl;
mod popolo;
mod store;
