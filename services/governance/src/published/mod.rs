//! What the law opens to everybody, as it was published.
//!
//! Rule 46: exempt text never appears here. That holds by what is not here: writers put copies made of public fields
//! into one table, the public's login role is granted that table and no other, and the shapes below have no field that
//! exempt text would fit in. Open to the suites, which put what otherwise only writers do.

mod calendar;
mod feed;
pub(crate) mod http;
mod publication;
mod store;

pub use publication::{
    DecisionFacts, ExemptReason, PublicDecision, PublicItem, PublicMeeting, PublicMinutes, PublicPlanEntry,
    PublicRecord, PublicVote, PublicVotes, Published, PublishedKind,
};
pub use store::{put, withdraw};
