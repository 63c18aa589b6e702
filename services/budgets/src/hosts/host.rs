//! The rules of a change of host. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::OrganisationId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use crate::{
    agreements::{FromDay, on},
    facts::Party,
    rules,
};

/// A change of host to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organisation": "01890a5d-ac96-774b-bcce-b302099a8057", "from_on": "2026-10-01",
    "reference": "Joint committee, 14 September 2026, item 6"}))]
pub(crate) struct HostDraft {
    pub(super) organisation: OrganisationId,
    /// The day it takes over; the host before ends the day before, so that there is one at any time.
    pub(super) from_on: NaiveDate,
    /// The decision or document that says so.
    #[schema(min_length = 1, max_length = 300)]
    pub(super) reference: String,
}

impl HostDraft {
    /// Holds it to rule 4 and to the body's own dates.
    pub(super) fn check(&self, hosts: &[FromDay], body: &Party) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reference", &self.reference, 300);
        drafts::known_day(&mut faults, "/from_on", self.from_on);
        faults.none()?;
        if !body.existed_on(self.from_on) {
            let detail = format!("{} did not exist on {}.", body.name, self.from_on);
            return Err(rules::BODY_EXISTS.broken("/organisation", detail));
        }
        if let Some(last) = hosts.iter().map(|host| host.from_on).filter(|day| *day >= self.from_on).max() {
            let detail = format!("A host is recorded from {last} on. Name a later day.");
            return Err(rules::ONE_HOST.broken("/from_on", detail));
        }
        if on(hosts, self.from_on) == Some(self.organisation) {
            return Err(rules::ONE_HOST.broken("/organisation", "It is the host already."));
        }
        Ok(())
    }
}

/// A host of a fund.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct HostBody {
    pub(super) organisation: OrganisationId,
    #[schema(example = "NHS Salford CCG")]
    pub(super) name: String,
    /// The day it took over; none for the first, which hosts from the beginning.
    pub(super) from_on: Option<NaiveDate>,
    pub(super) reference: String,
    pub(super) recorded_at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) ended_on: Option<NaiveDate>,
}

impl Row for HostBody {
    const COLUMNS: &'static [&'static str] = &["organisation", "name", "from_on", "reference", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn rule_04_a_fund_has_exactly_one_host_on_every_day() {
        let (group, board) = (OrganisationId(Uuid::from_u128(1)), OrganisationId(Uuid::from_u128(2)));
        let hosts = vec![FromDay { from_on: NaiveDate::MIN, body: group, ended_on: Some(day("2022-06-30")) }];
        let party = Party {
            kind: "icb".into(),
            name: "The board".into(),
            ods: Some("QOP".into()),
            valid_from: day("2022-07-01"),
            valid_to: None,
        };
        let draft =
            |organisation, from: &str| HostDraft { organisation, from_on: day(from), reference: "A test".into() };
        assert!(draft(board, "2022-07-01").check(&hosts, &party).is_ok());
        assert!(draft(board, "2022-06-30").check(&hosts, &party).is_err(), "the board did not exist");
        let both = vec![hosts[0].clone(), FromDay { from_on: day("2022-07-01"), body: board, ended_on: None }];
        assert!(draft(group, "2022-07-01").check(&both, &party).is_err(), "two on one day");
        assert!(draft(board, "2022-08-01").check(&both, &party).is_err(), "it is the host already");
        assert_eq!(on(&hosts, day("2022-07-01")), None, "a host that has ended is none");
        for (on_day, host) in
            [("2020-01-01", group), ("2022-06-30", group), ("2022-07-01", board), ("2030-01-01", board)]
        {
            assert_eq!(on(&both, day(on_day)), Some(host), "{on_day}");
        }
    }
}
