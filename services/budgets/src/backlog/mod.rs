//! What of the service waits for work behind the requests, for the measurements.

mod store;

pub(crate) use store::Queues;
