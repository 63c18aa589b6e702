//! What an agreement is and how it moves. No SQL, no HTTP, no clock.

use chrono::{DateTime, Months, NaiveDate, Utc};
use domain::{AgreementId, OrganisationId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use super::terms::{Flexibility, Terms};
use crate::{
    funds::LegalBasis,
    journals::MOVES_MAX,
    rules::{self, Unmet},
};

/// Where an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AgreementState {
    Draft,
    Consulting,
    Consulted,
    /// Every partner has approved it.
    Approved,
    Signed,
    Operating,
    Expired,
    Terminated,
}

impl AgreementState {
    /// The moves there are from here; each is held to what it needs when it is asked for.
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Consulting],
            Self::Consulting => &[Self::Consulted, Self::Draft],
            Self::Consulted => &[Self::Approved, Self::Consulting],
            Self::Approved => &[Self::Signed, Self::Consulted],
            Self::Signed => &[Self::Operating, Self::Terminated],
            Self::Operating => &[Self::Expired, Self::Terminated],
            Self::Expired | Self::Terminated => &[],
        }
    }

    /// Whether the partners have signed, whatever came after.
    pub(crate) fn is_signed(self) -> bool {
        matches!(self, Self::Signed | Self::Operating | Self::Expired | Self::Terminated)
    }
}

/// An agreement to record, with its first version.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Section75AgreementDraft, example = json!({"title": "Section 75 agreement on integrated care 2026-27", "legal_basis": "s75_reg7",
    "flexibilities": ["pooled_fund", "lead_commissioning"], "starts_on": "2026-04-01", "ends_on": "2027-03-31",
    "parties": ["01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"],
    "terms": {"aims": "Care closer to home, and fewer people waiting in hospital",
        "contributions": "As in the schedule of contributions", "contributions_varied": "By both partners in writing",
        "notice_months": 6},
    "source": "Report to cabinet"}))]
pub(crate) struct AgreementDraft {
    #[schema(min_length = 1, max_length = 200)]
    pub(super) title: String,
    /// The one power it is made under.
    pub(super) legal_basis: LegalBasis,
    /// What the partners do under it: any of them together.
    #[schema(max_items = 3)]
    pub(super) flexibilities: Vec<Flexibility>,
    /// The day its term begins.
    pub(super) starts_on: NaiveDate,
    /// The last day of its term; none where it runs until notice.
    #[serde(default)]
    pub(super) ends_on: Option<NaiveDate>,
    /// The partners, in declared order: in a split that does not come out even, who comes first takes the odd penny.
    #[schema(min_items = 1, max_items = 20)]
    pub(super) parties: Vec<OrganisationId>,
    pub(super) terms: Terms,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
    /// Made up; shown as such.
    #[serde(default)]
    pub(super) illustrative: bool,
}

impl AgreementDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/title", &self.title, 200);
        faults.text("/source", &self.source, 500);
        drafts::known_day(&mut faults, "/starts_on", self.starts_on);
        if let Some(ends_on) = self.ends_on {
            drafts::known_day(&mut faults, "/ends_on", ends_on);
            faults.unless(ends_on >= self.starts_on, "/ends_on", "It ends on the day it begins, or later.");
        }
        faults.unless((1..=20).contains(&self.parties.len()), "/parties", "From 1 to 20 partners.");
        for (at, party) in self.parties.iter().enumerate() {
            faults.unless(!self.parties[..at].contains(party), format!("/parties/{at}"), "It is named twice.");
        }
        check_flexibilities(&mut faults, &self.flexibilities);
        self.terms.check(&mut faults);
        faults.none()
    }
}

pub(super) fn check_flexibilities(faults: &mut Faults, flexibilities: &[Flexibility]) {
    for (at, one) in flexibilities.iter().enumerate() {
        let first = !flexibilities[..at].contains(one);
        faults.unless(first, format!("/flexibilities/{at}"), "It is named twice.");
    }
}

/// A partner of an agreement.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct AgreementParty {
    pub(crate) organisation: OrganisationId,
    #[schema(example = "Wigan Metropolitan Borough Council")]
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) valid_from: NaiveDate,
    pub(crate) valid_to: Option<NaiveDate>,
}

/// An agreement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AgreementBody {
    pub(crate) id: AgreementId,
    #[schema(example = "Section 75 agreement on integrated care 2026-27")]
    pub(crate) title: String,
    pub(crate) legal_basis: LegalBasis,
    pub(crate) state: AgreementState,
    pub(crate) starts_on: NaiveDate,
    pub(crate) ends_on: Option<NaiveDate>,
    pub(crate) signed_on: Option<NaiveDate>,
    pub(crate) parties: Vec<AgreementParty>,
    /// The number of the version in force today; none before its first day.
    #[schema(example = 1)]
    pub(crate) version_in_force: Option<i16>,
    /// Money has moved in a fund of it, and the partners have not signed.
    pub(crate) operating_unsigned: bool,
    /// What a reader must know, each in a sentence.
    pub(crate) warnings: Vec<String>,
    pub(crate) source: String,
    pub(crate) illustrative: bool,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
    #[serde(skip)]
    pub(crate) first_moved_on: Option<NaiveDate>,
}

impl Row for AgreementBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "title",
        "legal_basis",
        "state",
        "starts_on",
        "ends_on",
        "signed_on",
        "version_in_force",
        "operating_unsigned",
        "warnings",
        "source",
        "illustrative",
        "created_at",
    ];
}

impl AgreementBody {
    /// Says what a reader must know of it on a day: it runs unsigned, has run out, or soon will.
    pub(super) fn warn(&mut self, today: NaiveDate) {
        if let Some(since) = self.first_moved_on.filter(|_| !self.state.is_signed()) {
            self.operating_unsigned = true;
            self.warnings.push(format!("Money has moved under it since {since}, and it is not signed."));
        }
        let ended = self.ends_on.filter(|end| *end < today);
        if let (Some(end), AgreementState::Signed | AgreementState::Operating) = (ended, self.state) {
            self.warnings.push(format!("Its term ended on {end}. Renew it, or record that it has expired."));
        }
        let soon = today.checked_add_months(Months::new(3)).unwrap_or(today);
        if let Some(end) = self.ends_on.filter(|end| (today..=soon).contains(end)) {
            self.warnings.push(format!("Its term ends on {end}."));
        }
    }
}

/// How a version came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MadeBy {
    /// By the partners, each of which approves it.
    Partners,
    /// By an officer under delegated powers: it may change no budget (practice at Salford).
    Officer,
}

/// A variation to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"in_force_from": "2026-10-01", "made_by": "partners", "reason": "A new scheme joins the pool",
    "budget_effect_pence": 25_000_000, "flexibilities": ["pooled_fund"],
    "terms": {"aims": "Care closer to home", "variation": "By both partners in writing"}}))]
pub(crate) struct AgreementVersionDraft {
    /// From when it holds: after the version before, in the agreement's term.
    pub(super) in_force_from: NaiveDate,
    pub(super) made_by: MadeBy,
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) reason: String,
    /// By how much it changes what the partners put in over a year. Nil for one made by an officer.
    pub(super) budget_effect_pence: domain::Pence,
    #[schema(max_items = 3)]
    pub(super) flexibilities: Vec<Flexibility>,
    /// All terms, as they are from then on.
    pub(super) terms: Terms,
}

/// A version of an agreement. It never changes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AgreementVersionBody {
    #[schema(example = 1)]
    pub(crate) number: i16,
    pub(crate) in_force_from: NaiveDate,
    pub(crate) made_by: MadeBy,
    pub(crate) reason: String,
    pub(crate) budget_effect_pence: domain::Pence,
    pub(crate) flexibilities: Vec<Flexibility>,
    pub(crate) terms: Terms,
    /// Whether it counts from its day on: an officer's does, any other once every partner has approved it.
    pub(crate) stands: bool,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for AgreementVersionBody {
    const COLUMNS: &'static [&'static str] = &[
        "number",
        "in_force_from",
        "made_by",
        "reason",
        "budget_effect_pence",
        "flexibilities",
        "stands",
        "recorded_at",
    ];
}

impl AgreementVersionDraft {
    /// Holds a new version to the one before it. Until the agreement is signed it is another draft of it; from then on
    /// a variation, which follows the method the version before states (rule 11).
    pub(super) fn check(&self, of: &AgreementBody, before: &AgreementVersionBody) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 1000);
        drafts::known_day(&mut faults, "/in_force_from", self.in_force_from);
        let effect = self.budget_effect_pence.0.unsigned_abs() <= MOVES_MAX.0.unsigned_abs();
        faults.unless(effect, "/budget_effect_pence", format_args!("At most {MOVES_MAX}."));
        check_flexibilities(&mut faults, &self.flexibilities);
        self.terms.check(&mut faults);
        let (signed, day) = (of.state.is_signed(), self.in_force_from);
        let (later, from) = match signed {
            true => (day > before.in_force_from, before.in_force_from),
            false => (day >= of.starts_on, of.starts_on),
        };
        faults.unless(
            later,
            "/in_force_from",
            format_args!("Not before {from}, nor on it once the agreement is signed."),
        );
        let inside = of.ends_on.is_none_or(|end| day <= end);
        faults.unless(inside, "/in_force_from", "The agreement's term has ended by then; it cannot be varied after.");
        faults.none()?;
        if matches!(of.state, AgreementState::Expired | AgreementState::Terminated) {
            return Err(rules::VARIATION.broken("/in_force_from", "The agreement has ended; make another."));
        }
        if self.made_by == MadeBy::Officer {
            self.is_an_officers(signed, before)?;
        }
        if signed && (before.terms.variation.is_none() || self.terms.variation.is_none()) {
            let detail = "A variation follows the method the agreement states, and states one to be followed after it.";
            return Err(rules::VARIATION.broken("/terms/variation", detail));
        }
        Ok(())
    }

    /// What an officer may vary alone: of a signed agreement, and nothing that the partners must agree to.
    fn is_an_officers(&self, signed: bool, before: &AgreementVersionBody) -> Result<(), Problem> {
        let refused = |pointer: String, detail: &str| Err(rules::VARIATION.broken(pointer, detail));
        if !signed {
            return refused(
                "/made_by".into(),
                "Until it is signed the partners make it; an officer varies what is signed.",
            );
        }
        if self.budget_effect_pence != domain::Pence::ZERO {
            let detail =
                "An officer's variation changes no budget. Have the partners make it, or leave the budget as it is.";
            return refused("/budget_effect_pence".into(), detail);
        }
        if self.flexibilities != before.flexibilities {
            return refused("/flexibilities".into(), "An officer's variation leaves the flexibilities as they are.");
        }
        match self.terms.takes_out_of(&before.terms) {
            None => Ok(()),
            Some(field) => {
                let detail =
                    "An officer's variation takes no statutory item out, and changes no function and no notice.";
                refused(format!("/terms/{field}"), detail)
            }
        }
    }
}

/// The version that a new one follows: of an agreement that is signed the last that stands, of another the last draft.
pub(super) fn followed<'a>(
    of: &AgreementBody,
    versions: &'a [AgreementVersionBody],
) -> Option<&'a AgreementVersionBody> {
    match of.state.is_signed() {
        true => versions.iter().filter(|one| one.stands).max_by_key(|one| (one.in_force_from, one.number)),
        false => versions.last(),
    }
}

/// The version in force on a day: the latest that stands by then.
pub(crate) fn in_force(versions: &[AgreementVersionBody], day: NaiveDate) -> Option<&AgreementVersionBody> {
    let standing = versions.iter().filter(|version| version.stands && version.in_force_from <= day);
    standing.max_by_key(|version| (version.in_force_from, version.number))
}

/// Notice that a partner gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notice {
    pub(super) given_on: NaiveDate,
    pub(super) ends_on: NaiveDate,
}

impl Notice {
    /// Whether it is as long as the agreement asks.
    pub(super) fn check(self, terms: &Terms) -> Result<(), Problem> {
        let months = terms.notice_months.unwrap_or(0);
        let earliest = self.given_on.checked_add_months(Months::new(months)).unwrap_or(self.given_on);
        let mut faults = Faults::default();
        let detail = format_args!("{months} months of notice are agreed: it ends on {earliest} or later.");
        faults.unless(self.ends_on >= earliest, "/ends_on", detail);
        faults.none()
    }
}

/// What a move is held to, beyond the state it starts from.
#[derive(Debug, Default)]
pub(super) struct Grounds {
    /// What consultation and checks leave unmet before anybody approves.
    pub(super) before_approval: Vec<Unmet>,
    /// Partners that have not approved the first version, or not by a decision of their own.
    pub(super) unapproved: Vec<Unmet>,
    pub(super) consulted: bool,
    /// The day the last partner approved what is to be signed.
    pub(super) approved_on: Option<NaiveDate>,
    /// The end of the latest notice.
    pub(super) notice_ends: Option<NaiveDate>,
}

/// What is unmet of a move on a day.
pub(super) fn unmet(to: AgreementState, on: NaiveDate, of: &AgreementBody, grounds: &Grounds) -> Vec<Unmet> {
    use AgreementState as S;
    match to {
        S::Consulted if !grounds.consulted => {
            vec![rules::CONSULTED.unmet("Record a joint consultation that has closed, with its outcome.")]
        }
        S::Approved | S::Signed => {
            let mut unmet = grounds.before_approval.clone();
            unmet.extend(grounds.unapproved.iter().cloned());
            if let Some(last) = grounds.approved_on.filter(|last| on < *last) {
                let missing = format!("The last partner approved it on {last}; it is signed from then on.");
                unmet.push(rules::BOTH_APPROVE.unmet(missing));
            }
            unmet
        }
        S::Operating if on < of.starts_on => {
            vec![
                rules::WRITTEN_AGREEMENT
                    .unmet(format!("Its term begins on {}; it operates from then on.", of.starts_on)),
            ]
        }
        S::Expired if of.ends_on.is_none_or(|end| on <= end) => {
            vec![rules::ITEMS_IN_FORCE.unmet("Its term has not ended. Give notice to end it before.")]
        }
        S::Terminated if grounds.notice_ends.is_none_or(|end| on < end) => {
            vec![
                rules::ITEMS_IN_FORCE
                    .unmet("Record the notice a partner gave; it is terminated once that has run out."),
            ]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::terms::whole, *};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn agreement(state: AgreementState) -> AgreementBody {
        AgreementBody {
            id: AgreementId::at(DateTime::UNIX_EPOCH),
            title: "An agreement".into(),
            legal_basis: LegalBasis::S75Reg7,
            state,
            starts_on: day("2020-04-01"),
            ends_on: Some(day("2021-03-31")),
            signed_on: None,
            parties: Vec::new(),
            version_in_force: Some(1),
            operating_unsigned: false,
            warnings: Vec::new(),
            source: "A test".into(),
            illustrative: false,
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
            first_moved_on: None,
        }
    }

    fn version(number: i16, from: &str, stands: bool) -> AgreementVersionBody {
        AgreementVersionBody {
            number,
            in_force_from: day(from),
            made_by: MadeBy::Partners,
            reason: "A test".into(),
            budget_effect_pence: domain::Pence::ZERO,
            flexibilities: vec![Flexibility::PooledFund],
            terms: whole(),
            stands,
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_operates_unsigned_says_so_from_the_day_money_moved() {
        let mut oldham = AgreementBody { first_moved_on: Some(day("2020-04-30")), ..agreement(AgreementState::Draft) };
        oldham.warn(day("2021-01-28"));
        assert!(oldham.operating_unsigned);
        assert_eq!(oldham.warnings[0], "Money has moved under it since 2020-04-30, and it is not signed.");
        assert_eq!(oldham.warnings[1], "Its term ends on 2021-03-31.");
        let mut planned = agreement(AgreementState::Draft);
        planned.warn(day("2020-06-01"));
        assert!(!planned.operating_unsigned && planned.warnings.is_empty(), "a date that has passed moves nothing");
        let mut signed =
            AgreementBody { first_moved_on: Some(day("2020-04-30")), ..agreement(AgreementState::Operating) };
        signed.warn(day("2021-04-01"));
        assert!(!signed.operating_unsigned);
        assert_eq!(signed.warnings.len(), 1, "{:?}", signed.warnings);
    }

    #[test]
    fn rule_11_a_variation_follows_the_method_and_an_officers_changes_no_budget() {
        let (of, first) = (agreement(AgreementState::Operating), version(1, "2020-04-01", true));
        let draft = |made_by, effect| AgreementVersionDraft {
            in_force_from: day("2020-10-01"),
            made_by,
            reason: "A test".into(),
            budget_effect_pence: domain::Pence(effect),
            flexibilities: vec![Flexibility::PooledFund],
            terms: whole(),
        };
        assert!(draft(MadeBy::Partners, 5).check(&of, &first).is_ok());
        assert!(draft(MadeBy::Officer, 0).check(&of, &first).is_ok());
        let gutted = AgreementVersionDraft { terms: Terms { aims: None, ..whole() }, ..draft(MadeBy::Officer, 0) };
        assert_eq!(gutted.check(&of, &first).expect_err("it takes out an item").kind().slug, "rule-broken");
        let unsigned = agreement(AgreementState::Draft);
        assert!(draft(MadeBy::Officer, 0).check(&unsigned, &first).is_err(), "nothing is signed yet");
        let same_day = AgreementVersionDraft { in_force_from: day("2020-04-01"), ..draft(MadeBy::Partners, 0) };
        assert!(same_day.check(&unsigned, &first).is_ok(), "another draft of it");
        assert!(draft(MadeBy::Partners, 0).check(&agreement(AgreementState::Terminated), &first).is_err());
        let refused = draft(MadeBy::Officer, 5).check(&of, &first).expect_err("an officer moves no money");
        assert_eq!(refused.kind().slug, "rule-broken");
        let silent = AgreementVersionBody { terms: Terms { variation: None, ..whole() }, ..first.clone() };
        assert_eq!(draft(MadeBy::Partners, 0).check(&of, &silent).expect_err("no method").kind().slug, "rule-broken");
        let late = AgreementVersionDraft { in_force_from: day("2021-04-01"), ..draft(MadeBy::Partners, 0) };
        assert!(late.check(&of, &first).is_err(), "its term has ended");
        let early = AgreementVersionDraft { in_force_from: day("2020-04-01"), ..draft(MadeBy::Partners, 0) };
        assert!(early.check(&of, &first).is_err());
    }

    #[test]
    fn rule_02_the_version_in_force_is_the_latest_that_stands_by_that_day() {
        let versions =
            [version(1, "2020-04-01", true), version(2, "2020-07-01", false), version(3, "2020-10-01", true)];
        let number = |on: &str| in_force(&versions, day(on)).map(|version| version.number);
        assert_eq!(number("2020-03-31"), None);
        assert_eq!(number("2020-09-30"), Some(1), "an unapproved variation changes nothing");
        assert_eq!(number("2020-10-01"), Some(3));
    }

    #[test]
    fn notice_is_as_long_as_was_agreed() {
        let notice = |ends: &str| Notice { given_on: day("2020-09-30"), ends_on: day(ends) }.check(&whole());
        assert!(notice("2021-03-30").is_ok());
        assert!(notice("2021-03-29").is_err());
    }

    #[test]
    fn a_move_waits_for_its_grounds() {
        use AgreementState as S;
        let of = agreement(S::Operating);
        let grounds = Grounds { notice_ends: Some(day("2020-12-31")), ..Grounds::default() };
        assert_eq!(unmet(S::Consulted, day("2020-04-01"), &of, &grounds).len(), 1);
        assert_eq!(unmet(S::Operating, day("2020-03-31"), &of, &grounds).len(), 1);
        assert!(unmet(S::Operating, day("2020-04-01"), &of, &grounds).is_empty());
        assert_eq!(unmet(S::Expired, day("2021-03-31"), &of, &grounds).len(), 1);
        assert!(unmet(S::Expired, day("2021-04-01"), &of, &grounds).is_empty());
        assert_eq!(unmet(S::Terminated, day("2020-12-30"), &of, &grounds).len(), 1);
        assert!(unmet(S::Terminated, day("2020-12-31"), &of, &grounds).is_empty());
        let approved = Grounds { approved_on: Some(day("2020-03-20")), ..Grounds::default() };
        assert_eq!(unmet(S::Signed, day("2020-03-19"), &of, &approved).len(), 1, "not signed before all approved");
        assert!(unmet(S::Signed, day("2020-03-20"), &of, &approved).is_empty());
        assert_eq!(S::Expired.allowed(), []);
        assert!(S::Signed.is_signed() && !S::Approved.is_signed());
    }
}
