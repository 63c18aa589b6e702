//! The periods of a fund-year: open → soft-closed → closed → reopened → soft-closed.

pub(crate) mod http;
mod period;
mod store;

pub(crate) use period::PeriodState;
pub(crate) use store::{hold_back_the_year, open_months};
