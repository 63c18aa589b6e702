//! The rules of organisations over time. No SQL, no HTTP, no clock.

use chrono::{Days, NaiveDate};
use domain::{Gss, Ods, OrganisationId};
use serde::{Deserialize, Serialize};
use web::{Fault, Faults, Problem, Row, drafts::day};

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrganisationKind {
    /// A local authority.
    Council,
    /// A clinical commissioning group: until 30 June 2022 (SI 2022/634).
    Ccg,
    /// An integrated care board: from 1 July 2022 (SI 2022/634).
    Icb,
    /// An NHS trust or foundation trust.
    NhsTrust,
    /// Another provider.
    Provider,
}

impl OrganisationKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Council => "council",
            Self::Ccg => "ccg",
            Self::Icb => "icb",
            Self::NhsTrust => "nhs_trust",
            Self::Provider => "provider",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "council" => Self::Council,
            "ccg" => Self::Ccg,
            "icb" => Self::Icb,
            "nhs_trust" => Self::NhsTrust,
            _ => Self::Provider,
        }
    }

    /// Whether a body of this kind may stand until a day, or on and on.
    fn may_stand_until(self, day: Option<NaiveDate>) -> bool {
        self.existed().1.is_none_or(|last| day.is_some_and(|day| day <= last))
    }

    /// The days on which such bodies existed at all: CCGs from 1 April 2013 to 30 June 2022, boards from
    /// 1 July 2022 (Health and Social Care Act 2012; SI 2022/634).
    fn existed(self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        match self {
            Self::Ccg => (NaiveDate::from_ymd_opt(2013, 4, 1), NaiveDate::from_ymd_opt(2022, 6, 30)),
            Self::Icb => (NaiveDate::from_ymd_opt(2022, 7, 1), None),
            _ => (None, None),
        }
    }
}

/// The last day of a body that stood so far.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"last_day": "2026-03-31", "source": "NHS England, list of mergers"}))]
pub(crate) struct BodyEndingDraft {
    /// The last day it exists; whoever follows it begins on the next.
    pub(crate) last_day: NaiveDate,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) source: String,
}

impl BodyEndingDraft {
    /// Goes on where a body may end on that day.
    pub(crate) fn check(&self, body: &OrganisationBody) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/source", &self.source, 500);
        day(&mut faults, "/last_day", self.last_day);
        faults.unless(self.last_day >= body.valid_from, "/last_day", format_args!("It began on {}.", body.valid_from));
        faults.unless(
            body.kind.may_stand_until(Some(self.last_day)),
            "/last_day",
            "Clinical commissioning groups ended on 30 June 2022 at the latest (SI 2022/634).",
        );
        faults.none()
    }
}

/// Another name a body is printed under.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "NHS CCG", "source": "Council, published spending over £500"}))]
pub(crate) struct AliasDraft {
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// Where it is printed so.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) source: String,
}

/// How many other names a body has at most.
pub(crate) const ALIASES_MAX: usize = 50;

impl AliasDraft {
    /// Goes on where it is another name than those the body has.
    pub(crate) fn check(&self, body: &OrganisationBody) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/name", &self.name, 200);
        faults.text("/source", &self.source, 500);
        let new = self.name.trim().to_lowercase();
        let known = body.aliases.iter().chain([&body.name]).any(|name| name.to_lowercase() == new);
        faults.unless(!known, "/name", "It is known by this name already.");
        let few = body.aliases.len() < ALIASES_MAX;
        faults.unless(few, "/name", format_args!("A body has at most {ALIASES_MAX} other names."));
        faults.none()
    }
}

/// A body to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "nhs_trust", "name": "Northern Care Alliance NHS Foundation Trust", "ods": "RM3",
    "valid_from": "2021-10-01", "source": "NHS Organisation Data Service"}))]
pub(crate) struct OrganisationDraft {
    pub(crate) kind: OrganisationKind,
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// Its NHS code; councils have none.
    #[serde(default)]
    pub(crate) ods: Option<Ods>,
    #[serde(default)]
    pub(crate) gss: Option<Gss>,
    /// The first day it exists.
    pub(crate) valid_from: NaiveDate,
    /// The last day it exists; none while it stands.
    #[serde(default)]
    pub(crate) valid_to: Option<NaiveDate>,
    /// The bodies it follows: each ended on the day before this one begins.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(crate) predecessors: Vec<OrganisationId>,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) source: String,
}

/// A body, as one borough records it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OrganisationBody {
    pub(crate) id: OrganisationId,
    pub(crate) kind: OrganisationKind,
    #[schema(example = "NHS Salford CCG")]
    pub(crate) name: String,
    pub(crate) ods: Option<Ods>,
    pub(crate) gss: Option<Gss>,
    pub(crate) valid_from: NaiveDate,
    pub(crate) valid_to: Option<NaiveDate>,
    /// Other names it is printed under.
    pub(crate) aliases: Vec<String>,
    /// The bodies it followed.
    pub(crate) predecessors: Vec<Link>,
    /// The bodies that followed it.
    pub(crate) successors: Vec<Link>,
    #[schema(example = "NHS Organisation Data Service")]
    pub(crate) source: String,
}

impl Row for OrganisationBody {
    const COLUMNS: &'static [&'static str] = &["id", "kind", "name", "ods", "gss", "valid_from", "valid_to", "source"];
}

/// One body's place before or after another.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Link {
    pub(crate) id: OrganisationId,
    pub(crate) name: String,
    pub(crate) ods: Option<Ods>,
    /// The first day of the one that follows.
    pub(crate) followed_on: NaiveDate,
}

impl OrganisationDraft {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, detail: &str| {
            faults.push(Fault { pointer: pointer.into(), detail: detail.into() });
        };
        if !(1..=200).contains(&self.name.trim().chars().count()) {
            fault("/name", "A name has 1 to 200 characters.");
        }
        if !(1..=500).contains(&self.source.trim().chars().count()) {
            fault("/source", "Say in 1 to 500 characters where this is known from.");
        }
        if self.valid_to.is_some_and(|last| last < self.valid_from) {
            fault("/valid_to", "The last day is before the first.");
        }
        if !(1800..2200).contains(&chrono::Datelike::year(&self.valid_from)) {
            fault("/valid_from", "A day between 1800 and 2199.");
        }
        let (first, _) = self.kind.existed();
        if first.is_some_and(|first| self.valid_from < first) {
            fault(
                "/valid_from",
                "No body of this kind existed yet on that day (Health and Social Care Act 2012; SI 2022/634).",
            );
        }
        if !self.kind.may_stand_until(self.valid_to) {
            fault("/valid_to", "Clinical commissioning groups ended on 30 June 2022 at the latest (SI 2022/634).");
        }
        if self.ods.is_none()
            && matches!(self.kind, OrganisationKind::Ccg | OrganisationKind::Icb | OrganisationKind::NhsTrust)
        {
            fault("/ods", "An NHS body has an ODS code.");
        }
        if self.gss.is_none() && self.kind == OrganisationKind::Council {
            fault("/gss", "A council has a GSS code.");
        }
        if self.predecessors.len() > 50 {
            fault("/predecessors", "At most 50 bodies are followed at once.");
        }
        Problem::unless_none(faults)
    }

    /// The predecessor at `index` must have ended on the day before this body begins: no gap, no overlap.
    pub(crate) fn check_predecessor(&self, index: usize, last_day: Option<NaiveDate>) -> Result<(), Problem> {
        let wanted = self.valid_from.checked_sub_days(Days::new(1));
        if last_day.is_some() && last_day == wanted {
            return Ok(());
        }
        Err(Problem::invalid(
            format!("/predecessors/{index}"),
            "A body is followed on the day after its last: there is a gap or an overlap between the two.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(kind: OrganisationKind, from: &str, to: Option<&str>) -> OrganisationDraft {
        OrganisationDraft {
            kind,
            name: "A body".into(),
            ods: "QOP".parse().ok(),
            gss: None,
            valid_from: from.parse().expect("a day"),
            valid_to: to.map(|to| to.parse().expect("a day")),
            predecessors: Vec::new(),
            source: "a test".into(),
        }
    }

    #[test]
    fn rule_13_a_clinical_commissioning_group_ends_by_30_june_2022() {
        assert!(draft(OrganisationKind::Ccg, "2013-04-01", Some("2022-06-30")).check().is_ok());
        assert!(draft(OrganisationKind::Ccg, "2013-04-01", None).check().is_err());
        assert!(draft(OrganisationKind::Ccg, "2013-04-01", Some("2022-07-01")).check().is_err());
        assert!(draft(OrganisationKind::Icb, "2022-06-30", None).check().is_err());
        assert!(draft(OrganisationKind::Icb, "2022-07-01", None).check().is_ok());
    }

    #[test]
    fn rule_14_a_successor_follows_without_gap_or_overlap() {
        let board = draft(OrganisationKind::Icb, "2022-07-01", None);
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        assert!(board.check_predecessor(0, day("2022-06-30")).is_ok());
        assert!(board.check_predecessor(0, day("2022-06-29")).is_err());
        assert!(board.check_predecessor(0, day("2022-07-01")).is_err());
        assert!(board.check_predecessor(0, None).is_err());
    }

    #[test]
    fn a_body_ends_once_it_has_begun_and_is_known_by_a_name_once() {
        let body = OrganisationBody {
            id: OrganisationId(uuid::Uuid::nil()),
            kind: OrganisationKind::Icb,
            name: "A board".into(),
            ods: None,
            gss: None,
            valid_from: "2022-07-01".parse().expect("a day"),
            valid_to: None,
            aliases: vec!["The Board".into()],
            predecessors: Vec::new(),
            successors: Vec::new(),
            source: "a test".into(),
        };
        let ends =
            |day: &str| BodyEndingDraft { last_day: day.parse().expect("a day"), source: "a test".into() }.check(&body);
        assert!(ends("2022-07-01").is_ok() && ends("2026-03-31").is_ok() && ends("2022-06-30").is_err());
        let named = |name: &str| AliasDraft { name: name.into(), source: "a test".into() }.check(&body);
        assert!(named("NHS Board").is_ok());
        assert!(named("the board").is_err() && named("A BOARD ").is_err() && named(" ").is_err());
    }
}
