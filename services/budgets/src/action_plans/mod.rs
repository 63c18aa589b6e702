//! Plans to bring a forecast overspend back (rule 27).

mod action_plan;
pub(crate) mod http;
mod store;

pub(crate) use action_plan::ActionPlanBody;
pub(crate) use store::{any, list};
