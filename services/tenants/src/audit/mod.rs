//! The audit trail, which every service writes in its own transactions: read, searched, chained behind the writers, and
//! verified.
//!
//! `docs/audit.md` says how hashes and heads are made. What hashes and checks is pure, and is what the command line
//! verifies with.

mod chain;
mod check;
mod entry;
pub(crate) mod export;
pub(crate) mod heads;
pub(crate) mod http;
pub(crate) mod office;
pub(crate) mod proof;
pub(crate) mod refused;
mod sealer;
mod store;
mod verify;

pub(crate) use heads::AuditKeys;
pub(crate) use sealer::keep_chaining;
pub use verify::{AuditReport, verify_audit};
