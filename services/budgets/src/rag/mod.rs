//! What counts as green, amber and red in a region, as data.

pub(crate) mod http;
mod store;
mod thresholds;

pub(crate) use store::in_force;
pub(crate) use thresholds::{Rag, Thresholds};
