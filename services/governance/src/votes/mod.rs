//! Votes: who may vote, whether there is a quorum, what the votes lawfully come to, and why.

pub(crate) mod explain;
pub(crate) mod http;
pub(crate) mod quorum;
pub(crate) mod standing;
mod store;
mod tally;
#[cfg(test)]
mod tests;
mod vote;

pub(crate) use store::{Settled, public_votes, settled_by};
pub(crate) use vote::announced;
