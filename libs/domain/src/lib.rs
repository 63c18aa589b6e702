//! The words every part of Tenfold shares.
//!
//! Values only: nothing here opens a connection, reads a request or looks at the wall clock.

mod clock;
mod codes;
mod ids;
mod pence;
mod period;
mod working_days;
mod year;

pub use clock::Clock;
pub use codes::{CodeError, Gss, Ods, Slug};
pub use ids::{
    AccountId, AuditId, BoroughId, CommitteeId, DecisionId, DelegationId, EventId, FundId, JournalId, OrganisationId,
    ProposalId, ReceiptId, SchemeId,
};
pub use pence::{Pence, basis_points, split};
pub use period::{Period, PeriodError};
pub use working_days::{Calendar, latest_day_with_clear_days};
pub use year::{FinancialYear, YearError};
