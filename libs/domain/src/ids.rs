//! One id type per thing: UUIDv7, so that newer ids sort after older ones.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::{Builder, NoContext, Timestamp, Uuid};

fn uuid_at(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[sqlx(transparent, no_pg_array)]
        #[schema(value_type = String, format = Uuid, example = "01890a5d-ac96-774b-bcce-b302099a8057")]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, made at `now`.
            #[must_use]
            pub fn at(now: DateTime<Utc>) -> Self {
                Self(uuid_at(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <Uuid as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }
    };
}

id!(
    /// A tenant: one borough, live or sandbox.
    BoroughId
);
id!(
    /// A body as one borough records it: its council, a CCG, the board, a provider.
    OrganisationId
);
id!(
    /// A fund under a section 75 agreement, or aligned with or in view of one.
    FundId
);
id!(
    /// A scheme: what a fund's money is spent on.
    SchemeId
);
id!(
    /// An order or a contract that a fund has spoken for money with.
    CommitmentId
);
id!(
    /// A file of a ledger taken in.
    ImportId
);
id!(
    /// A ledger that files are taken from, and how they are read.
    LedgerSourceId
);
id!(
    /// Long work under way.
    OperationId
);
id!(
    /// An account of a fund's chart.
    AccountId
);
id!(
    /// A journal of a fund's ledger.
    JournalId
);
id!(
    /// A payment into a fund, as the payer's ledger shows it.
    ReceiptId
);
id!(
    /// A committee.
    CommitteeId
);
id!(
    /// A version of the scheme of delegation's limit for one role.
    DelegationId
);
id!(
    /// A decision of a committee.
    DecisionId
);
id!(
    /// Money waiting for a decision.
    ProposalId
);
id!(
    /// An event of the outbox.
    EventId
);
id!(
    /// An entry of the audit trail.
    AuditId
);
id!(
    /// An archive of everything a borough owns.
    ExportId
);
id!(
    /// A version of a committee's rules.
    ConstitutionId
);
id!(
    /// A plan: when a committee's phase is to begin, or a borough's locality plan.
    PlanId
);
id!(
    /// A signed agreement.
    AgreementId
);
id!(
    /// A parent body's approval.
    ApprovalId
);
id!(
    /// A person, as an office or seat names them.
    PersonId
);
id!(
    /// A seat of a committee.
    SeatId
);
id!(
    /// A person in a seat, for a time.
    MembershipId
);
id!(
    /// A person in an office, for a time.
    TenureId
);
id!(
    /// An entry of the register of interests.
    InterestId
);
id!(
    /// An entry of the forward plan.
    PlanEntryId
);
id!(
    /// A meeting.
    MeetingId
);
id!(
    /// An item of an agenda.
    ItemId
);
id!(
    /// What stands in for notice of a key decision.
    ExceptionId
);
id!(
    /// A paper.
    PaperId
);
id!(
    /// A stay at a meeting.
    AttendanceId
);
id!(
    /// A declaration of interest at an item.
    DeclarationId
);
id!(
    /// A ruling on a declaration.
    RulingId
);
id!(
    /// A version of minutes.
    MinutesId
);
id!(
    /// A motion.
    MotionId
);
id!(
    /// A vote on a motion.
    VoteEventId
);
id!(
    /// A call-in.
    CallInId
);
id!(
    /// A recommendation.
    RecommendationId
);
id!(
    /// A consultation.
    ConsultationId
);
id!(
    /// A report of a consultation.
    ReportId
);
id!(
    /// An item of a scrutiny committee.
    ScrutinyItemId
);
id!(
    /// A benefit or risk looked into before pooling.
    DueDiligenceId
);
id!(
    /// An action somebody owes.
    ActionId
);
id!(
    /// A milestone of a locality plan.
    MilestoneId
);
id!(
    /// A partner's contribution to a fund in a year.
    ContributionId
);
id!(
    /// An instalment of a contribution.
    InstalmentId
);
id!(
    /// An invoice for an instalment.
    InvoiceId
);
id!(
    /// A payment matched to an instalment by a person.
    MatchId
);
id!(
    /// Money awarded over named years.
    AwardId
);
id!(
    /// Notice given of an agreement's end.
    NoticeId
);
id!(
    /// Budget moved between schemes.
    VirementId
);
id!(
    /// A payment out of a fund to a provider.
    PaymentId
);
id!(
    /// A calculation of how a variance is shared.
    CalculationId
);
id!(
    /// A forecast of a fund-year.
    ForecastId
);
id!(
    /// A saving that is planned.
    SavingId
);
id!(
    /// A plan to bring an overspend back.
    ActionPlanId
);
id!(
    /// What a scheme is to achieve.
    OutcomeId
);
id!(
    /// A key of an API client.
    ClientKeyId
);
id!(
    /// An identity provider that people sign in at.
    IssuerId
);
id!(
    /// An invitation to hold an office.
    InvitationId
);
id!(
    /// Where a borough is told of what changes.
    WebhookId
);
id!(
    /// Something a webhook is told.
    DeliveryId
);
id!(
    /// A statutory return or report.
    ReturnId
);
id!(
    /// Whom to reach in a borough when something is wrong.
    SecurityContactId
);
id!(
    /// A data-sharing agreement.
    DataSharingId
);

impl ProposalId {
    /// The id of what these words say (UUIDv8 of their SHA-256): said again, it is the same proposal.
    #[must_use]
    pub fn of(words: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for word in words {
            hash.update(word);
            hash.update([0]);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_the_same_proposal() {
        assert_eq!(ProposalId::of(&["a", "b"]), ProposalId::of(&["a", "b"]));
        assert_ne!(ProposalId::of(&["a", "b"]), ProposalId::of(&["ab"]));
        assert_eq!(ProposalId::of(&[]).0.get_version_num(), 8);
    }
}
