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

pub use clock::{Clock, day_in_england, instant_in_england, start_of_day_in_england};
pub use codes::{CodeError, Gss, Ods, Slug};
pub use ids::{
    AccountId, ActionId, ActionPlanId, AgreementId, ApprovalId, AttendanceId, AuditId, AwardId, BoroughId,
    CalculationId, CallInId, ClientKeyId, CommitmentId, CommitteeId, ConstitutionId, ConsultationId, ContributionId,
    DataSharingId, DecisionId, DeclarationId, DelegationId, DeliveryId, DueDiligenceId, EventId, ExceptionId, ExportId,
    ForecastId, FundId, ImportId, InstalmentId, InterestId, InvitationId, InvoiceId, IssuerId, ItemId, JournalId,
    LedgerSourceId, MatchId, MeetingId, MembershipId, MilestoneId, MinutesId, MotionId, NoticeId, OperationId,
    OrganisationId, OutcomeId, PaperId, PaymentId, PersonId, PlanEntryId, PlanId, ProposalId, ReceiptId,
    RecommendationId, ReportId, ReturnId, RulingId, SavingId, SchemeId, ScrutinyItemId, SeatId, SecurityContactId,
    TenureId, VirementId, VoteEventId, WebhookId,
};
pub use pence::{Pence, basis_points, split};
pub use period::{Period, PeriodError};
pub use working_days::{Calendar, latest_day_with_clear_days};
pub use year::{FinancialYear, YearError};
