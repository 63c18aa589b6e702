//! The data-sharing agreements a borough signed with whoever runs the platform. The newest counts.

mod agreement;
pub(crate) mod http;
mod store;
