//! The SQL of risk share.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CalculationId, FinancialYear, FundId, JournalId, OrganisationId, Pence};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::{
    http::{AgreedBody, CalculationBody},
    rule::{PaidIn, RiskRuleBody},
};

/// The versions of a fund's rule after a number, in order.
pub(super) async fn rules(
    tx: &mut Tx<Borough>,
    fund: FundId,
    after: Option<i16>,
    limit: i64,
) -> Result<Vec<RiskRuleBody>, DbError> {
    let rows = sqlx::query!(
        "select number, terms, recorded_at from budgets.risk_rule
         where fund_id = $1 and ($2::smallint is null or number > $2) order by number limit $3",
        fund.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let rules = rows.into_iter().map(|row| RiskRuleBody {
        number: row.number,
        rule: serde_json::from_value(row.terms).expect("a rule as it was written"),
        recorded_at: row.recorded_at,
    });
    Ok(rules.collect())
}

pub(super) async fn insert_rule(tx: &mut Tx<Borough>, fund: FundId, body: &RiskRuleBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.risk_rule (borough_id, fund_id, number, in_force_from, terms, reference, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        fund.0,
        body.number,
        body.rule.in_force_from,
        serde_json::json!(body.rule),
        body.rule.reference.trim(),
        body.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The cash contributions of a year to pooled schemes, or to the fund as a whole, version by version.
pub(super) async fn paid_in(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<Vec<PaidIn>, DbError> {
    let rows = sqlx::query!(
        r#"select c.payer_id as "party: OrganisationId", coalesce(s.ring_fence is not null, false) as "ring_fenced!",
             (select jsonb_agg(jsonb_build_array(v.effective_on, v.amount_pence) order by v.number)
              from budgets.contribution_version v
              where v.fund_id = c.fund_id and v.year = c.year and v.contribution_id = c.contribution_id) as "versions!"
           from budgets.contribution c
             left join budgets.scheme_schedule s on s.fund_id = c.fund_id and s.scheme_id = c.scheme_id
           where c.fund_id = $1 and c.year = $2 and c.form = 'cash' and coalesce(s.kind, 'pooled') = 'pooled'
           order by c.contribution_id"#,
        fund.0,
        year.start()
    )
    .fetch_all(tx.connection())
    .await?;
    let paid_in = rows.into_iter().map(|row| {
        let versions: Vec<(NaiveDate, Pence)> =
            serde_json::from_value(row.versions).expect("versions as they were written");
        PaidIn { party: row.party, versions, ring_fenced: row.ring_fenced }
    });
    Ok(paid_in.collect())
}

pub(super) async fn insert_calculation(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    body: &CalculationBody,
    client_id: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.risk_calculation (borough_id, fund_id, year, calculation_id, rule_number, result, calculated_at, client_id)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        fund.0,
        year.start(),
        body.id.0,
        body.result.rule_number,
        serde_json::json!(body.result),
        body.calculated_at,
        client_id
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The calculations of a year, newest first, or one.
pub(super) async fn calculations(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    one: Option<CalculationId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<CalculationBody>, DbError> {
    let rows = sqlx::query!(
        r#"select c.calculation_id, c.result, c.calculated_at, s.journal_id as "journal?: JournalId", s.settled_at as "settled_at?",
             coalesce((select jsonb_agg(jsonb_build_object('party', a.organisation_id, 'agreed_on', a.agreed_on,
                         'reference', a.reference, 'recorded_at', a.recorded_at) order by a.recorded_at, a.organisation_id)
                       from budgets.risk_agreement a
                       where a.fund_id = c.fund_id and a.year = c.year and a.calculation_id = c.calculation_id), '[]') as "agreed!"
           from budgets.risk_calculation c
             left join budgets.risk_settlement s on s.fund_id = c.fund_id and s.year = c.year and s.calculation_id = c.calculation_id
               and not exists (select from budgets.journal r where r.fund_id = s.fund_id and r.reverses_id = s.journal_id)
           where c.fund_id = $1 and c.year = $2 and ($3::uuid is null or c.calculation_id = $3)
             and ($4::uuid is null or c.calculation_id < $4)
           order by c.calculation_id desc limit $5"#,
        fund.0,
        year.start(),
        one.map(|id| id.0),
        before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let calculations = rows.into_iter().map(|row| CalculationBody {
        id: CalculationId(row.calculation_id),
        result: serde_json::from_value(row.result).expect("a result as it was written"),
        calculated_at: row.calculated_at,
        agreed: serde_json::from_value::<Vec<AgreedBody>>(row.agreed).expect("agreements as they were written"),
        settled_by: row.journal,
        settled_at: row.settled_at,
    });
    Ok(calculations.collect())
}

pub(super) async fn insert_agreed(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    of: CalculationId,
    agreed: &AgreedBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.risk_agreement (borough_id, fund_id, year, calculation_id, organisation_id, agreed_on, reference, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        fund.0,
        year.start(),
        of.0,
        agreed.party.0,
        agreed.agreed_on,
        agreed.reference,
        agreed.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether a journal that was not reversed settles the year.
pub(super) async fn is_settled(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<bool, DbError> {
    let settled = sqlx::query_scalar!(
        r#"select exists (
             select from budgets.risk_settlement s where s.fund_id = $1 and s.year = $2 and not exists (
               select from budgets.journal r where r.fund_id = s.fund_id and r.reverses_id = s.journal_id)) as "settled!""#,
        fund.0,
        year.start()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(settled)
}

pub(super) async fn insert_settlement(
    tx: &mut Tx<Borough>,
    (fund, year): (FundId, FinancialYear),
    (of, journal): (CalculationId, JournalId),
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.risk_settlement (borough_id, fund_id, year, calculation_id, journal_id, settled_at)
         values (platform.borough(), $1, $2, $3, $4, $5)",
        fund.0,
        year.start(),
        of.0,
        journal.0,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A body of a rule: its name, and its last day.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) valid_from: NaiveDate,
    pub(super) valid_to: Option<NaiveDate>,
}

/// The bodies of a rule, by their ids.
pub(super) async fn named(
    tx: &mut Tx<Borough>,
    bodies: &[OrganisationId],
) -> Result<HashMap<OrganisationId, Named>, DbError> {
    let rows = sqlx::query!(
        "select organisation_id, name, valid_from, valid_to from budgets.party where organisation_id = any ($1)",
        bodies as &[OrganisationId]
    )
    .fetch_all(tx.connection())
    .await?;
    let named = rows.into_iter().map(|row| {
        let body = Named { name: row.name, valid_from: row.valid_from, valid_to: row.valid_to };
        (OrganisationId(row.organisation_id), body)
    });
    Ok(named.collect())
}
