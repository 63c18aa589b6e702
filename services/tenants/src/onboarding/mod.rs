//! What a borough still lacks before it can go live: computed from what there is, never ticked.

mod checklist;
pub(crate) mod http;
mod store;
mod waiver;

pub(crate) use checklist::unmet;
pub(crate) use store::facts;
