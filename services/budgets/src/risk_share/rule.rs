//! The rule partners agree for sharing a variance. No SQL, no HTTP, no clock.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{OrganisationId, Pence};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use crate::{
    journals::MOVES_MAX,
    rules::{self, Unmet},
};

/// How an overspend is shared. An underspend goes back pro rata to what was paid in without a ring-fence, or to whom an
/// overspend would have fallen alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShareKind {
    /// In proportion to contributions.
    Proportional,
    /// In proportion, each up to its cap; what is left over falls to whom `residual_to` names.
    Capped,
    /// Band by band: each with its own shares.
    Tiered,
    /// The lead bears all of it.
    LeadBears,
    /// Each scheme's variance falls to the partner that leads it, as in an aligned fund.
    OwnerBears,
}

/// Which contributions the proportion is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RatioBasis {
    /// As first agreed for the year.
    Original,
    /// As last varied.
    Revised,
    /// Each version by the days it was in force.
    TimeWeighted,
}

/// The most one partner bears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RiskCap {
    pub(crate) party: OrganisationId,
    pub(crate) most_pence: Pence,
}

/// A partner's parts of a band: with parts 1 and 1 it is halved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RiskParts {
    pub(crate) party: OrganisationId,
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub(crate) parts: i64,
}

/// A band of an overspend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RiskTier {
    /// How wide it is; the last band takes the rest and leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) up_to_pence: Option<Pence>,
    /// Who bears it; in proportion to contributions where it is empty.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) shares: Vec<RiskParts>,
}

/// A rule to record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "proportional", "basis": "revised",
    "parties": ["01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"],
    "in_force_from": "2026-04-01", "reference": "Agreement, schedule 3"}))]
pub(crate) struct RiskRuleDraft {
    /// From when it holds: a year is shared by the rule in force on its last day.
    pub(super) in_force_from: NaiveDate,
    /// Where it was agreed.
    #[schema(min_length = 1, max_length = 300)]
    pub(super) reference: String,
    pub(super) kind: ShareKind,
    pub(super) basis: RatioBasis,
    /// Who shares, in declared order: in a split that does not come out even, who comes first takes the odd penny.
    #[schema(min_items = 1, max_items = 20)]
    pub(super) parties: Vec<OrganisationId>,
    /// For a capped rule.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(super) caps: Vec<RiskCap>,
    /// For a capped rule: who takes what the caps leave over.
    #[serde(default)]
    pub(super) residual_to: Option<OrganisationId>,
    /// For a tiered rule.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub(super) tiers: Vec<RiskTier>,
    /// For a rule by which the lead bears all.
    #[serde(default)]
    pub(super) lead: Option<OrganisationId>,
}

impl RiskRuleDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reference", &self.reference, 300);
        drafts::known_day(&mut faults, "/in_force_from", self.in_force_from);
        faults.unless((1..=20).contains(&self.parties.len()), "/parties", "From 1 to 20 partners.");
        for (at, party) in self.parties.iter().enumerate() {
            faults.unless(!self.parties[..at].contains(party), format!("/parties/{at}"), "It is named twice.");
        }
        let shares = |party: &OrganisationId| self.parties.contains(party);
        faults.unless(self.caps.len() <= 20, "/caps", "At most 20 caps.");
        for (at, cap) in self.caps.iter().enumerate() {
            let known = shares(&cap.party) && self.caps[..at].iter().all(|before| before.party != cap.party);
            faults.unless(known, format!("/caps/{at}/party"), "One of the partners, once.");
            let fits = (0..=MOVES_MAX.0).contains(&cap.most_pence.0);
            faults.unless(fits, format!("/caps/{at}/most_pence"), format_args!("From nil to {MOVES_MAX}."));
        }
        faults.unless(self.tiers.len() <= 10, "/tiers", "At most 10 bands.");
        for (at, tier) in self.tiers.iter().enumerate() {
            let wide = tier.up_to_pence.is_none_or(|wide| (1..=MOVES_MAX.0).contains(&wide.0));
            faults.unless(wide, format!("/tiers/{at}/up_to_pence"), format_args!("Above nil, up to {MOVES_MAX}."));
            let known = tier.shares.iter().all(|part| shares(&part.party) && (0..=1_000_000).contains(&part.parts));
            let once = tier.shares.iter().enumerate();
            let once =
                once.fold(true, |so_far, (i, part)| so_far && tier.shares[..i].iter().all(|b| b.party != part.party));
            let some = tier.shares.is_empty() || tier.shares.iter().any(|part| part.parts > 0);
            let detail = "Partners of the rule, each once, with parts from 0 to 1,000,000, not all nil.";
            faults.unless(known && once && some && tier.shares.len() <= 20, format!("/tiers/{at}/shares"), detail);
        }
        for (pointer, party) in [("/residual_to", self.residual_to), ("/lead", self.lead)] {
            faults.unless(party.is_none_or(|party| shares(&party)), pointer, "One of the partners.");
        }
        let only = |kind, there: bool| self.kind == kind || !there;
        faults.unless(only(ShareKind::Capped, !self.caps.is_empty()), "/caps", "Only a capped rule has caps.");
        faults.unless(
            only(ShareKind::Capped, self.residual_to.is_some()),
            "/residual_to",
            "Only a capped rule names it.",
        );
        faults.unless(only(ShareKind::Tiered, !self.tiers.is_empty()), "/tiers", "Only a tiered rule has bands.");
        faults.unless(only(ShareKind::LeadBears, self.lead.is_some()), "/lead", "Only where the lead bears all.");
        faults.none()?;
        self.owned()
    }

    /// Whatever the variance is, somebody owns every penny of it (rule 25).
    fn owned(&self) -> Result<(), Problem> {
        let capped = |party| self.caps.iter().any(|cap| cap.party == party);
        match self.kind {
            ShareKind::Capped if self.caps.is_empty() => {
                Err(rules::RESIDUAL_OWNED.broken("/caps", "A capped rule has a cap. Name one, or share in proportion."))
            }
            ShareKind::Capped if self.residual_to.is_none_or(capped) => {
                let detail = "The caps leave a residual that nobody owns. Name a partner without a cap.";
                Err(rules::RESIDUAL_OWNED.broken("/residual_to", detail))
            }
            ShareKind::Tiered if self.tiers.last().is_none_or(|last| last.up_to_pence.is_some()) => {
                let detail = "What is above the last band has no owner. Leave `up_to_pence` out of the last.";
                Err(rules::RESIDUAL_OWNED.broken("/tiers", detail))
            }
            ShareKind::Tiered if self.tiers.iter().rev().skip(1).any(|tier| tier.up_to_pence.is_none()) => {
                let detail = "Only the last band takes the rest; say how wide the others are.";
                Err(rules::RESIDUAL_OWNED.broken("/tiers", detail))
            }
            ShareKind::LeadBears if self.lead.is_none() => {
                Err(rules::RESIDUAL_OWNED.broken("/lead", "Name the partner that bears it."))
            }
            _ => Ok(()),
        }
    }
}

/// A version of the rule. It never changes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RiskRuleBody {
    #[schema(example = 1)]
    pub(crate) number: i16,
    #[serde(flatten)]
    pub(crate) rule: RiskRuleDraft,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for RiskRuleBody {
    const COLUMNS: &'static [&'static str] =
        &["number", "in_force_from", "kind", "basis", "residual_to", "lead", "reference", "recorded_at"];
}

/// The amounts of one contribution, version by version: each with its first day.
#[derive(Debug, Clone)]
pub(super) struct PaidIn {
    pub(super) party: OrganisationId,
    pub(super) versions: Vec<(NaiveDate, Pence)>,
    /// Whether it is for a ring-fenced scheme.
    pub(super) ring_fenced: bool,
}

impl PaidIn {
    /// What it weighs on a basis, over the days of a year. `None` where that leaves the range of pence.
    fn weight(&self, basis: RatioBasis, first_day: NaiveDate, last_day: NaiveDate) -> Option<Pence> {
        match basis {
            RatioBasis::Original => self.versions.first().map(|(_, amount)| *amount),
            RatioBasis::Revised => self.versions.last().map(|(_, amount)| *amount),
            RatioBasis::TimeWeighted => {
                let mut sum: i64 = 0;
                for (at, (_, amount)) in self.versions.iter().enumerate() {
                    let from = if at == 0 { first_day } else { self.versions[at].0 };
                    let until = self.versions.get(at + 1).map_or(last_day.succ_opt()?, |next| next.0);
                    sum = sum.checked_add(amount.0.checked_mul((until - from).num_days().max(0))?)?;
                }
                Some(Pence(sum))
            }
        }
    }
}

/// What keeps a rule from sharing a year: a partner that had ended when it began, and who pays in and is not named.
pub(super) fn left_out(
    rule: &RiskRuleDraft,
    paid_in: &[PaidIn],
    ended: impl Fn(&OrganisationId) -> bool,
    name: impl Fn(&OrganisationId) -> String,
) -> Vec<Unmet> {
    let gone = rule.parties.iter().filter(|party| ended(party)).map(|party| {
        let missing =
            format!("{} had ended when the year began. Record a version of the rule without it.", name(party));
        rules::BODY_EXISTS.unmet(missing)
    });
    let unnamed: BTreeSet<_> =
        paid_in.iter().map(|one| one.party).filter(|party| !rule.parties.contains(party)).collect();
    let unnamed = unnamed.iter().map(|party| {
        let missing = format!("{} pays in, and the rule leaves it out. Record a version that names it.", name(party));
        rules::RESIDUAL_OWNED.unmet(missing)
    });
    gone.chain(unnamed).collect()
}

/// What each of the parties weighs, in their order.
pub(super) fn weights(
    parties: &[OrganisationId],
    paid_in: &[PaidIn],
    basis: RatioBasis,
    days: (NaiveDate, NaiveDate),
    without_ring_fence: bool,
) -> Option<Vec<Pence>> {
    let mut sums: HashMap<OrganisationId, Pence> = HashMap::new();
    for one in paid_in.iter().filter(|one| !(without_ring_fence && one.ring_fenced)) {
        let sum = sums.entry(one.party).or_default();
        *sum = sum.checked_add(one.weight(basis, days.0, days.1)?)?;
    }
    Some(parties.iter().map(|party| sums.get(party).copied().unwrap_or_default()).collect())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const COUNCIL: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const BOARD: OrganisationId = OrganisationId(Uuid::from_u128(2));

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn rule(kind: ShareKind) -> RiskRuleDraft {
        RiskRuleDraft {
            in_force_from: day("2020-04-01"),
            reference: "A test".into(),
            kind,
            basis: RatioBasis::Revised,
            parties: vec![COUNCIL, BOARD],
            caps: Vec::new(),
            residual_to: None,
            tiers: Vec::new(),
            lead: None,
        }
    }

    fn refused(rule: &RiskRuleDraft) -> Option<&'static str> {
        rule.check().err().map(|problem| problem.kind().slug)
    }

    #[test]
    fn rule_25_what_caps_and_bands_leave_over_has_an_owner() {
        let cap = RiskCap { party: COUNCIL, most_pence: Pence(75_000_000) };
        let capped = RiskRuleDraft { caps: vec![cap.clone()], ..rule(ShareKind::Capped) };
        assert_eq!(refused(&capped), Some("rule-broken"), "nobody owns the residual");
        assert_eq!(refused(&RiskRuleDraft { residual_to: Some(COUNCIL), ..capped.clone() }), Some("rule-broken"));
        assert_eq!(refused(&RiskRuleDraft { residual_to: Some(BOARD), ..capped }), None);
        assert_eq!(refused(&rule(ShareKind::Capped)), Some("rule-broken"), "no cap");
        assert_eq!(refused(&rule(ShareKind::LeadBears)), Some("rule-broken"));
        let band = |up_to: Option<i64>| RiskTier { up_to_pence: up_to.map(Pence), shares: Vec::new() };
        let tiered = |tiers| RiskRuleDraft { tiers, ..rule(ShareKind::Tiered) };
        assert_eq!(refused(&tiered(vec![band(Some(200))])), Some("rule-broken"), "what is above has no owner");
        assert_eq!(refused(&tiered(vec![band(None), band(None)])), Some("rule-broken"));
        assert_eq!(refused(&tiered(vec![band(Some(200)), band(None)])), None);
        assert_eq!(refused(&tiered(vec![band(Some(0)), band(None)])), Some("content-invalid"));
        assert_eq!(
            refused(&RiskRuleDraft { caps: vec![cap], ..rule(ShareKind::Proportional) }),
            Some("content-invalid")
        );
    }

    #[test]
    fn rule_25_who_pays_in_is_named_and_who_is_named_exists() {
        let paid = |party| PaidIn { party, versions: vec![(day("2020-04-01"), Pence(100))], ring_fenced: false };
        let other = OrganisationId(Uuid::from_u128(3));
        let unmet = |paid_in: &[PaidIn], gone: Option<OrganisationId>| -> Vec<u8> {
            let ended = |party: &OrganisationId| Some(*party) == gone;
            let unmet = left_out(&rule(ShareKind::Proportional), paid_in, ended, ToString::to_string);
            unmet.iter().map(|one| one.rule.number).collect()
        };
        assert_eq!(unmet(&[paid(COUNCIL), paid(BOARD)], None), [0u8; 0]);
        assert_eq!(unmet(&[paid(COUNCIL), paid(other), paid(other)], None), [25]);
        assert_eq!(unmet(&[paid(COUNCIL)], Some(BOARD)), [13]);
    }

    #[test]
    fn rule_24_the_ratio_is_of_the_basis_that_was_declared() {
        let paid = [
            PaidIn {
                party: COUNCIL,
                versions: vec![(day("2019-04-01"), Pence(100)), (day("2019-10-01"), Pence(300))],
                ring_fenced: false,
            },
            PaidIn { party: BOARD, versions: vec![(day("2019-04-01"), Pence(200))], ring_fenced: false },
            PaidIn { party: BOARD, versions: vec![(day("2019-04-01"), Pence(50))], ring_fenced: true },
        ];
        let days = (day("2019-04-01"), day("2020-03-31"));
        let of = |basis, bare| weights(&[COUNCIL, BOARD], &paid, basis, days, bare).expect("in range");
        assert_eq!(of(RatioBasis::Original, false), [Pence(100), Pence(250)]);
        assert_eq!(of(RatioBasis::Revised, false), [Pence(300), Pence(250)]);
        assert_eq!(of(RatioBasis::Revised, true), [Pence(300), Pence(200)]);
        // 183 days at 100 and 183 at 300 of a year of 366.
        assert_eq!(of(RatioBasis::TimeWeighted, true), [Pence(183 * 400), Pence(366 * 200)]);
    }
}
