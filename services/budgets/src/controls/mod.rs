//! Whether a fund is held to its budget: spending beyond what a scheme has is warned about, or stopped.

mod availability;
mod control;
pub(crate) mod http;
mod store;

pub(crate) use availability::{Availability, OverAvailable};
pub(crate) use control::Control;
pub(crate) use store::available;
