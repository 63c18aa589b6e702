//! Forecasts of a fund-year's outturn, each kept as it was made.

mod forecast;
pub(crate) mod http;
mod store;

pub(crate) use forecast::over_threshold;
pub(crate) use store::latest;
