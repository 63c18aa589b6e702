//! One way to answer, for every service and the gateway.
//!
//! Problems (RFC 9457), pages and their CSV, strong ETags, request ids, strict bodies, and the server
//! with its timers. Knows nothing of tokens, tenants or databases.

mod at;
mod body;
mod conditions;
mod content;
mod csv_table;
pub mod drafts;
mod faults;
mod healthy;
mod manners;
pub mod outbound;
mod page;
mod params;
mod problem;
pub mod problems;
mod reply;
mod serve;
pub mod telemetry;
pub mod timing;
mod transitions;
mod unread;
pub mod words;

pub use at::At;
pub use body::{BULK_LIMIT, IdempotencyKey, JSON_LIMIT, Sent, SentBulk, SentOnce, WriteRequest};
pub use conditions::{IfMatch, version_tag};
pub use content::Content;
pub use csv_table::{Row, csv_line, csv_lines};
pub use faults::{Faults, changed_meanwhile};
pub use healthy::healthy;
pub use manners::{RequestId, manners};
pub use outbound::{Outbound, OutboundAnswer, OutboundError};
pub use page::{NoFilters, Page, PageRequest, Query, WithCsv};
pub use params::{Keyed, Paging, Versioned};
pub use problem::{Fault, Problem, ProblemBody};
pub use problems::Kind;
pub use reply::{Accepted, Created, Found, OpenToAll, Replayed, Reply};
pub use serve::{ENDS, Limits, check_base, ended, listen, serve, serve_through, stop_signal, wind_up};
pub use telemetry::Telemetry;
pub use transitions::{Move, MoveDraft, Transitions, move_refused};
