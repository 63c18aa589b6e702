//! Who hosts a fund, from which day on: exactly one body at any time (SI 2000/617 reg 7(4)).

mod host;
pub(crate) mod http;
mod store;

pub(crate) use store::hosts_of;
