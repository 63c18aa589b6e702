//! What an agreement and its funds still lack, rule by rule. No SQL, no HTTP, no clock.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::OrganisationId;
use serde::Serialize;
use web::Row;

use super::{
    agreement::AgreementBody,
    terms::Terms,
    version::{AgreementVersionBody, followed, in_force},
};
use crate::{
    funds::FundKind,
    rules::{self, Rule, Unmet},
    schemes::{NamedFunction, Side},
};

/// A rule, whether it holds, and what is missing where it does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Check {
    #[serde(flatten)]
    pub(crate) rule: Rule,
    pub(crate) holds: bool,
    /// What is missing, each in a sentence.
    pub(crate) missing: Vec<String>,
}

impl Row for Check {
    const COLUMNS: &'static [&'static str] = &["rule", "says", "source", "holds", "missing"];
}

impl Check {
    fn of(rule: Rule, missing: Vec<String>) -> Self {
        Self { rule, holds: missing.is_empty(), missing }
    }

    pub(crate) fn unmet(&self) -> Option<Unmet> {
        (!self.holds).then(|| self.rule.unmet(self.missing.join(" ")))
    }
}

/// A consultation, as far as the checks go.
#[derive(Debug, Clone)]
pub(super) struct Consulted {
    pub(super) joint: bool,
    pub(super) closes_on: NaiveDate,
}

/// A partner's approval of a version.
#[derive(Debug, Clone)]
pub(super) struct Approved {
    pub(super) number: i16,
    pub(super) organisation: OrganisationId,
    pub(super) approved_on: NaiveDate,
    pub(super) reference: String,
    pub(super) decision_id: Option<domain::DecisionId>,
}

/// A body that hosts a fund, or employs its manager, from a day on.
#[derive(Debug, Clone)]
pub(crate) struct FromDay {
    pub(crate) from_on: NaiveDate,
    pub(crate) body: OrganisationId,
    /// The last day of the body itself.
    pub(crate) ended_on: Option<NaiveDate>,
}

/// Who it is on a day, as far as that body exists.
pub(crate) fn on(list: &[FromDay], day: NaiveDate) -> Option<OrganisationId> {
    let last = list.iter().filter(|one| one.from_on <= day).max_by_key(|one| one.from_on);
    last.filter(|one| one.ended_on.is_none_or(|end| day <= end)).map(|one| one.body)
}

/// What is known of a fund under an agreement.
#[derive(Debug, Clone)]
pub(crate) struct FundStanding {
    pub(crate) name: String,
    pub(crate) kind: FundKind,
    pub(crate) hosts: Vec<FromDay>,
    pub(crate) managers: Vec<FromDay>,
    pub(crate) schemes: Vec<SchemeStanding>,
}

/// What is known of a scheme.
#[derive(Debug, Clone)]
pub(crate) struct SchemeStanding {
    pub(crate) code: String,
    /// Kind and functions; none where it has no schedule.
    pub(crate) schedule: Option<(FundKind, Vec<NamedFunction>)>,
}

/// Everything the checks are made of.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) agreement: AgreementBody,
    pub(super) versions: Vec<AgreementVersionBody>,
    pub(super) consultations: Vec<Consulted>,
    pub(super) approvals: Vec<Approved>,
    pub(super) funds: Vec<FundStanding>,
    pub(super) sides: Vec<Option<Side>>,
}

impl Standing {
    /// The version that is in force, or is to be signed: of an unsigned agreement its last draft.
    fn version(&self, today: NaiveDate) -> Option<&AgreementVersionBody> {
        let signed = self.agreement.state.is_signed();
        in_force(&self.versions, today).filter(|_| signed).or(followed(&self.agreement, &self.versions))
    }

    /// The number of the version that is to be signed, or was.
    fn signed_number(&self) -> i16 {
        let signed = self.agreement.state.is_signed();
        let of =
            |number| self.agreement.parties.iter().all(|party| self.approval(number, party.organisation).is_some());
        let first_approved = self.versions.iter().map(|version| version.number).find(|number| signed && of(*number));
        first_approved.or(self.versions.last().map(|version| version.number)).unwrap_or(1)
    }

    fn approval(&self, number: i16, of: OrganisationId) -> Option<&Approved> {
        self.approvals.iter().find(|approval| approval.number == number && approval.organisation == of)
    }

    /// The day the last partner approved what is to be signed.
    pub(super) fn approved_on(&self) -> Option<NaiveDate> {
        let number = self.signed_number();
        self.approvals.iter().filter(|approval| approval.number == number).map(|approval| approval.approved_on).max()
    }

    /// Every check on a day, in the order of the rules.
    pub(super) fn checks(&self, today: NaiveDate) -> Vec<Check> {
        let nothing = Terms::default();
        let terms = self.version(today).map_or(&nothing, |version| &version.terms);
        let mut checks = vec![
            Check::of(rules::WRITTEN_AGREEMENT, self.items(terms)),
            Check::of(rules::ITEMS_IN_FORCE, self.items_in_force(today)),
            Check::of(rules::BOTH_SIDES, self.both_sides()),
        ];
        checks.extend(fund_checks(&self.funds, self.agreement.starts_on.max(today)));
        checks.extend([
            Check::of(rules::CONSULTED, self.consulted_before(today)),
            Check::of(
                rules::IMPROVEMENT,
                lacks(terms.improvement.is_none(), "Say how services are likely to improve."),
            ),
            Check::of(rules::BOTH_APPROVE, self.unapproved()),
            Check::of(rules::BODY_EXISTS, self.ended(today)),
        ]);
        checks.sort_by_key(|check| check.rule.number);
        checks
    }

    fn items(&self, terms: &Terms) -> Vec<String> {
        let missing = terms.missing(self.agreement.legal_basis);
        missing.iter().map(|one| format!("Reg {}: say {}.", one.item, one.what)).collect()
    }

    fn items_in_force(&self, today: NaiveDate) -> Vec<String> {
        let Some(version) = in_force(&self.versions, today) else { return Vec::new() };
        let missing = version.terms.missing(self.agreement.legal_basis);
        let says = |item: &str, what: &str| format!("Version {} leaves out reg {item}: {what}.", version.number);
        missing.iter().map(|one| says(one.item, one.what)).collect()
    }

    fn both_sides(&self) -> Vec<String> {
        let has = |side| self.sides.contains(&Some(side));
        let mut missing = lacks(!has(Side::Nhs), "Name an NHS body among the partners.");
        missing.extend(lacks(!has(Side::LocalAuthority), "Name a council among the partners."));
        missing
    }

    /// The day the last joint consultation closed, where one has by a day.
    pub(super) fn consulted_on(&self, today: NaiveDate) -> Option<NaiveDate> {
        self.consultations.iter().filter(|one| one.joint && one.closes_on <= today).map(|one| one.closes_on).max()
    }

    fn consulted_before(&self, today: NaiveDate) -> Vec<String> {
        let Some(closed) = self.consulted_on(today) else {
            return vec!["Record a joint consultation that has closed, with its outcome.".into()];
        };
        let number = self.signed_number();
        let early = self.approvals.iter().filter(|approval| approval.number == number && approval.approved_on < closed);
        early
            .map(|one| format!("{} approved before the consultation closed on {closed}.", self.name(one.organisation)))
            .collect()
    }

    fn name(&self, organisation: OrganisationId) -> &str {
        let party = self.agreement.parties.iter().find(|party| party.organisation == organisation);
        party.map_or("A partner", |party| &party.name)
    }

    fn unapproved(&self) -> Vec<String> {
        let number = self.signed_number();
        let mut seen = BTreeSet::new();
        let mut missing = Vec::new();
        for party in &self.agreement.parties {
            match self.approval(number, party.organisation) {
                None => missing.push(format!("{} has not approved it.", party.name)),
                Some(approval) if !seen.insert(approval.reference.trim().to_lowercase()) => {
                    missing.push(format!("{} cites another partner's decision; it needs its own.", party.name));
                }
                Some(_) => {}
            }
        }
        missing
    }

    fn ended(&self, today: NaiveDate) -> Vec<String> {
        let end = self.agreement.ends_on.map_or(today, |end| end.min(today)).max(self.agreement.starts_on);
        let gone = self.agreement.parties.iter().filter(|party| party.valid_to.is_some_and(|last| last < end));
        let says = |name: &str, last: NaiveDate| {
            format!("{name} ended on {last}. Name the body that followed it in a new agreement.")
        };
        gone.filter_map(|party| party.valid_to.map(|last| says(&party.name, last))).collect()
    }

    /// What must hold before anybody approves.
    pub(super) fn before_approval(&self, today: NaiveDate) -> Vec<Unmet> {
        let needed = [rules::WRITTEN_AGREEMENT, rules::BOTH_SIDES, rules::CONSULTED, rules::IMPROVEMENT];
        self.checks(today).iter().filter(|check| needed.contains(&check.rule)).filter_map(Check::unmet).collect()
    }

    /// Partners that have not approved, or not by a decision of their own.
    pub(super) fn not_approved(&self) -> Vec<Unmet> {
        self.unapproved().into_iter().map(|missing| rules::BOTH_APPROVE.unmet(missing)).collect()
    }
}

fn lacks(lacks: bool, what: &str) -> Vec<String> {
    if lacks { vec![what.to_owned()] } else { Vec::new() }
}

/// The checks of one fund: those of rules 1 to 3 of the agreement it is under today, where there is one.
pub(super) fn checks_of_fund(fund: &FundStanding, under: Option<&Standing>, today: NaiveDate) -> Vec<Check> {
    let mut checks = match under {
        Some(standing) => {
            let of_agreement = [rules::WRITTEN_AGREEMENT, rules::ITEMS_IN_FORCE, rules::BOTH_SIDES];
            standing.checks(today).into_iter().filter(|check| of_agreement.contains(&check.rule)).collect()
        }
        None => {
            let bare = fund.kind == FundKind::Pooled;
            let missing = lacks(bare, "Put the fund under an agreement whose term is running.");
            vec![Check::of(rules::WRITTEN_AGREEMENT, missing)]
        }
    };
    checks.extend(fund_checks(std::slice::from_ref(fund), today));
    checks
}

/// The checks of funds: host, manager, and what their schemes name (rules 4, 5, 8, 9).
fn fund_checks(funds: &[FundStanding], today: NaiveDate) -> Vec<Check> {
    let pooled = || funds.iter().filter(|fund| fund.kind == FundKind::Pooled);
    let mut hosts = Vec::new();
    let mut managers = Vec::new();
    for fund in pooled() {
        let host = on(&fund.hosts, today);
        if host.is_none() {
            hosts.push(format!("{}: name its host; whoever was has ended.", fund.name));
        }
        match on(&fund.managers, today) {
            None => managers.push(format!("{}: name the office of the host that manages it.", fund.name)),
            Some(employer) if host != Some(employer) => {
                managers.push(format!("{}: its manager is not employed by its host. Name another.", fund.name));
            }
            Some(_) => {}
        }
    }
    let mut excluded = Vec::new();
    let mut unnamed = Vec::new();
    for fund in funds {
        for scheme in &fund.schemes {
            match &scheme.schedule {
                None => unnamed.push(format!("{}, scheme {}: set its schedule.", fund.name, scheme.code)),
                Some((FundKind::Pooled, functions)) if functions.iter().any(|named| named.function.excluded()) => {
                    excluded.push(format!("{}, scheme {}: an excluded function is pooled.", fund.name, scheme.code));
                }
                Some(_) => {}
            }
        }
    }
    vec![
        Check::of(rules::ONE_HOST, hosts),
        Check::of(rules::POOL_MANAGER, managers),
        Check::of(rules::EXCLUDED_FUNCTION, excluded),
        Check::of(rules::NAMED_FUNCTION, unnamed.clone()),
        Check::of(rules::CLIENT_GROUP, unnamed),
    ]
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::Pence;
    use uuid::Uuid;

    use super::{
        super::{
            agreement::{AgreementParty, AgreementState, an_agreement},
            terms::{Flexibility, whole},
            version::MadeBy,
        },
        *,
    };

    const COUNCIL: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const GROUP: OrganisationId = OrganisationId(Uuid::from_u128(2));

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    /// An agreement that lacks nothing but approvals.
    fn sound() -> Standing {
        let party = |organisation, kind: &str| AgreementParty {
            organisation,
            name: format!("The {kind}"),
            kind: kind.into(),
            valid_from: day("2013-04-01"),
            valid_to: None,
        };
        Standing {
            agreement: AgreementBody {
                starts_on: day("2019-04-01"),
                ends_on: None,
                parties: vec![party(COUNCIL, "council"), party(GROUP, "group")],
                ..an_agreement(AgreementState::Draft)
            },
            versions: vec![AgreementVersionBody {
                number: 1,
                in_force_from: day("2019-04-01"),
                made_by: MadeBy::Partners,
                reason: "A test".into(),
                budget_effect_pence: Pence::ZERO,
                flexibilities: vec![Flexibility::PooledFund],
                terms: whole(),
                stands: true,
                recorded_at: DateTime::UNIX_EPOCH,
            }],
            consultations: vec![Consulted { joint: true, closes_on: day("2019-01-31") }],
            approvals: Vec::new(),
            funds: Vec::new(),
            sides: vec![Some(Side::LocalAuthority), Some(Side::Nhs)],
        }
    }

    fn failing(standing: &Standing, today: &str) -> Vec<u8> {
        let checks = standing.checks(day(today));
        checks.iter().filter(|check| !check.holds).map(|check| check.rule.number).collect()
    }

    fn approved(organisation: OrganisationId, on: &str, reference: &str) -> Approved {
        Approved { number: 1, organisation, approved_on: day(on), reference: reference.into(), decision_id: None }
    }

    #[test]
    fn rule_03_an_agreement_has_an_nhs_body_and_a_council() {
        assert_eq!(failing(&sound(), "2019-03-01"), [12]);
        let bare = Standing { sides: vec![Some(Side::LocalAuthority), None], ..sound() };
        assert_eq!(failing(&bare, "2019-03-01"), [3, 12]);
    }

    #[test]
    fn rule_06_a_joint_consultation_closes_before_any_partner_approves() {
        assert_eq!(failing(&sound(), "2019-01-30"), [6, 12], "it has not closed");
        let apart =
            Standing { consultations: vec![Consulted { joint: false, closes_on: day("2019-01-31") }], ..sound() };
        assert_eq!(failing(&apart, "2019-03-01"), [6, 12], "not asked together");
        let hasty = Standing { approvals: vec![approved(COUNCIL, "2019-01-30", "Cabinet")], ..sound() };
        assert!(failing(&hasty, "2019-03-01").contains(&6));
    }

    #[test]
    fn rule_07_the_partners_state_how_services_are_likely_to_improve() {
        let mut silent = sound();
        silent.versions[0].terms.improvement = None;
        assert_eq!(failing(&silent, "2019-03-01"), [7, 12]);
        let unmet: Vec<u8> = silent.before_approval(day("2019-03-01")).iter().map(|one| one.rule.number).collect();
        assert_eq!(unmet, [7], "and nobody approves it");
    }

    #[test]
    fn rule_12_each_partner_approves_by_a_decision_of_its_own() {
        let one = approved(COUNCIL, "2019-02-14", "Cabinet, 14 February 2019");
        let borrowed = approved(GROUP, "2019-02-14", " cabinet, 14 february 2019");
        let same = Standing { approvals: vec![one.clone(), borrowed], ..sound() };
        assert_eq!(failing(&same, "2019-03-01"), [12]);
        let own = approved(GROUP, "2019-02-19", "Governing body, 19 February 2019");
        assert_eq!(failing(&Standing { approvals: vec![one, own], ..sound() }, "2019-03-01"), Vec::<u8>::new());
    }
}
