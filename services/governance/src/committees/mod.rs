//! Committees: proposed, shadow, live, dissolved.

mod committee;
pub(crate) mod http;
mod store;

pub(crate) use committee::{AccessRegime, Basis, Phase};
pub(crate) use http::find as find_committee;
pub(crate) use store::CommitteeBody;
