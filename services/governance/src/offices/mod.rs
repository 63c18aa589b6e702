//! Offices: who held which, from when to when. People come and go, and one may hold several.

pub(crate) mod http;
mod store;
mod tenure;
