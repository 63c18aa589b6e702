//! Boroughs: the tenants, and their life from a draft to live, through suspension, to the day their record is destroyed.

mod borough;
pub(crate) mod http;
mod life;
mod moves;
mod store;

pub(crate) use borough::BoroughBody;
pub(crate) use http::live;
pub(crate) use life::BoroughState;
pub(crate) use store::own;
