//! Boroughs: the tenants, and their life from setup to live and, where it must be, suspension.

mod borough;
pub(crate) mod http;
mod store;

pub(crate) use borough::BoroughState;
pub(crate) use store::find_live;
