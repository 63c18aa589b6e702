//! A year's budget: what is agreed of a fund-year beside its schemes' budgets, and whether both sides balance.

pub(crate) mod http;
mod store;
mod year_budget;

pub(crate) use http::find as find_year_budget;
pub(crate) use year_budget::YearBudgetBody;
