//! The arithmetic of a share: who bears how much of an overspend, or has how much of an underspend back. No SQL, no HTTP.

use domain::{OrganisationId, Pence, split};

use super::rule::{RiskRuleDraft, ShareKind};

/// What was done, in a sentence, and the amount it was done with.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct ShareStep {
    /// What was done.
    #[schema(example = "Largest remainder over 3850000000 : 6150000000")]
    pub(crate) what: String,
    pub(crate) amount_pence: Pence,
}

pub(super) fn step(what: impl Into<String>, amount: Pence) -> ShareStep {
    ShareStep { what: what.into(), amount_pence: amount }
}

/// Why nothing can be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotShared {
    /// This scheme is led by none of the partners, and its owner is to bear it.
    NobodyLeads(String),
    /// Nobody of the partners has paid anything in on the basis.
    NothingPaidIn,
    /// The sums leave the range of pence.
    TooLarge,
}

/// Shares `amount` among the rule's parties, in their order: above zero borne, below zero given back. Every penny has
/// an owner (rules 23 and 25). `weights` are what each paid in, in the same order.
pub(super) fn share(
    rule: &RiskRuleDraft,
    amount: Pence,
    weights: &[Pence],
    arithmetic: &mut Vec<ShareStep>,
) -> Result<Vec<Pence>, NotShared> {
    match rule.kind {
        ShareKind::LeadBears => Ok(all_to(rule, rule.lead, amount)),
        ShareKind::Capped if amount > Pence::ZERO => capped(rule, amount, weights, arithmetic),
        ShareKind::Tiered if amount > Pence::ZERO => tiered(rule, amount, weights, arithmetic),
        _ => pro_rata(amount, weights, arithmetic),
    }
}

fn all_to(rule: &RiskRuleDraft, party: Option<OrganisationId>, amount: Pence) -> Vec<Pence> {
    let of = |one: &OrganisationId| if Some(*one) == party { amount } else { Pence::ZERO };
    rule.parties.iter().map(of).collect()
}

fn pro_rata(amount: Pence, weights: &[Pence], arithmetic: &mut Vec<ShareStep>) -> Result<Vec<Pence>, NotShared> {
    if amount == Pence::ZERO {
        return Ok(vec![Pence::ZERO; weights.len()]);
    }
    let ratio: Vec<String> = weights.iter().map(|weight| weight.0.to_string()).collect();
    arithmetic.push(step(format!("Largest remainder over {}", ratio.join(" : ")), amount));
    if weights.iter().all(|weight| *weight == Pence::ZERO) {
        return Err(NotShared::NothingPaidIn);
    }
    split(amount, weights).ok_or(NotShared::TooLarge)
}

fn capped(
    rule: &RiskRuleDraft,
    amount: Pence,
    weights: &[Pence],
    arithmetic: &mut Vec<ShareStep>,
) -> Result<Vec<Pence>, NotShared> {
    let mut shares = pro_rata(amount, weights, arithmetic)?;
    let mut over = Pence::ZERO;
    for cap in &rule.caps {
        let Some(at) = rule.parties.iter().position(|party| *party == cap.party) else { continue };
        if shares[at] > cap.most_pence {
            let above = shares[at].checked_sub(cap.most_pence).ok_or(NotShared::TooLarge)?;
            arithmetic.push(step(format!("Partner {} reaches its cap of {}; above it", at + 1, cap.most_pence), above));
            over = over.checked_add(above).ok_or(NotShared::TooLarge)?;
            shares[at] = cap.most_pence;
        }
    }
    if let Some(at) = rule.parties.iter().position(|party| Some(*party) == rule.residual_to)
        && over != Pence::ZERO
    {
        arithmetic.push(step(format!("What is above the caps falls to partner {}", at + 1), over));
        shares[at] = shares[at].checked_add(over).ok_or(NotShared::TooLarge)?;
    }
    Ok(shares)
}

fn tiered(
    rule: &RiskRuleDraft,
    amount: Pence,
    weights: &[Pence],
    arithmetic: &mut Vec<ShareStep>,
) -> Result<Vec<Pence>, NotShared> {
    let mut shares = vec![Pence::ZERO; rule.parties.len()];
    let mut left = amount;
    for (at, tier) in rule.tiers.iter().enumerate() {
        let band = tier.up_to_pence.map_or(left, |wide| wide.min(left));
        if band == Pence::ZERO {
            break;
        }
        arithmetic.push(step(format!("Band {}", at + 1), band));
        let parts = |party: &OrganisationId| {
            let part = tier.shares.iter().find(|part| part.party == *party);
            Pence(part.map_or(0, |part| part.parts))
        };
        let of_band: Vec<Pence> =
            if tier.shares.is_empty() { weights.to_vec() } else { rule.parties.iter().map(parts).collect() };
        for (share, part) in shares.iter_mut().zip(pro_rata(band, &of_band, arithmetic)?) {
            *share = share.checked_add(part).ok_or(NotShared::TooLarge)?;
        }
        left = left.checked_sub(band).ok_or(NotShared::TooLarge)?;
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{
        super::rule::{RatioBasis, RiskCap, RiskParts, RiskTier},
        *,
    };

    fn party(number: u128) -> OrganisationId {
        OrganisationId(Uuid::from_u128(number))
    }

    fn rule(kind: ShareKind, parties: u128) -> RiskRuleDraft {
        RiskRuleDraft {
            in_force_from: "2019-04-01".parse().expect("a day"),
            reference: "A test".into(),
            kind,
            basis: RatioBasis::Revised,
            parties: (1..=parties).map(party).collect(),
            caps: Vec::new(),
            residual_to: None,
            tiers: Vec::new(),
            lead: None,
        }
    }

    fn shared(rule: &RiskRuleDraft, amount: i64, weights: &[i64]) -> Vec<i64> {
        let weights: Vec<Pence> = weights.iter().copied().map(Pence).collect();
        let shares = share(rule, Pence(amount), &weights, &mut Vec::new()).expect("shared");
        shares.into_iter().map(|share| share.0).collect()
    }

    /// The vectors of a model clause on overspends and underspends, and of practice; councils before the board.
    const COUNCIL_AND_BOARD: [i64; 2] = [3_850_000_000, 6_150_000_000];
    const OVERSPEND: i64 = 234_567_891;

    #[test]
    fn vector_rs1_in_proportion() {
        let shares = shared(&rule(ShareKind::Proportional, 2), OVERSPEND, &COUNCIL_AND_BOARD);
        assert_eq!(shares, [90_308_638, 144_259_253]);
    }

    #[test]
    fn vector_rs2_a_tie_goes_by_declared_order() {
        assert_eq!(shared(&rule(ShareKind::Proportional, 3), 10_000, &[1, 1, 1]), [3_334, 3_333, 3_333]);
    }

    #[test]
    fn vector_rs3_in_bands_after_the_contingency() {
        let half = |number| RiskParts { party: party(number), parts: 1 };
        let tiers = vec![
            RiskTier { up_to_pence: Some(Pence(200_000_000)), shares: vec![half(1), half(2)] },
            RiskTier { up_to_pence: None, shares: vec![half(1)] },
        ];
        let rule = RiskRuleDraft { tiers, ..rule(ShareKind::Tiered, 2) };
        // £3.1m over, of which the contingency met £0.5m before anybody shares.
        assert_eq!(shared(&rule, 310_000_000 - 50_000_000, &[0, 0]), [160_000_000, 100_000_000]);
        assert_eq!(shared(&rule, 150_000_000, &[0, 0]), [75_000_000, 75_000_000]);
    }

    #[test]
    fn vector_rs4_up_to_a_cap() {
        let rule = RiskRuleDraft {
            caps: vec![RiskCap { party: party(1), most_pence: Pence(75_000_000) }],
            residual_to: Some(party(2)),
            ..rule(ShareKind::Capped, 2)
        };
        assert_eq!(shared(&rule, OVERSPEND, &COUNCIL_AND_BOARD), [75_000_000, 159_567_891]);
        assert_eq!(shared(&rule, -100, &COUNCIL_AND_BOARD), [-39, -61], "what comes back is in proportion");
    }

    #[test]
    fn the_lead_bears_all_where_that_was_agreed() {
        let rule = RiskRuleDraft { lead: Some(party(2)), ..rule(ShareKind::LeadBears, 2) };
        assert_eq!(shared(&rule, OVERSPEND, &[0, 0]), [0, OVERSPEND]);
    }

    #[test]
    fn where_nobody_paid_in_there_is_no_proportion() {
        let weights = [Pence::ZERO; 2];
        let shares = share(&rule(ShareKind::Proportional, 2), Pence(5), &weights, &mut Vec::new());
        assert_eq!(shares, Err(NotShared::NothingPaidIn));
    }

    proptest! {
        #[test]
        fn rule_23_the_parts_of_a_share_add_up_to_what_is_shared(
            amount in -1_000_000_000_000i64..1_000_000_000_000, kind in 0u8..4,
            weights in prop::collection::vec(1i64..1_000_000_000_000, 3), cap in 0i64..1_000_000_000,
            bands in prop::collection::vec(1i64..1_000_000_000, 0..4)
        ) {
            let rule = match kind {
                0 => rule(ShareKind::Proportional, 3),
                1 => RiskRuleDraft {
                    caps: vec![RiskCap { party: party(1), most_pence: Pence(cap) }, RiskCap { party: party(3), most_pence: Pence(cap) }],
                    residual_to: Some(party(2)),
                    ..rule(ShareKind::Capped, 3)
                },
                2 => {
                    let wide = |up_to| RiskTier { up_to_pence: Some(Pence(up_to)), shares: Vec::new() };
                    let mut tiers: Vec<RiskTier> = bands.into_iter().map(wide).collect();
                    tiers.push(RiskTier { up_to_pence: None, shares: vec![RiskParts { party: party(3), parts: 7 }] });
                    RiskRuleDraft { tiers, ..rule(ShareKind::Tiered, 3) }
                }
                _ => RiskRuleDraft { lead: Some(party(1)), ..rule(ShareKind::LeadBears, 3) },
            };
            prop_assert!(rule.check().is_ok());
            let shares = shared(&rule, amount, &weights);
            prop_assert_eq!(shares.iter().sum::<i64>(), amount);
            for cap in &rule.caps {
                let at = rule.parties.iter().position(|one| *one == cap.party).expect("a partner");
                prop_assert!(shares[at] <= cap.most_pence.0, "a cap is honoured");
            }
            prop_assert!(shares.iter().all(|share| share.signum() * amount.signum() >= 0), "nobody gains by a loss");
        }
    }
}
