//! Every permission and every role, on one page.
//!
//! A permission belongs to one kind of owner; a handler names it in its signature
//! (`InBorough<PostJournals>`), the API document as the scope of its operation, a token in `scope`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::OwnerKind;

/// What a client or person is to the body they act for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A borough's administrator: organisations, clients, readiness.
    Admin,
    /// A finance officer of a borough: funds, journals, receipts, soft closing.
    Finance,
    /// The manager of a pooled fund (SI 2000/617 reg 7(4)): as finance, and final closing.
    PoolManager,
    /// A committee clerk.
    Clerk,
    /// A member of a joint committee: reads.
    Member,
    /// An auditor: every read of the borough, no write.
    Auditor,
    /// A borough's finance system.
    System,
    /// A regional analyst: aggregates.
    Analyst,
    /// A finance officer of a partner organisation: its own records in every borough.
    PartnerFinance,
    /// A platform officer: brings boroughs on board.
    Officer,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Admin,
        Self::Finance,
        Self::PoolManager,
        Self::Clerk,
        Self::Member,
        Self::Auditor,
        Self::System,
        Self::Analyst,
        Self::PartnerFinance,
        Self::Officer,
    ];

    /// The kind of owner that has this role.
    #[must_use]
    pub fn owner_kind(self) -> OwnerKind {
        match self {
            Self::Analyst => OwnerKind::Region,
            Self::PartnerFinance => OwnerKind::Partner,
            Self::Officer => OwnerKind::Platform,
            _ => OwnerKind::Borough,
        }
    }

    /// Its name in tokens and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Finance => "finance",
            Self::PoolManager => "pool_manager",
            Self::Clerk => "clerk",
            Self::Member => "member",
            Self::Auditor => "auditor",
            Self::System => "system",
            Self::Analyst => "analyst",
            Self::PartnerFinance => "partner_finance",
            Self::Officer => "officer",
        }
    }

    /// Everything the role may do.
    #[must_use]
    pub fn scopes(self) -> Scopes {
        permissions().filter(|p| p.roles.contains(&self)).fold(Scopes::default(), |all, p| all.with(p.index))
    }
}

impl FromStr for Role {
    type Err = UnknownScope;
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A permission, as a type: what a handler's signature names.
pub trait Permission: Send + Sync + 'static {
    /// The row of the table.
    const OF: AnyPermission;
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct AnyPermission {
    /// Its name in tokens and in the API document.
    pub slug: &'static str,
    /// The kind of owner it belongs to.
    pub kind: OwnerKind,
    /// Who has it.
    pub roles: &'static [Role],
    index: u8,
}

/// The whole table, in order.
pub fn permissions() -> impl Iterator<Item = &'static AnyPermission> {
    can::TABLE.iter()
}

macro_rules! table {
    ($($kind:ident { $($name:ident $slug:literal [$($role:ident)*] $doc:literal;)* })*) => {
        #[repr(u8)]
        enum Index { $($($name,)*)* }
        $($(
            #[doc = $doc]
            #[derive(Debug)]
            pub struct $name;
            impl Permission for $name {
                const OF: AnyPermission = AnyPermission {
                    slug: $slug,
                    kind: OwnerKind::$kind,
                    roles: &[$(Role::$role),*],
                    index: Index::$name as u8,
                };
            }
        )*)*
        pub(super) static TABLE: &[AnyPermission] = &[$($($name::OF,)*)*];
    };
}

/// The permissions themselves, one type each.
pub mod can {
    use super::{AnyPermission, OwnerKind, Permission, Role};

    table! {
        Borough {
            ReadBorough "borough:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read the borough's own record.";
            RequestReview "borough:submit" [Admin] "Hand the borough in for review, or take it back.";
            ReadOrganisations "organisations:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read the bodies the borough works with.";
            WriteOrganisations "organisations:write" [Admin] "Record the bodies the borough works with.";
            ReadClients "clients:read" [Admin Auditor] "Read the borough's API clients, never their secrets.";
            ManageClients "clients:manage" [Admin] "Create and revoke the borough's API clients.";
            ReadOnboarding "onboarding:read" [Admin Auditor] "Read what is still missing before the borough can go live.";
            KeepOnboarding "onboarding:keep" [Admin] "Record the borough's contact, its data-sharing agreement and its settings.";
            ReadMembers "members:read" [Admin Auditor] "Read who works for the borough, by office, and who is invited.";
            ManageMembers "members:manage" [Admin] "Invite people, give and take roles, and hand over.";
            ReadIssuers "issuers:read" [Admin Auditor] "Read the identity providers the borough's people sign in at.";
            ManageIssuers "issuers:manage" [Admin] "Register the identity providers the borough's people sign in at.";
            ReadWebhooks "webhooks:read" [Admin Auditor System] "Read webhooks and what was delivered to them.";
            ManageWebhooks "webhooks:manage" [Admin] "Register, test, rotate and replay webhooks.";
            ReadUsage "usage:read" [Admin Auditor System] "Read how much the borough's clients call, and what they may.";
            ReadExports "exports:read" [Admin Auditor] "Fetch exports of everything the borough owns.";
            MakeExports "exports:make" [Admin] "Make exports of everything the borough owns.";
            ReadAudit "audit:read" [Admin Auditor] "Read the borough's audit trail.";
            ReadChanges "changes:read" [Admin Finance PoolManager Clerk Auditor System] "Follow what changes in the borough, by paths and ids.";
            ReadFunds "funds:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read funds, years, periods, schemes and accounts.";
            ManageFunds "funds:manage" [Finance PoolManager] "Set up funds, years, schemes and accounts.";
            ControlFunds "funds:control" [PoolManager] "Hold a fund to its budget, or let it go.";
            ReadJournals "journals:read" [Finance PoolManager Auditor System] "Read the ledger's journals, and the decisions and warnings about them.";
            PostJournals "journals:post" [Finance PoolManager System] "Post and reverse journals.";
            ReadReceipts "receipts:read" [Finance PoolManager Auditor System] "Read receipts.";
            RecordReceipts "receipts:record" [Finance PoolManager System] "Record receipts.";
            ReadPositions "positions:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read a fund's position.";
            ReadAgreements "agreements:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read agreements, their versions, approvals and what they lack.";
            ManageAgreements "agreements:manage" [Finance PoolManager] "Record agreements, variations, consultations, approvals, hosts, pool managers and schedules.";
            ReadContributions "contributions:read" [Admin Finance PoolManager Member Auditor System] "Read contributions, instalments, awards and the reconciliation.";
            ManageContributions "contributions:manage" [Finance PoolManager] "Record contributions, variations, invoices, awards, a year's budget, and match payments.";
            ReadMonitoring "monitoring:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read virements, forecasts, savings, action plans, outcomes and payments.";
            KeepMonitoring "monitoring:keep" [Finance PoolManager System] "Record virements, forecasts, savings, action plans, outcomes and payments.";
            ReadRiskShare "risk-share:read" [Admin Finance PoolManager Member Auditor System] "Read how a variance is shared, and why.";
            ManageRiskShare "risk-share:manage" [Finance PoolManager] "Record the rule of a share, calculate it, and record who agreed.";
            SettleRiskShare "risk-share:settle" [PoolManager] "Settle an agreed share in the ledger.";
            ReadReturns "returns:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read reports and returns.";
            PrepareReturns "returns:prepare" [Finance PoolManager] "Prepare and submit reports and returns.";
            ApproveReturns "returns:approve" [PoolManager] "Approve, publish and restate reports and returns.";
            MovePeriods "periods:move" [Finance PoolManager] "Soft-close and reopen periods.";
            ClosePeriods "periods:close" [PoolManager] "Close periods for good.";
            ReadCommittees "committees:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read committees.";
            ManageCommittees "committees:manage" [Clerk] "Record committees and move their phase.";
            ReadDelegations "delegations:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read the scheme of delegation.";
            ManageDelegations "delegations:manage" [Clerk] "Record the limits of the scheme of delegation.";
            ReadAuthority "authority:read" [Admin Finance PoolManager Clerk Member Auditor System] "Ask who may decide how much on what.";
            ReadPeople "people:read" [Admin Clerk Member Auditor] "Read people, offices and the register of interests.";
            ManagePeople "people:manage" [Clerk] "Record people, offices and interests.";
            ReadMeetings "meetings:read" [Admin Finance PoolManager Clerk Member Auditor] "Read meetings, agendas, papers, declarations and minutes.";
            ManageMeetings "meetings:manage" [Clerk] "Call meetings and keep their record.";
            ReadVotes "votes:read" [Clerk Member Auditor] "Read motions, votes and results.";
            ManageVotes "votes:manage" [Clerk] "Record motions and take votes.";
            ReadDecisions "decisions:read" [Admin Finance PoolManager Clerk Member Auditor System] "Read decisions and recommendations.";
            ManageDecisions "decisions:manage" [Clerk] "Record and publish decisions.";
            CallIn "decisions:call-in" [Clerk Member] "Call a decision in.";
            ReadRegisters "registers:read" [Admin Finance PoolManager Clerk Member Auditor] "Read the forward plan, consultations, scrutiny, due diligence, actions and locality plans.";
            ManageRegisters "registers:manage" [Clerk] "Keep the forward plan, consultations, scrutiny, due diligence, actions and locality plans.";
            ImportGovernance "governance:import" [Clerk] "Take in a committee system's calendar and members.";
        }
        Partner {
            ReadOwnRecords "partner-organisations:read" [PartnerFinance] "Read one's own organisation record in every borough.";
            ReadOwnContributions "partner-contributions:read" [PartnerFinance] "Read one's own contributions and instalments in every borough.";
        }
        Region {
            ReadRegionBoroughs "region-boroughs:read" [Analyst] "Read which boroughs the region expects, and their state.";
            ReadFigures "region-figures:read" [Analyst] "Read the region's figures.";
            SetThresholds "region-thresholds:set" [Analyst] "Set what counts as green, amber and red.";
            ReadProgress "region-governance:read" [Analyst] "Read how the region's committees come along.";
        }
        Platform {
            ReadBoroughs "boroughs:read" [Officer] "Read every borough's record.";
            OnboardBoroughs "boroughs:onboard" [Officer] "Create boroughs and move their state.";
            ReviewBoroughs "boroughs:review" [Officer] "Waive what a borough lacks, and say why.";
            RestoreBoroughs "boroughs:restore" [Officer] "Restore a borough from its export into an empty instance.";
            RotateKeys "keys:rotate" [Officer] "Rotate the keys tokens are signed with.";
            ReadOfficeAudit "office-audit:read" [Officer] "Read what the platform did.";
            ReadRegions "regions:read" [Officer] "Read regions and whom they expect.";
            ManageRegions "regions:manage" [Officer] "Create regions.";
            ReadOfficeClients "office-clients:read" [Officer] "Read the API clients of regions, partners and the platform.";
            ManageOfficeClients "office-clients:manage" [Officer] "Create API clients for regions, partners and the platform.";
        }
    }
}

/// A scope or role that is on no page of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not known here")]
pub struct UnknownScope(String);

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u128);

impl Scopes {
    const fn with(self, index: u8) -> Self {
        Self(self.0 | 1 << index)
    }

    /// Whether the permission is among them.
    #[must_use]
    pub fn allow(self, permission: AnyPermission) -> bool {
        self.0 & (1 << permission.index) != 0
    }

    /// What both sets allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is nothing that `other` lacks.
    #[must_use]
    pub fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their names.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        permissions().filter(|p| self.allow(**p)).map(|p| p.slug).collect()
    }
}

/// As in `scope`: names with a space between.
impl FromStr for Scopes {
    type Err = UnknownScope;
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split(' ').filter(|name| !name.is_empty()).try_fold(Self::default(), |all, name| {
            let found = permissions().find(|p| p.slug == name).ok_or_else(|| UnknownScope(name.to_owned()))?;
            Ok(all.with(found.index))
        })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_hangs_together() {
        assert!(permissions().count() <= 128, "a set is 128 bits");
        for (at, permission) in permissions().enumerate() {
            assert_eq!(usize::from(permission.index), at);
            assert!(!permission.roles.is_empty(), "{}", permission.slug);
            for role in permission.roles {
                assert_eq!(role.owner_kind(), permission.kind, "{} {role}", permission.slug);
            }
            assert_eq!(permissions().filter(|p| p.slug == permission.slug).count(), 1);
        }
        for role in Role::ALL {
            assert_eq!(role.scopes().to_string().parse(), Ok(role.scopes()));
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("funds:read everything".parse::<Scopes>().is_err());
    }

    #[test]
    fn an_auditor_reads_all_of_a_borough_and_writes_nothing() {
        for permission in permissions().filter(|p| p.kind == OwnerKind::Borough) {
            let reads = permission.slug.ends_with(":read");
            assert_eq!(permission.roles.contains(&Role::Auditor), reads, "{}", permission.slug);
        }
    }
}
