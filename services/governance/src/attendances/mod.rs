//! Who was at a meeting, from arriving to leaving, and in which seat.

mod attendance;
pub(crate) mod http;
mod store;

pub(crate) use store::stays;
