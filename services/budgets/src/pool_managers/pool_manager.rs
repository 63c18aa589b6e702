//! The rules of a pool manager. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::OrganisationId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use crate::{
    agreements::{FromDay, on},
    rules,
};

/// A pool manager to appoint.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"office": "Assistant director of integrated commissioning",
    "employer": "01890a5d-ac96-774b-bcce-b302099a8057", "from_on": "2026-04-01", "reference": "Agreement, schedule 2"}))]
pub(crate) struct PoolManagerDraft {
    /// The office that manages the fund; offices, not people.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) office: String,
    /// The body that employs it: the host of that day.
    pub(super) employer: OrganisationId,
    /// The day it begins; the office before ends the day before, so that there is no gap.
    pub(super) from_on: NaiveDate,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) reference: String,
}

impl PoolManagerDraft {
    /// Holds it to rule 5: an officer of the host of its first day, after the one before.
    pub(super) fn check(&self, hosts: &[FromDay], managers: &[FromDay]) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/office", &self.office, 200);
        faults.text("/reference", &self.reference, 300);
        drafts::known_day(&mut faults, "/from_on", self.from_on);
        faults.none()?;
        if on(hosts, self.from_on) != Some(self.employer) {
            let detail =
                format!("It is not the fund's host on {}; the pool manager is the host's officer.", self.from_on);
            return Err(rules::POOL_MANAGER.broken("/employer", detail));
        }
        if let Some(last) = managers.iter().map(|one| one.from_on).filter(|day| *day >= self.from_on).max() {
            let detail = format!("A pool manager is recorded from {last} on. Name a later day.");
            return Err(rules::POOL_MANAGER.broken("/from_on", detail));
        }
        Ok(())
    }
}

/// A pool manager.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PoolManagerBody {
    pub(super) office: String,
    pub(super) employer: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(super) employer_name: String,
    pub(super) from_on: NaiveDate,
    /// The last day: that before the next begins.
    pub(super) to_on: Option<NaiveDate>,
    pub(super) reference: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for PoolManagerBody {
    const COLUMNS: &'static [&'static str] =
        &["office", "employer", "employer_name", "from_on", "to_on", "reference", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn rule_05_the_pool_manager_is_the_hosts_officer_without_a_gap() {
        let (group, board) = (OrganisationId(Uuid::from_u128(1)), OrganisationId(Uuid::from_u128(2)));
        let hosts = [
            FromDay { from_on: NaiveDate::MIN, body: group, ended_on: None },
            FromDay { from_on: day("2022-07-01"), body: board, ended_on: None },
        ];
        let draft = |employer, from: &str| PoolManagerDraft {
            office: "Assistant director".into(),
            employer,
            from_on: day(from),
            reference: "A test".into(),
        };
        assert!(draft(group, "2020-04-01").check(&hosts, &[]).is_ok());
        assert!(draft(board, "2020-04-01").check(&hosts, &[]).is_err(), "not the host's officer");
        assert!(draft(group, "2022-07-01").check(&hosts, &[]).is_err(), "the host has changed");
        let managers = [FromDay { from_on: day("2020-04-01"), body: group, ended_on: None }];
        assert!(draft(board, "2022-07-01").check(&hosts, &managers).is_ok(), "from the day the host changes");
        assert!(draft(group, "2020-04-01").check(&hosts, &managers).is_err(), "there is one from that day");
        assert_eq!(on(&managers, day("2022-06-30")), Some(group), "each stands until the next");
    }
}
