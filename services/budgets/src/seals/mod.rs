//! Seals of closed periods: a hash over every posting, in one chain a borough, signed by a key outside the database.
//!
//! `docs/seals.md` says how to make them again from an export. What hashes and checks is pure, and is what the command
//! line verifies with.

mod compare;
pub(crate) mod http;
mod merkle;
mod proof;
pub(crate) mod public;
mod seal;
mod sealer;
mod store;
mod tally;
mod verify;

pub(crate) use seal::{ChainEnd, PeriodSeal};
pub(crate) use sealer::keep_sealing;
pub(crate) use store::{SealState, links_after, tally};

pub use auth::{SealKey, SealKeyError};
pub use verify::{SealReport, verify_proof, verify_seal};
