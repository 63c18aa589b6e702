//! The SQL of returns.

use chrono::{DateTime, Utc};
use domain::{FinancialYear, FundId, Period, ReturnId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::{
    Move,
    words::{read, word},
};

use super::{
    figures::{ReturnBorough, ReturnFigures},
    statutory_return::{ReturnKind, ReturnState, ReturnSummary},
};
use crate::periods::PeriodState;

/// What a list of returns is narrowed to.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Narrowed {
    pub(super) one: Option<ReturnId>,
    pub(super) fund: Option<FundId>,
    pub(super) year: Option<FinancialYear>,
    pub(super) kind: Option<ReturnKind>,
}

/// Figures that were frozen: as they are kept, when they were, and their checksum.
#[derive(Debug, Clone)]
pub(super) struct Frozen {
    pub(super) figures: String,
    pub(super) sha256: String,
    pub(super) as_of: DateTime<Utc>,
    /// Who froze or published them.
    pub(super) by: String,
}

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    narrowed: Narrowed,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ReturnSummary>, DbError> {
    let rows = sqlx::query!(
        r#"select r.return_id, r.fund_id, f.name as fund_name, r.year as "year: FinancialYear", r.kind, r.quarter, r.number,
             r.state, r.restates_id, r.restatement_reason, later.return_id as "restated_by?", r.narrative, r.created_at,
             c.published_at as "published_at?", r.version
           from budgets.statutory_return r
             join budgets.fund f on f.fund_id = r.fund_id
             left join budgets.statutory_return later on later.restates_id = r.return_id
             left join budgets.return_cut c on c.return_id = r.return_id
           where ($1::uuid is null or r.return_id = $1) and ($2::uuid is null or r.fund_id = $2)
             and ($3::smallint is null or r.year = $3) and ($4::text is null or r.kind = $4)
             and ($5::uuid is null or r.return_id > $5)
           order by r.return_id limit $6"#,
        narrowed.one.map(|id| id.0),
        narrowed.fund.map(|id| id.0),
        narrowed.year.map(FinancialYear::start),
        narrowed.kind.map(word),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let returns = rows.into_iter().map(|row| ReturnSummary {
        id: ReturnId(row.return_id),
        fund: FundId(row.fund_id),
        fund_name: row.fund_name,
        year: row.year,
        kind: read(&row.kind),
        quarter: Some(row.quarter).filter(|quarter| *quarter > 0),
        number: row.number,
        state: read(&row.state),
        restates: row.restates_id.map(ReturnId),
        restatement_reason: row.restatement_reason,
        restated_by: row.restated_by.map(ReturnId),
        narrative: row.narrative,
        created_at: row.created_at,
        published_at: row.published_at,
        version: row.version,
    });
    Ok(returns.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, made: &ReturnSummary, client: &str) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.statutory_return (borough_id, return_id, fund_id, year, kind, quarter, number, restates_id,
           restatement_reason, narrative, state, created_at, client_id)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        made.id.0,
        made.fund.0,
        made.year.start(),
        word(made.kind),
        made.quarter.unwrap_or_default(),
        made.number,
        made.restates.map(|id| id.0),
        made.restatement_reason,
        made.narrative,
        word(made.state),
        made.created_at,
        client
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn history(tx: &mut Tx<Borough>, of: ReturnId) -> Result<Vec<Move<ReturnState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from budgets.return_move
         where return_id = $1 order by number",
        of.0
    )
    .fetch_all(tx.connection())
    .await?;
    let moves = rows.into_iter().map(|row| Move {
        from: read(&row.from_state),
        to: read(&row.to_state),
        reason: row.reason,
        by: row.client_id,
        moved_at: row.moved_at,
    });
    Ok(moves.collect())
}

/// Moves a return from the version that was read; `false` where somebody else's move came first.
pub(super) async fn move_to(
    tx: &mut Tx<Borough>,
    at: &ReturnSummary,
    made: &Move<ReturnState>,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "with moved as (
           update budgets.statutory_return set state = $3, version = version + 1
           where return_id = $1 and version = $2 returning return_id
         )
         insert into budgets.return_move
           (borough_id, return_id, number, from_state, to_state, reason, client_id, moved_at)
         select platform.borough(), return_id, $2, $4, $3, $5, $6, $7 from moved",
        at.id.0,
        at.version,
        word(made.to),
        word(made.from),
        made.reason,
        made.by,
        made.moved_at
    )
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a draft another narrative, from the version that was read; `false` where somebody else came first.
pub(super) async fn set_narrative(
    tx: &mut Tx<Borough>,
    at: &ReturnSummary,
    narrative: Option<&str>,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "update budgets.statutory_return set narrative = $3, version = version + 1
         where return_id = $1 and version = $2 and state = 'draft'",
        at.id.0,
        at.version,
        narrative
    )
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the figures a return is submitted with.
pub(super) async fn insert_submission(tx: &mut Tx<Borough>, of: ReturnId, frozen: &Frozen) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.return_submission (borough_id, return_id, number, figures, sha256, as_of, client_id)
         select platform.borough(), $1, (coalesce(max(number), 0) + 1)::smallint, $2, $3, $4, $5
         from budgets.return_submission where return_id = $1",
        of.0,
        frozen.figures,
        frozen.sha256,
        frozen.as_of,
        frozen.by
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The figures a return was last submitted with.
pub(super) async fn submission(tx: &mut Tx<Borough>, of: ReturnId) -> Result<Option<Frozen>, DbError> {
    let found = sqlx::query_as!(
        Frozen,
        r#"select figures, sha256, as_of, client_id as "by" from budgets.return_submission
           where return_id = $1 order by number desc limit 1"#,
        of.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found)
}

/// Cuts what was approved: from now on it never changes (rule 60).
pub(super) async fn insert_cut(tx: &mut Tx<Borough>, of: ReturnId, frozen: &Frozen, by: &str) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.return_cut (borough_id, return_id, figures, sha256, as_of, published_at, client_id)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        of.0,
        frozen.figures,
        frozen.sha256,
        frozen.as_of,
        now,
        by
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The published cut of a return.
pub(super) async fn cut(tx: &mut Tx<Borough>, of: ReturnId) -> Result<Option<Frozen>, DbError> {
    let found = sqlx::query_as!(
        Frozen,
        r#"select figures, sha256, as_of, client_id as "by" from budgets.return_cut where return_id = $1"#,
        of.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found)
}

/// Tells the region the totals of a return that was approved.
pub(super) async fn tell_region(
    tx: &mut Tx<Borough>,
    region: &str,
    of: &ReturnSummary,
    figures: &ReturnFigures,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.region_return (borough_id, region, year, return_id, fund_id, fund_kind, section_75, kind,
           quarter, number, state, budget_pence, actual_pence, forecast_pence, contributions_pence, as_of, moved_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, 'approved', $10, $11, $12, $13, $14, $15)",
        region,
        of.year.start(),
        of.id.0,
        of.fund.0,
        figures.fund_kind.as_str(),
        figures.section_75,
        word(of.kind),
        of.quarter.unwrap_or_default(),
        of.number,
        figures.totals.budget_pence.0,
        figures.totals.actual_pence.0,
        figures.totals.forecast_pence.map(|pence| pence.0),
        figures.totals.contributions_pence.0,
        figures.as_of,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Tells the region that a return it has heard of moved on.
pub(super) async fn move_for_region(tx: &mut Tx<Borough>, of: ReturnId, to: ReturnState) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "update budgets.region_return set state = $2, moved_at = $3 where return_id = $1",
        of.0,
        word(to),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Each period: whether it is open, and whether anything was posted in it.
pub(super) async fn periods(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<Vec<(Period, bool, bool)>, DbError> {
    let rows = sqlx::query!(
        r#"select p.period as "period: Period", p.state,
             exists (select from budgets.standing a where a.fund_id = $1 and a.year = $2 and a.period = p.period)
               as "touched!"
           from budgets.period p where p.fund_id = $1 and p.year = $2 order by p.period"#,
        fund.0,
        year.start()
    )
    .fetch_all(tx.connection())
    .await?;
    let open = |state: &str| PeriodState::parse(state).takes_postings();
    Ok(rows.into_iter().map(|row| (row.period, open(&row.state), row.touched)).collect())
}

/// Whether the year was forecast when a period was known, or later.
pub(super) async fn forecast_since(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    period: Period,
) -> Result<bool, DbError> {
    let there = sqlx::query_scalar!(
        r#"select exists (select from budgets.forecast where fund_id = $1 and year = $2 and period >= $3) as "there!""#,
        fund.0,
        year.start(),
        period.number()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(there)
}

/// The borough itself, by its names.
pub(super) async fn borough(tx: &mut Tx<Borough>) -> Result<Option<ReturnBorough>, DbError> {
    let found = sqlx::query_as!(ReturnBorough, "select slug, gss, name from budgets.borough")
        .fetch_optional(tx.connection())
        .await?;
    Ok(found)
}
