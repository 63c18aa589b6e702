//! The SQL of facts.

use std::collections::HashMap;

use auth::Mode;
use chrono::NaiveDate;
use domain::OrganisationId;
use events::{
    governance::{DecisionEffective, DelegationRecorded},
    tenants::{BoroughPlaced, OrganisationRecorded},
};
use tenancy::{Borough, DbError, Tx};

use crate::funds::FundBody;
use crate::schemes::{Side, side_of};

pub(super) async fn put_borough(tx: &mut Tx<Borough>, placed: &BoroughPlaced) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.borough (borough_id, slug, gss, name, region, expected_from)
         values (platform.borough(), $1, $2, $3, $4, $5)
         on conflict (borough_id) do update set slug = excluded.slug, gss = excluded.gss, name = excluded.name,
           region = excluded.region, expected_from = excluded.expected_from",
        placed.slug.as_str(),
        placed.gss.as_str(),
        placed.name,
        placed.region.as_ref().map(domain::Slug::as_str),
        placed.region_from
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn put_party(tx: &mut Tx<Borough>, recorded: &OrganisationRecorded) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.party (borough_id, organisation_id, kind, name, ods, valid_from, valid_to, aliases)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)
         on conflict (borough_id, organisation_id) do update set kind = excluded.kind, name = excluded.name,
           ods = excluded.ods, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
           aliases = excluded.aliases",
        recorded.organisation_id.0,
        recorded.kind,
        recorded.name,
        recorded.ods.as_ref().map(domain::Ods::as_str),
        recorded.valid_from,
        recorded.valid_to,
        &recorded.aliases
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn put_delegation(tx: &mut Tx<Borough>, recorded: &DelegationRecorded) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.delegation (borough_id, delegation_id, role, fund_id, kind, limit_pence, in_force_from)
         values (platform.borough(), $1, $2, $3, $4, $5, $6) on conflict do nothing",
        recorded.delegation_id.0,
        recorded.role,
        recorded.fund_id.map(|id| id.0),
        recorded.kind,
        recorded.limit_pence.0,
        recorded.in_force_from
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn put_decision(tx: &mut Tx<Borough>, effective: &DecisionEffective) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.decision (borough_id, decision_id, fund_id, committee_id, amount_pence, title, proposal_id, effective_on)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        effective.decision_id.0,
        effective.fund_id.0,
        effective.committee_id.0,
        effective.amount_pence.0,
        effective.title,
        effective.proposal_id.map(|id| id.0),
        effective.effective_on
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A body, as this borough records it.
pub(crate) struct Party {
    /// `council`, `ccg`, `icb`, `nhs_trust` or `provider`.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) ods: Option<String>,
    pub(crate) valid_from: NaiveDate,
    pub(crate) valid_to: Option<NaiveDate>,
}

impl Party {
    /// Whether it existed on a day. Kind and dates decide, never the code: codes live on (rule 13).
    pub(crate) fn existed_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// The code by which it sees what it puts into a fund; none in a sandbox, and none of an illustration.
    pub(crate) fn code_for(&self, mode: Mode, fund: &FundBody) -> Option<&str> {
        self.ods.as_deref().filter(|_| mode == Mode::Live && !fund.illustrative)
    }
}

pub(crate) async fn find_party(tx: &mut Tx<Borough>, id: OrganisationId) -> Result<Option<Party>, DbError> {
    let row = sqlx::query_as!(
        Party,
        "select kind, name, ods, valid_from, valid_to from budgets.party where organisation_id = $1",
        id.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row)
}

/// Which side each of these bodies is on, where it is one of this borough's.
pub(crate) async fn sides(
    tx: &mut Tx<Borough>,
    bodies: Vec<OrganisationId>,
) -> Result<HashMap<OrganisationId, Option<Side>>, DbError> {
    let rows = sqlx::query!(
        "select organisation_id, kind from budgets.party where organisation_id = any ($1)",
        &bodies as &[OrganisationId]
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (OrganisationId(row.organisation_id), side_of(&row.kind))).collect())
}

/// The region the borough is in; `None` where that is not known here yet, `Some(None)` where it is in none.
pub(crate) async fn region_of_borough(tx: &mut Tx<Borough>) -> Result<Option<Option<String>>, DbError> {
    let row = sqlx::query_scalar!("select region from budgets.borough").fetch_optional(tx.connection()).await?;
    Ok(row)
}

#[cfg(test)]
mod tests {
    use domain::FundId;

    use super::*;
    use crate::funds::a_fund;

    #[test]
    fn a_sandbox_and_an_illustration_carry_no_code() {
        let party = |ods: Option<&str>| Party {
            kind: "icb".into(),
            name: "A board".into(),
            ods: ods.map(str::to_owned),
            valid_from: NaiveDate::from_ymd_opt(2022, 7, 1).expect("a day"),
            valid_to: None,
        };
        let fund = |illustrative: bool| FundBody { illustrative, ..a_fund(FundId::at(chrono::DateTime::UNIX_EPOCH)) };
        assert_eq!(party(Some("QOP")).code_for(Mode::Live, &fund(false)), Some("QOP"));
        assert_eq!(party(Some("QOP")).code_for(Mode::Sandbox, &fund(false)), None);
        assert_eq!(party(Some("QOP")).code_for(Mode::Live, &fund(true)), None);
        assert_eq!(party(None).code_for(Mode::Live, &fund(false)), None, "a council");
    }
}
