//! The arithmetic of a memorandum account. No SQL, no HTTP, no clock.
//!
//! SI 2000/617 reg 7(4) has the host account for income and expenditure of the pool; CIPFA, "Pooled budgets: who controls
//! what", has each partner take its share of a joint operation into its own books.

use domain::{OrganisationId, Pence, split};
use serde::{Deserialize, Serialize};
use web::Row;

/// A partner and what it puts in, in the order that decides who takes the odd penny.
#[derive(Debug, Clone)]
pub(crate) struct Giver {
    pub(crate) id: OrganisationId,
    pub(crate) name: String,
    /// Its cash contributions to the pool in force.
    pub(crate) cash: Pence,
    /// What it gives in kind.
    pub(crate) in_kind: Pence,
    /// Its cash contributions to schemes that are aligned or in view.
    pub(crate) apart: Pence,
    /// What it bore of the year's settled risk share; below zero, what it had back.
    pub(crate) settled: Pence,
}

impl Giver {
    /// A partner that puts in nothing yet.
    pub(crate) fn of(id: OrganisationId, name: &str) -> Self {
        let nil = Pence::ZERO;
        Self { id, name: name.to_owned(), cash: nil, in_kind: nil, apart: nil, settled: nil }
    }
}

/// Money spent, by how the partners account for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    /// Joint operations: each partner takes its share. A pooled scheme without a schedule is counted here.
    pub(crate) joint: Pence,
    /// In one partner's books whole: sole control, or an agency.
    pub(crate) sole: Pence,
    /// Schemes that are aligned or in view: each partner's own, never the pool's.
    pub(crate) apart: Pence,
}

/// A partner in a memorandum account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct PartnerShare {
    pub(crate) organisation: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(crate) name: String,
    /// Its cash contributions to the pool in force.
    pub(crate) contribution_pence: Pence,
    /// What it gives in kind, which never enters cash.
    pub(crate) in_kind_pence: Pence,
    /// What it bore of the year's settled risk share; below zero, what it had back.
    #[serde(default)]
    pub(crate) settlement_pence: Pence,
    /// Its part of what was spent on joint operations: what it takes into its own books.
    pub(crate) joint_operation_pence: Pence,
    /// Its part of what is left, or, below zero, of what is overspent.
    pub(crate) closing_share_pence: Pence,
}

/// The memorandum account of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct MemorandumAccount {
    /// Brought forward from the year before.
    pub(crate) opening_pence: Pence,
    /// Cash contributions to the pool in force, of the whole year; in a quarterly return, what of them fell due to its end.
    pub(crate) contributions_pence: Pence,
    pub(crate) other_income_pence: Pence,
    /// What the partners bore of the year's settled risk share, less what they had back.
    #[serde(default)]
    pub(crate) settlement_pence: Pence,
    /// Spent on pooled schemes.
    pub(crate) expenditure_pence: Pence,
    /// Opening, income and settlement less expenditure.
    pub(crate) closing_pence: Pence,
    /// Of the expenditure, what was spent on joint operations. Schemes without a schedule are taken for such.
    pub(crate) joint_operation_pence: Pence,
    /// Of the expenditure, what stands whole in one partner's books: sole control, or an agency.
    pub(crate) sole_control_pence: Pence,
    /// Given in kind: no cash, and in none of the sums above.
    pub(crate) in_kind_pence: Pence,
    /// Contributed to schemes that are aligned or in view: in none of the sums above.
    pub(crate) apart_contributions_pence: Pence,
    /// Spent on schemes that are aligned or in view: in none of the sums above.
    pub(crate) apart_expenditure_pence: Pence,
    /// Who bears what, by the weight of cash contributions; the host, where there are none.
    pub(crate) partners: Vec<PartnerShare>,
}

/// A line of a memorandum account.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MemorandumLine {
    #[schema(example = "Expenditure")]
    pub(crate) line: String,
    /// The partner a line is of; null for a line of the whole.
    pub(crate) partner: Option<String>,
    pub(crate) amount_pence: Pence,
}

impl Row for MemorandumLine {
    const COLUMNS: &'static [&'static str] = &["line", "partner", "amount_pence"];
}

impl MemorandumAccount {
    /// Draws the account up (rule 31). `host` bears what nobody contributed to. `None` where a sum leaves the range of
    /// pence.
    pub(crate) fn of(
        opening: Pence,
        other_income: Pence,
        spent: Spent,
        givers: &[Giver],
        host: (OrganisationId, &str),
    ) -> Option<Self> {
        let contributions = Pence::sum(givers.iter().map(|giver| giver.cash))?;
        let expenditure = spent.joint.checked_add(spent.sole)?;
        let settlement = Pence::sum(givers.iter().map(|giver| giver.settled))?;
        let income = Pence::sum([opening, contributions, other_income, settlement])?;
        let closing = income.checked_sub(expenditure)?;
        let nobody = Giver::of(host.0, host.1);
        let mut bearers: Vec<Giver> = givers.to_vec();
        let mut weights: Vec<Pence> = bearers.iter().map(|giver| giver.cash).collect();
        if contributions.0 <= 0 {
            let at = bearers.iter().position(|giver| giver.id == host.0).unwrap_or(bearers.len());
            if at == bearers.len() {
                bearers.push(nobody);
            }
            weights = (0..bearers.len()).map(|bearer| Pence(i64::from(bearer == at))).collect();
        }
        let closing_shares = split(closing, &weights)?;
        let joint_shares = split(spent.joint, &weights)?;
        let partners =
            bearers.into_iter().zip(joint_shares).zip(closing_shares).map(|((giver, joint), closing)| PartnerShare {
                organisation: giver.id,
                name: giver.name,
                contribution_pence: giver.cash,
                in_kind_pence: giver.in_kind,
                settlement_pence: giver.settled,
                joint_operation_pence: joint,
                closing_share_pence: closing,
            });
        Some(Self {
            opening_pence: opening,
            contributions_pence: contributions,
            other_income_pence: other_income,
            settlement_pence: settlement,
            expenditure_pence: expenditure,
            closing_pence: closing,
            joint_operation_pence: spent.joint,
            sole_control_pence: spent.sole,
            in_kind_pence: Pence::sum(givers.iter().map(|giver| giver.in_kind))?,
            apart_contributions_pence: Pence::sum(givers.iter().map(|giver| giver.apart))?,
            apart_expenditure_pence: spent.apart,
            partners: partners.collect(),
        })
    }

    /// The account line by line.
    pub(crate) fn lines(&self) -> Vec<MemorandumLine> {
        let whole = |line: &str, amount_pence| MemorandumLine { line: line.to_owned(), partner: None, amount_pence };
        let mut lines = vec![whole("Opening balance, brought forward", self.opening_pence)];
        let of = |line: &str, partner: &PartnerShare, amount_pence| MemorandumLine {
            line: line.to_owned(),
            partner: Some(partner.name.clone()),
            amount_pence,
        };
        lines.extend(self.partners.iter().map(|p| of("Cash contribution", p, p.contribution_pence)));
        lines.push(whole("Cash contributions", self.contributions_pence));
        lines.push(whole("Other income", self.other_income_pence));
        lines.extend(self.partners.iter().map(|p| of("Settlement of risk share", p, p.settlement_pence)));
        lines.push(whole("Settlement of risk share", self.settlement_pence));
        lines.push(whole("Expenditure", self.expenditure_pence));
        lines.push(whole("Closing balance", self.closing_pence));
        lines.extend(self.partners.iter().map(|p| of("Share of the closing balance", p, p.closing_share_pence)));
        lines.extend(self.partners.iter().map(|p| of("Share of joint operations", p, p.joint_operation_pence)));
        lines.push(whole("In kind, apart", self.in_kind_pence));
        lines.push(whole("Aligned and in view, contributed, apart", self.apart_contributions_pence));
        lines.push(whole("Aligned and in view, spent, apart", self.apart_expenditure_pence));
        lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(at: u8) -> OrganisationId {
        let mut bytes = [0; 16];
        bytes[15] = at;
        OrganisationId(uuid::Uuid::from_bytes(bytes))
    }

    fn giver(at: u8, cash: i64) -> Giver {
        let name = format!("Partner {at}");
        Giver { cash: Pence(cash), in_kind: Pence(7), apart: Pence(5), ..Giver::of(id(at), &name) }
    }

    #[test]
    fn rule_31_what_partners_settled_is_income_and_closes_the_account() {
        let spent = Spent { joint: Pence(1_100), ..Spent::default() };
        let givers = [(1, 60), (2, 40)].map(|(at, settled)| Giver { settled: Pence(settled), ..giver(at, 500) });
        let account =
            MemorandumAccount::of(Pence::ZERO, Pence::ZERO, spent, &givers, (id(1), "Host")).expect("in range");
        assert_eq!((account.settlement_pence, account.closing_pence), (Pence(100), Pence::ZERO));
        assert_eq!(account.partners[0].settlement_pence, Pence(60));
        assert!(account.lines().iter().any(|line| line.line == "Settlement of risk share" && line.partner.is_none()));
    }

    #[test]
    fn rule_31_the_shares_of_a_joint_operation_are_those_of_the_published_arithmetic() {
        // £102,345,678.91 spent of £38.5m and £61.5m: the parts of the overspend of £2,345,678.91 with the
        // contributions, as in the model clause on overspends.
        let spent = Spent { joint: Pence(10_234_567_891), ..Spent::default() };
        let givers = [giver(1, 3_850_000_000), giver(2, 6_150_000_000)];
        let account =
            MemorandumAccount::of(Pence::ZERO, Pence::ZERO, spent, &givers, (id(1), "Host")).expect("in range");
        let joint: Vec<i64> = account.partners.iter().map(|p| p.joint_operation_pence.0).collect();
        assert_eq!(joint, [3_940_308_638, 6_294_259_253]);
        assert_eq!(account.closing_pence, Pence(-234_567_891));
        let closing: Vec<i64> = account.partners.iter().map(|p| p.closing_share_pence.0).collect();
        assert_eq!(closing, [-90_308_638, -144_259_253]);
    }

    #[test]
    fn what_nobody_contributed_to_is_the_hosts() {
        let spent = Spent { joint: Pence(500), sole: Pence(11), apart: Pence(99) };
        let account = MemorandumAccount::of(Pence(100), Pence(1), spent, &[], (id(9), "Host")).expect("in range");
        assert_eq!(account.partners.len(), 1);
        assert_eq!((account.partners[0].organisation, account.partners[0].closing_share_pence), (id(9), Pence(-410)));
        assert_eq!(account.apart_expenditure_pence, Pence(99), "aligned and in-view money stays apart");
        let aligned_only = [giver(1, 0), giver(9, 0)];
        let account =
            MemorandumAccount::of(Pence(100), Pence(1), spent, &aligned_only, (id(9), "Host")).expect("in range");
        let shares: Vec<i64> = account.partners.iter().map(|p| p.closing_share_pence.0).collect();
        assert_eq!(shares, [0, -410]);
    }

    #[test]
    fn sums_out_of_range_are_refused_and_not_wrapped() {
        let spent = Spent { joint: Pence(i64::MAX), sole: Pence(1), apart: Pence::ZERO };
        assert!(MemorandumAccount::of(Pence::ZERO, Pence::ZERO, spent, &[], (id(1), "Host")).is_none());
    }

    proptest! {
        #[test]
        fn rule_31_opening_and_income_less_expenditure_is_closing_and_the_sum_of_the_shares(
            opening in -1i64 << 50..1i64 << 50, other in 0i64..1i64 << 50, joint in -1i64 << 50..1i64 << 50,
            sole in -1i64 << 50..1i64 << 50, cash in prop::collection::vec(0i64..1i64 << 50, 0..8)
        ) {
            let givers: Vec<Giver> = cash.iter().zip(1u8..).map(|(cash, at)| giver(at, *cash)).collect();
            let spent = Spent { joint: Pence(joint), sole: Pence(sole), apart: Pence(3) };
            let account = MemorandumAccount::of(Pence(opening), Pence(other), spent, &givers, (id(1), "Host")).expect("in range");
            let given: i64 = cash.iter().sum();
            prop_assert_eq!(account.closing_pence.0, opening + given + other - joint - sole);
            let sum = |of: fn(&PartnerShare) -> Pence| account.partners.iter().map(|p| of(p).0).sum::<i64>();
            prop_assert_eq!(sum(|p| p.closing_share_pence), account.closing_pence.0);
            prop_assert_eq!(sum(|p| p.joint_operation_pence), joint);
            prop_assert_eq!(sum(|p| p.contribution_pence), given);
        }
    }
}
