//! Seats of a committee, and who sits in them: members and their named substitutes.

pub(crate) mod http;
pub(crate) mod memberships;
mod seat;
mod store;

pub(crate) use seat::{Capacity, Class};
