//! From a year's books to what each partner bears: the waterfall, ring-fences, and what is not shared at all.
//! No SQL, no HTTP, no clock.

use domain::{OrganisationId, Pence};
use serde::{Deserialize, Serialize};

use super::{
    rule::{RatioBasis, RiskRuleBody, ShareKind},
    share::{NotShared, ShareStep, share, step},
};
use crate::{
    funds::FundKind,
    positions::SchemeSums,
    rules::{self, Rule},
};

/// A scheme's budget and spending, and how its schedule holds it. A scheme without a schedule is as its fund is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SchemeFigures {
    #[schema(example = "ICES")]
    pub(crate) scheme: String,
    pub(crate) kind: FundKind,
    pub(crate) ring_fence: Option<String>,
    /// The partner that leads it.
    pub(crate) lead: Option<OrganisationId>,
    pub(crate) budget_pence: Pence,
    pub(crate) actual_pence: Pence,
    /// Spending less budget: adverse above zero.
    pub(crate) variance_pence: Pence,
}

impl SchemeFigures {
    /// From its sums; `None` where its variance leaves the range of pence.
    pub(super) fn of(sums: SchemeSums) -> Option<Self> {
        Some(Self {
            variance_pence: sums.actual.checked_sub(sums.budget)?,
            scheme: sums.code,
            kind: sums.kind,
            ring_fence: sums.ring_fence,
            lead: sums.lead,
            budget_pence: sums.budget,
            actual_pence: sums.actual,
        })
    }
}

/// What a partner weighs, and what it bears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct PartyShare {
    pub(crate) party: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(crate) name: String,
    /// What it paid in, on the basis; in pence, or in pence times days where the basis is weighted by time.
    pub(crate) weight: Pence,
    /// What it bears above zero, what it has back below.
    pub(crate) amount_pence: Pence,
}

/// An amount that is held back, or borne outside the share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SetAside {
    /// The scheme.
    #[schema(example = "DFG")]
    pub(crate) scheme: String,
    /// The rule that keeps it out of the share.
    #[schema(example = 26)]
    pub(crate) rule: u8,
    /// Why it is not shared.
    pub(crate) why: String,
    pub(crate) amount_pence: Pence,
    /// The partner that bears it, where that is known.
    pub(crate) borne_by: Option<OrganisationId>,
}

/// What comes of a rule in a year, with everything it was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct RiskShare {
    /// The version of the rule it was made by.
    #[schema(example = 1)]
    pub(crate) rule_number: i16,
    pub(crate) kind: ShareKind,
    /// Which contributions the ratio is of.
    pub(crate) basis: RatioBasis,
    pub(crate) schemes: Vec<SchemeFigures>,
    /// What is held in reserve: the first to meet an overspend.
    pub(crate) contingency_pence: Pence,
    /// Allocated to no scheme yet: the next to meet it.
    pub(crate) uncommitted_pence: Pence,
    /// Pooled spending less pooled budget: adverse above zero. It is the sum of what reserves meet and the shares, less
    /// what ring-fences hold.
    pub(crate) variance_pence: Pence,
    /// What the contingency and uncommitted allocations met.
    pub(crate) met_by_reserves_pence: Pence,
    /// What of an underspend stays with its ring-fence.
    pub(crate) ring_fenced_pence: Pence,
    pub(crate) shares: Vec<PartyShare>,
    /// Ring-fenced underspends, and the variances of aligned and in-view schemes.
    pub(crate) aside: Vec<SetAside>,
    /// Every step, in order.
    pub(crate) arithmetic: Vec<ShareStep>,
}

/// What a share is made from.
#[derive(Debug)]
pub(super) struct Books<'a> {
    pub(super) rule: &'a RiskRuleBody,
    /// The parties of the rule in their order, each with its name.
    pub(super) names: Vec<String>,
    pub(super) schemes: Vec<SchemeFigures>,
    pub(super) contingency: Pence,
    pub(super) uncommitted: Pence,
    /// What each party paid in: of everything, for an overspend; without ring-fences, for an underspend.
    pub(super) weights: [Vec<Pence>; 2],
}

/// The partners' shares of a year (rules 21 to 26).
pub(super) fn calculate(books: Books) -> Result<RiskShare, NotShared> {
    let rule = &books.rule.rule;
    let mut arithmetic = Vec::new();
    let mut aside = Vec::new();
    let (mut overs, mut unders, mut ring_fenced) = (Pence::ZERO, Pence::ZERO, Pence::ZERO);
    let add = |to: &mut Pence, amount: Pence| -> Result<(), NotShared> {
        *to = to.checked_add(amount).ok_or(NotShared::TooLarge)?;
        Ok(())
    };
    for scheme in &books.schemes {
        let (variance, borne_by) = (scheme.variance_pence, scheme.lead);
        let mut set_aside = |rule: Rule, why: &str, amount_pence| {
            let (scheme, why) = (scheme.scheme.clone(), why.to_owned());
            aside.push(SetAside { scheme, rule: rule.number, why, amount_pence, borne_by });
        };
        if scheme.kind != FundKind::Pooled {
            let why = if scheme.kind == FundKind::Aligned { "Aligned: its partner bears it." } else { "In view." };
            set_aside(rules::ALIGNED_APART, why, variance);
        } else if variance >= Pence::ZERO {
            add(&mut overs, variance)?;
        } else if scheme.ring_fence.is_some() {
            let held = variance.checked_neg().ok_or(NotShared::TooLarge)?;
            set_aside(rules::RING_FENCE, "Ring-fenced: it stays with its purpose.", held);
            add(&mut ring_fenced, held)?;
        } else {
            add(&mut unders, variance.checked_neg().ok_or(NotShared::TooLarge)?)?;
        }
    }
    arithmetic.push(step("Overspends of pooled schemes", overs));
    arithmetic.push(step("Underspends elsewhere in the pool, without a ring-fence", unders));
    let net = overs.checked_sub(unders).ok_or(NotShared::TooLarge)?;
    let mut left = net;
    for (what, reserve) in
        [("Met by the contingency", books.contingency), ("Met by uncommitted allocations", books.uncommitted)]
    {
        let met = reserve.min(left).max(Pence::ZERO);
        if met > Pence::ZERO {
            arithmetic.push(step(what, met));
        }
        left = left.checked_sub(met).ok_or(NotShared::TooLarge)?;
    }
    arithmetic.push(step(if left < Pence::ZERO { "To be returned" } else { "To be shared" }, left));
    let weights = &books.weights[usize::from(left < Pence::ZERO)];
    let amounts = if rule.kind == ShareKind::OwnerBears {
        by_owner(&books, left, net, &mut arithmetic)?
    } else {
        share(rule, left, weights, &mut arithmetic)?
    };
    let parties = rule.parties.iter().zip(&books.names).zip(weights).zip(amounts);
    Ok(RiskShare {
        rule_number: books.rule.number,
        kind: rule.kind,
        basis: rule.basis,
        contingency_pence: books.contingency,
        uncommitted_pence: books.uncommitted,
        variance_pence: net.checked_sub(ring_fenced).ok_or(NotShared::TooLarge)?,
        met_by_reserves_pence: net.checked_sub(left).ok_or(NotShared::TooLarge)?,
        ring_fenced_pence: ring_fenced,
        shares: parties
            .map(|(((party, name), weight), amount_pence)| PartyShare {
                party: *party,
                name: name.clone(),
                weight: *weight,
                amount_pence,
            })
            .collect(),
        aside,
        arithmetic,
        schemes: books.schemes,
    })
}

/// Each partner bears what the schemes it leads come to; what reserves met is taken from all who overspent, in
/// proportion to their overspends.
fn by_owner(books: &Books, left: Pence, net: Pence, arithmetic: &mut Vec<ShareStep>) -> Result<Vec<Pence>, NotShared> {
    let parties = &books.rule.rule.parties;
    let mut sums = vec![Pence::ZERO; parties.len()];
    for scheme in books.schemes.iter().filter(|scheme| scheme.kind == FundKind::Pooled) {
        if scheme.ring_fence.is_some() && scheme.variance_pence < Pence::ZERO {
            continue;
        }
        let leads = parties.iter().position(|party| Some(*party) == scheme.lead);
        let at = match leads {
            Some(at) => at,
            None if scheme.variance_pence == Pence::ZERO => continue,
            None => return Err(NotShared::NobodyLeads(scheme.scheme.clone())),
        };
        sums[at] = sums[at].checked_add(scheme.variance_pence).ok_or(NotShared::TooLarge)?;
    }
    let met = net.checked_sub(left).ok_or(NotShared::TooLarge)?;
    if met > Pence::ZERO {
        let over: Vec<Pence> = sums.iter().map(|sum| (*sum).max(Pence::ZERO)).collect();
        let relief = domain::split(met, &over).ok_or(NotShared::TooLarge)?;
        for (sum, relief) in sums.iter_mut().zip(relief) {
            *sum = sum.checked_sub(relief).ok_or(NotShared::TooLarge)?;
        }
    }
    arithmetic.push(step("Each partner bears the schemes it leads", left));
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{super::rule::RiskRuleDraft, *};

    const COUNCIL: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const BOARD: OrganisationId = OrganisationId(Uuid::from_u128(2));

    fn scheme(code: &str, kind: FundKind, ring_fence: Option<&str>, variance: i64) -> SchemeFigures {
        let budget = 10_000_000_000;
        SchemeFigures {
            scheme: code.into(),
            kind,
            ring_fence: ring_fence.map(str::to_owned),
            lead: Some(BOARD),
            budget_pence: Pence(budget),
            actual_pence: Pence(budget + variance),
            variance_pence: Pence(variance),
        }
    }

    fn body(kind: ShareKind) -> RiskRuleBody {
        RiskRuleBody {
            number: 3,
            rule: RiskRuleDraft {
                in_force_from: "2019-04-01".parse().expect("a day"),
                reference: "A test".into(),
                kind,
                basis: RatioBasis::Original,
                parties: vec![COUNCIL, BOARD],
                caps: Vec::new(),
                residual_to: None,
                tiers: Vec::new(),
                lead: None,
            },
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    fn made(
        rule: &RiskRuleBody,
        schemes: Vec<SchemeFigures>,
        reserves: (i64, i64),
        weights: [[i64; 2]; 2],
    ) -> RiskShare {
        let books = Books {
            rule,
            names: vec!["The council".into(), "The board".into()],
            schemes,
            contingency: Pence(reserves.0),
            uncommitted: Pence(reserves.1),
            weights: weights.map(|pair| pair.map(Pence).to_vec()),
        };
        calculate(books).expect("shared")
    }

    fn amounts(share: &RiskShare) -> Vec<i64> {
        share.shares.iter().map(|one| one.amount_pence.0).collect()
    }

    const RATIO: [[i64; 2]; 2] = [[3_850_000_000, 6_150_000_000], [2_100_000_000, 3_600_000_000]];

    #[test]
    fn rule_26_vector_rs5_a_ring_fenced_underspend_stays_and_the_rest_goes_back() {
        let schemes = vec![
            scheme("DFG", FundKind::Pooled, Some("Disabled Facilities Grant"), -30_000_000),
            scheme("CARE", FundKind::Pooled, None, -90_000_000),
        ];
        let share = made(&body(ShareKind::Proportional), schemes, (0, 0), RATIO);
        assert_eq!(share.ring_fenced_pence, Pence(30_000_000));
        assert_eq!(share.aside[0].scheme, "DFG");
        assert_eq!(amounts(&share), [-33_157_895, -56_842_105]);
        assert_eq!(share.variance_pence, Pence(-120_000_000));
    }

    #[test]
    fn rule_21_vector_rs6_what_is_aligned_or_in_view_never_enters_the_share() {
        let schemes = vec![
            scheme("ALIGNED", FundKind::Aligned, None, 50_000_000),
            scheme("VIEWED", FundKind::InView, None, 70_000_000),
        ];
        let share = made(&body(ShareKind::Proportional), schemes, (0, 0), RATIO);
        assert_eq!(amounts(&share), [0, 0], "no transfer");
        assert_eq!(share.variance_pence, Pence::ZERO);
        let borne: Vec<_> = share.aside.iter().map(|one| (one.borne_by, one.amount_pence.0)).collect();
        assert_eq!(borne, [(Some(BOARD), 50_000_000), (Some(BOARD), 70_000_000)]);
    }

    #[test]
    fn rule_25_where_the_owner_bears_every_scheme_has_one() {
        let led = scheme("LED", FundKind::Pooled, None, 50);
        let share = made(&body(ShareKind::OwnerBears), vec![led.clone()], (20, 0), RATIO);
        assert_eq!(amounts(&share), [0, 30], "the contingency met the rest");
        let loose = SchemeFigures { lead: None, ..led };
        let books = Books {
            rule: &body(ShareKind::OwnerBears),
            names: vec!["The council".into(), "The board".into()],
            schemes: vec![loose],
            contingency: Pence::ZERO,
            uncommitted: Pence::ZERO,
            weights: [vec![Pence(1), Pence(1)], vec![Pence(1), Pence(1)]],
        };
        assert_eq!(calculate(books), Err(NotShared::NobodyLeads("LED".into())));
    }

    #[test]
    fn an_overspend_falls_down_the_waterfall_before_anybody_shares() {
        let schemes = vec![
            scheme("OVER", FundKind::Pooled, None, 400),
            scheme("UNDER", FundKind::Pooled, None, -100),
            scheme("GRANT", FundKind::Pooled, Some("A grant"), -1_000),
        ];
        let share = made(&body(ShareKind::Proportional), schemes, (120, 80), [[1, 1], [1, 1]]);
        assert_eq!(share.met_by_reserves_pence, Pence(200));
        assert_eq!(amounts(&share), [50, 50]);
        let said: Vec<(&str, i64)> = share.arithmetic.iter().map(|s| (s.what.as_str(), s.amount_pence.0)).collect();
        assert_eq!(
            said,
            [
                ("Overspends of pooled schemes", 400),
                ("Underspends elsewhere in the pool, without a ring-fence", 100),
                ("Met by the contingency", 120),
                ("Met by uncommitted allocations", 80),
                ("To be shared", 100),
                ("Largest remainder over 1 : 1", 100),
            ]
        );
        assert_eq!((share.rule_number, share.basis), (3, RatioBasis::Original), "rule 24");
    }

    proptest! {
        #[test]
        fn rule_23_reserves_shares_and_ring_fences_add_up_to_the_variance(
            variances in prop::collection::vec((0u8..4, -1_000_000_000i64..1_000_000_000), 1..8),
            contingency in 0i64..500_000_000, uncommitted in 0i64..500_000_000, owner in any::<bool>()
        ) {
            let schemes: Vec<_> = variances.iter().enumerate().map(|(at, (what, variance))| {
                let kind = match what { 2 => FundKind::Aligned, 3 => FundKind::InView, _ => FundKind::Pooled };
                scheme(&format!("S{at}"), kind, (*what == 1).then_some("A grant"), *variance)
            }).collect();
            let pooled: i64 = schemes.iter().filter(|s| s.kind == FundKind::Pooled).map(|s| s.variance_pence.0).sum();
            let kind = if owner { ShareKind::OwnerBears } else { ShareKind::Proportional };
            let share = made(&body(kind), schemes, (contingency, uncommitted), RATIO);
            prop_assert_eq!(share.variance_pence.0, pooled);
            let shared: i64 = amounts(&share).iter().sum();
            prop_assert_eq!(share.met_by_reserves_pence.0 + shared - share.ring_fenced_pence.0, pooled);
            prop_assert!(share.met_by_reserves_pence.0 <= contingency + uncommitted);
            prop_assert!(share.met_by_reserves_pence.0 == 0 || shared >= 0, "reserves meet overspends only");
        }
    }
}
