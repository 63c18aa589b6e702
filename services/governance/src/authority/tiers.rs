//! The tiers of authority: one officer, two officers, a committee, each parent's own board. No SQL, no HTTP, no clock.

use auth::Role;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, ConstitutionId, DelegationId, FundId, JournalId, Pence};
use serde::{Deserialize, Serialize};

use crate::{
    committees::{Basis, Phase},
    delegations::ActKind,
};

/// A question of authority.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount_pence": 100_000_000, "kind": "spend", "role": "finance"}))]
pub(crate) struct AuthorityQuestion {
    /// How much. In pence.
    pub(super) amount_pence: Pence,
    pub(super) kind: ActKind,
    /// Of which fund.
    pub(super) fund: Option<FundId>,
    /// Whether this role may, by itself.
    pub(super) role: Option<Role>,
    /// On which day; today where left out.
    pub(super) on: Option<NaiveDate>,
}

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tier {
    /// An officer alone.
    Officer,
    /// Two officers together.
    TwoOfficers,
    /// A live committee, by a decision.
    Committee,
    /// The parents' own boards, each.
    ParentBoards,
}

/// Whether somebody may, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct TierAnswer {
    pub(crate) tier: Tier,
    /// The role, the committee's name, or the parent.
    #[schema(example = "finance")]
    pub(crate) who: String,
    pub(crate) may: bool,
    /// The most they may, where there is a limit.
    pub(crate) limit_pence: Option<Pence>,
    /// The version of the limit, of a role.
    pub(crate) delegation: Option<DelegationId>,
    /// The committee, and the version of its rules.
    pub(crate) committee: Option<CommitteeId>,
    pub(crate) constitution: Option<ConstitutionId>,
    #[schema(example = "finance may decide £500,000.00 by itself since 2019-04-01; this is £1,000,000.00.")]
    pub(crate) says: String,
}

/// Journals that together are above a limit which each of them keeps (rule 54).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct SplitFlag {
    pub(crate) fund: FundId,
    #[schema(example = "COMMUNITY")]
    pub(crate) scheme: String,
    #[schema(example = "finance")]
    pub(crate) role: String,
    pub(crate) sum_pence: Pence,
    pub(crate) limit_pence: Pence,
    pub(crate) journals: Vec<JournalId>,
    pub(crate) suspected_at: DateTime<Utc>,
}

/// Who may decide, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct AuthorityAnswer {
    pub(crate) on: NaiveDate,
    pub(crate) amount_pence: Pence,
    pub(crate) kind: ActKind,
    pub(crate) fund: Option<FundId>,
    /// Whether the role asked about may, by itself.
    pub(crate) may: Option<bool>,
    /// The lowest tier at which somebody may.
    pub(crate) decided_by: Option<Tier>,
    /// Everybody who was looked at, lowest tier first.
    pub(crate) tiers: Vec<TierAnswer>,
    /// What was split to stay under a limit in the year before, of the fund and role asked about.
    pub(crate) splitting: Vec<SplitFlag>,
}

/// A limit in force on the day.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) id: DelegationId,
    pub(super) role: String,
    pub(super) fund: Option<FundId>,
    pub(super) kind: Option<ActKind>,
    pub(super) officers: i16,
    pub(super) limit: Pence,
    pub(super) from: NaiveDate,
}

/// A committee, with the rules in force on the day.
#[derive(Debug, Clone)]
pub(super) struct Deciding {
    pub(super) id: CommitteeId,
    pub(super) name: String,
    pub(super) basis: Basis,
    pub(super) phase: Phase,
    pub(super) parents: Vec<String>,
    pub(super) constitution: Option<ConstitutionId>,
    pub(super) limit: Option<Pence>,
}

/// The limits that hold: of each role and number of officers the most specific, fund before kind, and of those the
/// latest.
fn holding<'a>(limits: &'a [Limit], asked: &AuthorityQuestion) -> Vec<&'a Limit> {
    let applies = |limit: &&Limit| {
        limit.fund.is_none_or(|fund| asked.fund == Some(fund)) && limit.kind.is_none_or(|kind| kind == asked.kind)
    };
    let rank = |l: &Limit| (l.fund.is_some(), l.kind.is_some(), l.from);
    let mut holding: Vec<&Limit> = Vec::new();
    for limit in limits.iter().filter(applies) {
        match holding.iter_mut().find(|held| held.role == limit.role && held.officers == limit.officers) {
            Some(held) if rank(limit) > rank(held) => *held = limit,
            Some(_) => {}
            None => holding.push(limit),
        }
    }
    holding.sort_by(|a, b| (a.officers, &a.role).cmp(&(b.officers, &b.role)));
    holding
}

/// Answers a question.
pub(super) fn answer(
    asked: &AuthorityQuestion,
    on: NaiveDate,
    limits: &[Limit],
    committees: &[Deciding],
    splitting: Vec<SplitFlag>,
) -> AuthorityAnswer {
    let holding = holding(limits, asked);
    let may = asked.role.map(|role| match holding.iter().find(|l| l.officers == 1 && l.role == role.as_str()) {
        Some(limit) => asked.amount_pence <= limit.limit,
        // Where a scheme of delegation is in force, a role it does not name may decide nothing by itself.
        None => holding.is_empty(),
    });
    let mut tiers: Vec<TierAnswer> = holding.into_iter().map(|limit| of_officers(asked, limit)).collect();
    tiers.extend(committees.iter().map(|committee| of_committee(asked, committee)));
    let mut parents: Vec<&String> = committees.iter().flat_map(|committee| &committee.parents).collect();
    parents.sort();
    parents.dedup();
    tiers.extend(parents.into_iter().map(|parent| of_parent(parent)));
    let decided_by = tiers.iter().find(|tier| tier.may).map(|tier| tier.tier);
    let amount_pence = asked.amount_pence;
    AuthorityAnswer { on, amount_pence, kind: asked.kind, fund: asked.fund, may, decided_by, tiers, splitting }
}

fn of_officers(asked: &AuthorityQuestion, limit: &Limit) -> TierAnswer {
    let (tier, how) =
        if limit.officers == 1 { (Tier::Officer, "by itself") } else { (Tier::TwoOfficers, "with a second officer") };
    let says = format!(
        "{} may decide {} {how} since {}; this is {}.",
        limit.role, limit.limit, limit.from, asked.amount_pence
    );
    TierAnswer {
        tier,
        who: limit.role.clone(),
        may: asked.amount_pence <= limit.limit,
        limit_pence: Some(limit.limit),
        delegation: Some(limit.id),
        committee: None,
        constitution: None,
        says,
    }
}

fn of_committee(asked: &AuthorityQuestion, committee: &Deciding) -> TierAnswer {
    let amount = asked.amount_pence;
    let (may, says) = match (committee.phase, committee.constitution, committee.limit) {
        _ if !committee.basis.can_decide() => (false, "It advises.".to_owned()),
        (Phase::Live, Some(_), Some(limit)) => {
            (amount <= limit, format!("It may decide {limit} under its rules; this is {amount}."))
        }
        (Phase::Live, Some(_), None) => (true, "Its rules set no limit.".to_owned()),
        (Phase::Live, None, _) => (false, "It has no rules in force.".to_owned()),
        _ => (false, "It is not live, so it recommends and decides nothing.".to_owned()),
    };
    TierAnswer {
        tier: Tier::Committee,
        who: committee.name.clone(),
        may,
        limit_pence: committee.limit,
        delegation: None,
        committee: Some(committee.id),
        constitution: committee.constitution,
        says,
    }
}

fn of_parent(parent: &str) -> TierAnswer {
    TierAnswer {
        tier: Tier::ParentBoards,
        who: parent.to_owned(),
        may: true,
        limit_pence: None,
        delegation: None,
        committee: None,
        constitution: None,
        says: "Each parent's own board decides what nobody below it may; it takes all of them.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn limit(role: &str, officers: i16, pounds: i64, from: &str) -> Limit {
        Limit {
            id: DelegationId(Uuid::nil()),
            role: role.into(),
            fund: None,
            kind: None,
            officers,
            limit: Pence(pounds * 100),
            from: day(from),
        }
    }

    fn asked(pounds: i64) -> AuthorityQuestion {
        AuthorityQuestion {
            amount_pence: Pence(pounds * 100),
            kind: ActKind::Spend,
            fund: None,
            role: Some(Role::Finance),
            on: None,
        }
    }

    fn committee(phase: Phase, pounds: Option<i64>) -> Deciding {
        Deciding {
            id: CommitteeId(Uuid::nil()),
            name: "Joint committee".into(),
            basis: Basis::JointCommittee,
            phase,
            parents: vec!["Council".into(), "CCG".into()],
            constitution: Some(ConstitutionId(Uuid::nil())),
            limit: pounds.map(|pounds| Pence(pounds * 100)),
        }
    }

    #[test]
    fn rule_54_a_value_above_a_limit_goes_to_the_next_tier() {
        let limits = [limit("finance", 1, 500_000, "2019-04-01"), limit("finance", 2, 1_000_000, "2019-04-01")];
        let committees = [committee(Phase::Live, Some(5_000_000))];
        let on = day("2019-06-01");
        let decided = |pounds| answer(&asked(pounds), on, &limits, &committees, Vec::new()).decided_by;
        assert_eq!(decided(500_000), Some(Tier::Officer));
        assert_eq!(decided(500_001), Some(Tier::TwoOfficers));
        assert_eq!(decided(1_000_001), Some(Tier::Committee));
        assert_eq!(decided(5_000_001), Some(Tier::ParentBoards));
        let shadow = [committee(Phase::Shadow, None)];
        let answer = answer(&asked(1_000_001), on, &limits, &shadow, Vec::new());
        assert_eq!(answer.decided_by, Some(Tier::ParentBoards), "a shadow committee decides nothing");
        assert_eq!(answer.may, Some(false));
    }

    #[test]
    fn the_most_specific_limit_holds_and_of_those_the_latest() {
        let fund = FundId(Uuid::from_u128(7));
        let limits = [
            limit("finance", 1, 100, "2019-04-01"),
            limit("finance", 1, 200, "2020-04-01"),
            Limit { fund: Some(fund), ..limit("finance", 1, 50, "2018-04-01") },
            Limit { kind: Some(ActKind::Grant), ..limit("finance", 1, 10, "2019-04-01") },
        ];
        let most = |asked: &AuthorityQuestion| holding(&limits, asked)[0].limit;
        assert_eq!(most(&asked(1)), Pence(20_000));
        assert_eq!(most(&AuthorityQuestion { fund: Some(fund), ..asked(1) }), Pence(5_000));
        assert_eq!(most(&AuthorityQuestion { kind: ActKind::Grant, ..asked(1) }), Pence(1_000));
        let on = day("2020-05-01");
        let system = AuthorityQuestion { role: Some(Role::System), ..asked(1) };
        assert_eq!(answer(&system, on, &limits, &[], vec![]).may, Some(false), "a role the scheme does not name");
        assert_eq!(answer(&asked(1), on, &[], &[], vec![]).may, Some(true), "no scheme of delegation, no limit");
    }
}
