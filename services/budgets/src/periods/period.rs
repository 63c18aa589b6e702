//! The rules of periods. No SQL, no HTTP, no clock.

use auth::{AnyPermission, Permission, Scopes, can};
use serde::{Deserialize, Serialize};

/// Where a period stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PeriodState {
    /// Takes postings.
    Open,
    /// Takes none; the region sees it as provisional.
    SoftClosed,
    /// Takes none; the region sees it as final.
    Closed,
    /// Takes postings again; the region does not see it until it is soft-closed again.
    Reopened,
}

impl PeriodState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::SoftClosed => "soft_closed",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "soft_closed" => Self::SoftClosed,
            "closed" => Self::Closed,
            "reopened" => Self::Reopened,
            _ => Self::Open,
        }
    }

    /// Whether journals may be posted in it (rule 30).
    pub(crate) fn takes_postings(self) -> bool {
        matches!(self, Self::Open | Self::Reopened)
    }

    fn moves(self) -> &'static [(Self, AnyPermission)] {
        match self {
            Self::Open | Self::Reopened => &[(Self::SoftClosed, can::MovePeriods::OF)],
            Self::SoftClosed => &[(Self::Closed, can::ClosePeriods::OF)],
            Self::Closed => &[(Self::Reopened, can::ClosePeriods::OF)],
        }
    }

    /// The moves a caller with these scopes may ask for. Who closed a period may not reopen it: that takes a
    /// second person (rule 30).
    pub(crate) fn allowed(self, scopes: Scopes, made_last_move: bool) -> Vec<Self> {
        let second_person = |to: &Self| *to != Self::Reopened || !made_last_move;
        self.moves().iter().filter(|(to, needs)| scopes.allow(*needs) && second_person(to)).map(|(to, _)| *to).collect()
    }
}

#[cfg(test)]
mod tests {
    use auth::Role;

    use super::*;

    #[test]
    fn rule_30_closed_periods_take_nothing_and_reopening_takes_a_second_person() {
        use PeriodState::{Closed, Open, Reopened, SoftClosed};
        for state in [Open, SoftClosed, Closed, Reopened] {
            assert_eq!(PeriodState::parse(state.as_str()), state);
        }
        assert!(!SoftClosed.takes_postings() && !Closed.takes_postings() && Reopened.takes_postings());
        let manager = Role::PoolManager.scopes();
        assert_eq!(Closed.allowed(manager, false), [Reopened]);
        assert!(Closed.allowed(manager, true).is_empty());
        assert!(SoftClosed.allowed(Role::Finance.scopes(), false).is_empty(), "closing is the pool manager's");
        assert_eq!(Open.allowed(Role::Finance.scopes(), false), [SoftClosed]);
        assert!(Open.allowed(Role::Auditor.scopes(), false).is_empty());
    }
}
