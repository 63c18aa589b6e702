//! The SQL of the ledger. Nothing here updates or deletes: no login role may.

use std::collections::HashMap;

use auth::Role;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountId, DecisionId, FinancialYear, FundId, JournalId, Pence, Period, SchemeId};
use serde::Deserialize;
use serde_json::Value;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::{
    http::{JournalBody, PostingBody},
    journal::{Books, Journal, Layer, Line, SchemeOfLine},
};
use crate::{accounts::AccountKind, periods::PeriodState, schedules::Held};

/// Keeps the period from being closed until the transaction ends; any number of writers may hold it.
pub(crate) async fn hold_period_open(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    period: Period,
) -> Result<(), DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended(concat_ws(' ', 'period', $1::text, $2::text, $3::text), 0))",
        fund.0.to_string(),
        year.to_string(),
        period.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// What a journal must know of its fund. `None`: no such fund; `Some(None)`: the fund has no such year.
pub(super) async fn open_books(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    period: Period,
    codes: (&[String], &[String]),
    role: Role,
) -> Result<Option<Option<Books>>, DbError> {
    let today = domain::day_in_england(tx.now());
    let row = sqlx::query!(
        r#"select f.region, p.state as "state?",
             coalesce((select jsonb_object_agg(a.code, jsonb_build_array(a.account_id, a.kind))
                       from budgets.account a where a.fund_id = $1 and a.code = any ($4)), '{}') as "accounts!",
             coalesce((select jsonb_object_agg(s.code, jsonb_build_array(s.scheme_id, s.category, s.source,
                         coalesce(c.kind, f.kind) = 'in_view', coalesce(c.capital, false), c.ring_fence))
                       from budgets.scheme s
                         left join budgets.scheme_schedule c on c.fund_id = s.fund_id and c.scheme_id = s.scheme_id
                       where s.fund_id = $1 and s.code = any ($5)), '{}') as "schemes!",
             exists (select from budgets.delegation d where d.in_force_from <= $6 and (d.fund_id is null or d.fund_id = $1)) as "delegated!",
             (select d.limit_pence from budgets.delegation d where d.role = $7 and d.in_force_from <= $6
                and (d.fund_id is null or d.fund_id = $1)
              order by d.fund_id nulls last, d.kind nulls last, d.in_force_from desc, d.delegation_id desc limit 1) as limit_pence
           from budgets.fund f left join budgets.period p on p.fund_id = f.fund_id and p.year = $2 and p.period = $3
           where f.fund_id = $1"#,
        fund.0,
        year.start(),
        period.number(),
        codes.0,
        codes.1,
        today,
        role.as_str()
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(state) = row.state else { return Ok(Some(None)) };
    // Where a scheme of delegation is in force, a role it does not name may post nothing on its own.
    let limit = row.delegated.then(|| Pence(row.limit_pence.unwrap_or(0)));
    Ok(Some(Some(Books {
        fund,
        year,
        region: row.region,
        period: PeriodState::parse(&state),
        accounts: each(row.accounts, |(id, kind): (Uuid, String)| (AccountId(id), AccountKind::parse(&kind))),
        schemes: each(row.schemes, |(id, category, source, in_view, capital, ring_fence): SchemeRow| SchemeOfLine {
            id: SchemeId(id),
            category,
            source,
            in_view,
            held: Held { capital, ring_fence },
        }),
        limit,
    })))
}

/// A scheme as the books' query has it: id, category, source, whether it is in view, capital, ring-fence.
type SchemeRow = (Uuid, String, String, bool, bool, Option<String>);

fn each<T: for<'de> Deserialize<'de>, U>(object: Value, make: impl Fn(T) -> U) -> HashMap<String, U> {
    let fields: HashMap<String, T> = serde_json::from_value(object).expect("codes as the query has them");
    fields.into_iter().map(|(code, value)| (code, make(value))).collect()
}

/// Writes the journal, its lines, and what positions and the region are told, in one statement.
pub(super) async fn insert(tx: &mut Tx<Borough>, journal: &Journal, client_id: &str) -> Result<(), DbError> {
    let lines = &journal.lines;
    let accounts: Vec<Uuid> = lines.iter().map(|line| line.account.0).collect();
    let schemes: Vec<Option<Uuid>> = lines.iter().map(|line| line.scheme.map(|id| id.0)).collect();
    let layers: Vec<String> = lines.iter().map(|line| line.layer.as_str().to_owned()).collect();
    let amounts: Vec<i64> = lines.iter().map(|line| line.amount.0).collect();
    let rolled_up = if journal.region.is_some() { journal.rolled_up() } else { Vec::new() };
    let region_categories: Vec<String> = rolled_up.iter().map(|row| row.0.to_owned()).collect();
    let region_sources: Vec<String> = rolled_up.iter().map(|row| row.1.to_owned()).collect();
    let region_layers: Vec<String> = rolled_up.iter().map(|row| row.2.as_str().to_owned()).collect();
    let region_amounts: Vec<i64> = rolled_up.iter().map(|row| row.3.0).collect();
    sqlx::query!(
        r#"with written as (
             insert into budgets.journal (borough_id, fund_id, journal_id, year, period, effective_on, posted_at,
               narrative, source, client_id, reverses_id)
             values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           ), line as (
             select account_id, scheme_id, layer, amount_pence, number::smallint as number
             from unnest($11::uuid[], $12::uuid[], $13::text[], $14::bigint[])
               with ordinality as l (account_id, scheme_id, layer, amount_pence, number)
           ), posted as (
             insert into budgets.posting (borough_id, fund_id, journal_id, line, account_id, scheme_id, layer, amount_pence)
             select platform.borough(), $1, $2, number, account_id, scheme_id, layer, amount_pence from line
           ), told as (
             insert into budgets.region_delta (borough_id, region, year, fund_id, journal_id, line, period, category, source, layer, amount_pence)
             select platform.borough(), $15, $3, $1, $2, number::smallint, $4, category, source, layer, amount_pence
             from unnest($16::text[], $17::text[], $18::text[], $19::bigint[])
               with ordinality as r (category, source, layer, amount_pence, number)
           )
           insert into budgets.delta (borough_id, fund_id, year, journal_id, line, period, account_id, scheme_id, layer, amount_pence)
           select platform.borough(), $1, $3, $2, number, $4, account_id,
             coalesce(scheme_id, '00000000-0000-0000-0000-000000000000'), layer, amount_pence
           from line"#,
        journal.fund.0,
        journal.id.0,
        journal.year.start(),
        journal.period.number(),
        journal.effective_on,
        journal.posted_at,
        journal.narrative,
        journal.source,
        client_id,
        journal.reverses.map(|id| id.0),
        &accounts,
        &schemes as &[Option<Uuid>],
        &layers,
        &amounts,
        journal.region,
        &region_categories,
        &region_sources,
        &region_layers,
        &region_amounts
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// How many lines of a journal a list shows; the journal itself shows all.
const LINES_LISTED: i16 = 50;

struct JournalRow {
    journal_id: Uuid,
    year: FinancialYear,
    period: Period,
    effective_on: NaiveDate,
    posted_at: DateTime<Utc>,
    narrative: String,
    source: Option<String>,
    client_id: String,
    reverses_id: Option<Uuid>,
    reversed_by: Option<Uuid>,
    decision_id: Option<Uuid>,
    split_suspected: bool,
    postings: Value,
    lines: i64,
}

/// Journals of a fund, newest first, or one, with their lines.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<JournalId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<JournalBody>, DbError> {
    let rows = sqlx::query_as!(
        JournalRow,
        r#"select j.journal_id, j.year as "year: FinancialYear", j.period as "period: Period", j.effective_on, j.posted_at,
             j.narrative, j.source, j.client_id, j.reverses_id,
             (select r.journal_id from budgets.journal r where r.fund_id = j.fund_id and r.reverses_id = j.journal_id) as reversed_by,
             (select d.decision_id from budgets.decision_spend d where d.fund_id = j.fund_id and d.journal_id = j.journal_id) as decision_id,
             exists (select from budgets.split_warning w where w.fund_id = j.fund_id and w.journal_id = j.journal_id) as "split_suspected!",
             (select jsonb_agg(jsonb_build_object('account', a.code, 'scheme', s.code, 'layer', p.layer,
                       'amount_pence', p.amount_pence) order by p.line)
              from budgets.posting p join budgets.account a on a.fund_id = p.fund_id and a.account_id = p.account_id
                left join budgets.scheme s on s.fund_id = p.fund_id and s.scheme_id = p.scheme_id
              where p.fund_id = j.fund_id and p.journal_id = j.journal_id and p.line <= $5) as "postings!",
             (select count(*) from budgets.posting p where p.fund_id = j.fund_id and p.journal_id = j.journal_id) as "lines!"
           from budgets.journal j
           where j.fund_id = $1 and ($2::uuid is null or j.journal_id = $2) and ($3::uuid is null or j.journal_id < $3)
           order by j.journal_id desc limit $4"#,
        fund.0,
        one.map(|id| id.0),
        before,
        limit,
        if one.is_some() { i16::MAX } else { LINES_LISTED }
    )
    .fetch_all(tx.connection())
    .await?;
    let journals = rows.into_iter().map(|row| JournalBody {
        id: JournalId(row.journal_id),
        year: row.year,
        period: row.period,
        effective_on: row.effective_on,
        posted_at: row.posted_at,
        narrative: row.narrative,
        source: row.source,
        posted_by: row.client_id,
        reverses: row.reverses_id.map(JournalId),
        reversed_by: row.reversed_by.map(JournalId),
        decision_id: row.decision_id.map(DecisionId),
        split_suspected: row.split_suspected,
        lines: row.lines,
        postings: serde_json::from_value::<Vec<PostingBody>>(row.postings).expect("postings as the query has them"),
    });
    Ok(journals.collect())
}

/// The lines of a journal, to be reversed.
pub(super) async fn lines(tx: &mut Tx<Borough>, fund: FundId, journal: JournalId) -> Result<Vec<Line>, DbError> {
    let rows = sqlx::query!(
        r#"select p.account_id, p.scheme_id, p.layer, p.amount_pence,
             a.kind, s.category as "category?", s.source as "source?", coalesce(c.kind = 'in_view', f.kind = 'in_view') as "in_view!"
           from budgets.posting p join budgets.account a on a.fund_id = p.fund_id and a.account_id = p.account_id
             join budgets.fund f on f.fund_id = p.fund_id
             left join budgets.scheme s on s.fund_id = p.fund_id and s.scheme_id = p.scheme_id
             left join budgets.scheme_schedule c on c.fund_id = p.fund_id and c.scheme_id = p.scheme_id
           where p.fund_id = $1 and p.journal_id = $2 order by p.line"#,
        fund.0,
        journal.0
    )
    .fetch_all(tx.connection())
    .await?;
    let lines = rows.into_iter().map(|row| {
        let expenditure = AccountKind::parse(&row.kind) == AccountKind::Expenditure;
        Line {
            account: AccountId(row.account_id),
            scheme: row.scheme_id.map(SchemeId),
            layer: Layer::parse(&row.layer),
            amount: Pence(row.amount_pence),
            counted: row.category.zip(row.source).filter(|_| expenditure && !row.in_view),
            expenditure,
        }
    });
    Ok(lines.collect())
}
