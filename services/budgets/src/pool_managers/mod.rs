//! The office that manages a pooled fund: an officer of the host, without a gap (SI 2000/617 reg 7(4)).

pub(crate) mod http;
mod pool_manager;
mod store;
