//! What the region sees: how each borough's committees come along, and counts. Never a name, a title or a text.
//!
//! Writers note and count in their own transaction; for a sandbox, which is in no region, that does nothing. Open to
//! the suites, which note what otherwise only writers do.

mod committee_progress;
pub(crate) mod http;
mod store;

pub use committee_progress::CountedDecision;
pub(crate) use store::note_committees;
pub use store::{count_call_in, count_decision, count_papers, note_committee};
