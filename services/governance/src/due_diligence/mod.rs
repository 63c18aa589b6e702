//! Benefits and risks looked into before money is pooled.

mod due_diligence_item;
pub(crate) mod http;
mod store;
