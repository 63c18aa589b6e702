//! Boroughs: the tenants, and their life from setup to live and, where it must be, suspension.

mod borough;
pub(crate) mod http;
mod store;

pub(crate) use borough::{BoroughBody, BoroughState};
pub(crate) use http::live;
pub(crate) use store::own;
