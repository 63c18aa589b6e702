//! Deliveries: what a webhook is told, one by one, until it takes it.

mod deliverer;
mod delivery;
mod feeder;
pub(crate) mod http;
mod store;

pub(crate) use deliverer::deliver;
pub(super) use delivery::{DeliveryBody, Told};
pub(crate) use feeder::feed;
pub(super) use store::add;
