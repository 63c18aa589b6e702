//! The SQL of statements.

use chrono::NaiveDate;
use domain::{AccountId, FundId, JournalId, OrganisationId, Pence, Period};
use tenancy::{Borough, DbError, Tx};

use super::http::{StatementFilters, StatementRow};
use crate::journals::Layer;

type Wanted<'f> = (FundId, AccountId, &'f StatementFilters);
type Key = (NaiveDate, JournalId, i16);

/// Lines in the order they took effect, after a line. Their balances are nil.
pub(super) async fn lines(
    tx: &mut Tx<Borough>,
    (fund, account, filters): Wanted<'_>,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<StatementRow>, DbError> {
    let rows = sqlx::query!(
        r#"select p.effective_on, j.period as "period: Period", j.posted_at, p.journal_id, p.line, j.narrative, j.external_reference,
             s.code as "scheme?", p.party_id, p.amount_pence
           from budgets.posting p
             join budgets.journal j on j.fund_id = p.fund_id and j.journal_id = p.journal_id
             left join budgets.scheme s on s.fund_id = p.fund_id and s.scheme_id = p.scheme_id
           where p.fund_id = $1 and p.account_id = $2 and p.year = $3 and p.layer = $4
             and ($5::text is null or s.code = $5)
             and ($6::date is null or (p.effective_on, p.journal_id, p.line) > ($6, $7, $8))
           order by p.effective_on, p.journal_id, p.line limit $9"#,
        fund.0,
        account.0,
        filters.year.start(),
        filters.layer.unwrap_or(Layer::Actual).as_str(),
        filters.scheme,
        after.map(|(day, _, _)| day),
        after.map(|(_, journal, _)| journal.0),
        after.map(|(_, _, line)| line),
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let rows = rows.into_iter().map(|row| StatementRow {
        effective_on: row.effective_on,
        period: row.period,
        posted_at: row.posted_at,
        journal: JournalId(row.journal_id),
        line: row.line,
        narrative: row.narrative,
        external_reference: row.external_reference,
        scheme: row.scheme,
        party: row.party_id.map(OrganisationId),
        amount_pence: Pence(row.amount_pence),
        balance_pence: Pence::ZERO,
    });
    Ok(rows.collect())
}

/// What the lines before a line come to: days that are over from what stood, those of its own day one by one.
pub(super) async fn balance_before(
    tx: &mut Tx<Borough>,
    (fund, account, filters): Wanted<'_>,
    (day, journal, line): Key,
) -> Result<Pence, DbError> {
    let sum = sqlx::query_scalar!(
        r#"select (
             coalesce((select sum(f.amount_pence) from budgets.stood($1, $2, $3::date - 1, null) f
                         left join budgets.scheme s on s.fund_id = $1 and s.scheme_id = f.scheme_id
                       where f.account_id = $4 and f.layer = $5 and ($6::text is null or s.code = $6)), 0)
             + coalesce((select sum(p.amount_pence) from budgets.posting p
                           left join budgets.scheme s on s.fund_id = p.fund_id and s.scheme_id = p.scheme_id
                         where p.fund_id = $1 and p.account_id = $4 and p.year = $2 and p.layer = $5 and p.effective_on = $3
                           and ($6::text is null or s.code = $6) and (p.journal_id, p.line) < ($7, $8)), 0))::bigint as "balance!""#,
        fund.0,
        filters.year.start(),
        day,
        account.0,
        filters.layer.unwrap_or(Layer::Actual).as_str(),
        filters.scheme,
        journal.0,
        line
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Pence(sum))
}
