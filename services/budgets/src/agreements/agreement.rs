//! What an agreement is and how it moves. No SQL, no HTTP, no clock.

use chrono::{DateTime, Months, NaiveDate, Utc};
use domain::{AgreementId, OrganisationId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use super::terms::{Flexibility, Terms};
use crate::{
    funds::LegalBasis,
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

/// An agreement of a year, for tests.
#[cfg(test)]
pub(super) fn an_agreement(state: AgreementState) -> AgreementBody {
    AgreementBody {
        id: AgreementId::at(DateTime::UNIX_EPOCH),
        title: "An agreement".into(),
        legal_basis: LegalBasis::S75Reg7,
        state,
        starts_on: "2020-04-01".parse().expect("a day"),
        ends_on: "2021-03-31".parse().ok(),
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

#[cfg(test)]
mod tests {
    use super::{super::terms::whole, *};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn what_operates_unsigned_says_so_from_the_day_money_moved() {
        let mut oldham =
            AgreementBody { first_moved_on: Some(day("2020-04-30")), ..an_agreement(AgreementState::Draft) };
        oldham.warn(day("2021-01-28"));
        assert!(oldham.operating_unsigned);
        assert_eq!(oldham.warnings[0], "Money has moved under it since 2020-04-30, and it is not signed.");
        assert_eq!(oldham.warnings[1], "Its term ends on 2021-03-31.");
        let mut planned = an_agreement(AgreementState::Draft);
        planned.warn(day("2020-06-01"));
        assert!(!planned.operating_unsigned && planned.warnings.is_empty(), "a date that has passed moves nothing");
        let mut signed =
            AgreementBody { first_moved_on: Some(day("2020-04-30")), ..an_agreement(AgreementState::Operating) };
        signed.warn(day("2021-04-01"));
        assert!(!signed.operating_unsigned);
        assert_eq!(signed.warnings.len(), 1, "{:?}", signed.warnings);
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
        let of = an_agreement(S::Operating);
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
