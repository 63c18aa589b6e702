//! Orders and contracts: money spoken for, drawn down by what is spent, released, and carried into the next year.

pub(crate) mod carry_forwards;
mod commitment;
pub(crate) mod http;
pub(crate) mod matches;
mod outstanding;
pub(crate) mod releases;
mod store;
mod undoing;

pub(crate) use outstanding::Outstanding;
pub(crate) use store::{Drawn, draw, hold};
pub(crate) use undoing::{Undone, hold_all, may_be_undone, undo};
