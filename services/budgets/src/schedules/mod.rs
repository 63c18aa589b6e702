//! What an agreement says of a scheme: its schedule.

pub(crate) mod http;
mod schedule;
mod store;

pub(crate) use schedule::{Held, may_be_paid_from};
pub(crate) use store::find_schedule;
