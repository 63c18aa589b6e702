//! Decisions: what a live committee decided, from the record to the day it takes effect, and what it then lets happen.

pub(crate) mod call_ins;
mod decision;
pub(crate) mod http;
mod machine;
pub(crate) mod moves;
pub(crate) mod recommendations;
mod store;
pub(crate) mod timekeeper;

pub(crate) use decision::{ConflictRecorded, DecisionBody};
