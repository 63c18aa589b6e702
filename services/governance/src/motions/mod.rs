//! Motions and amendments: what a vote is about.

pub(crate) mod http;
mod motion;
mod store;

pub(crate) use http::find as find_motion;
pub(crate) use motion::{Money, MotionBody, MotionOutcome, MotionState};
pub(crate) use store::{amend, decide, has_open_amendments, hold};
