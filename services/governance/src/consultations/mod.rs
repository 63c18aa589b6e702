//! Joint consultations (SI 2000/617 reg 4), and what was reported of them to whom.

mod consultation;
pub(crate) mod http;
mod store;
