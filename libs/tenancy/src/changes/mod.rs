//! What changed in a borough, in order, for whoever keeps a copy: one resource that every service serves of its own.
//!
//! Whoever writes puts a row beside the audit trail; when it is committed, the service's numberer gives it the next
//! number of its borough. A transaction that commits late gets a later number, so no reader is ever ahead of one.

mod change;
mod http;
mod numberer;
mod store;

pub use change::Change;
pub use http::{Changes, ChangesBody, ChangesSince, list_changes};
pub use numberer::number_changes;
