//! The SQL of postings: a period's lines, in the order of journals and lines.

use domain::{FinancialYear, FundId, JournalId, OrganisationId, Pence, Period};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::posting::LedgerLine;

/// The last line that was read: its journal and its place in it.
pub(crate) type After = (Uuid, i16);

/// A batch of a period's lines.
pub(crate) async fn lines(
    tx: &mut Tx<Borough>,
    of: (FundId, FinancialYear, Period),
    after: Option<After>,
    limit: i64,
) -> Result<Vec<LedgerLine>, DbError> {
    let (fund, year, period) = of;
    let (journal, line) = after.unwrap_or((Uuid::nil(), 0));
    let journals = journals_of_batch(tx, of, (journal, line), limit).await?;
    let rows = sqlx::query!(
        r#"select j.journal_id, p.line, j.posted_at, p.effective_on, a.code as account, s.code as "scheme?", p.layer,
             p.amount_pence, p.party_id, p.category, p.source, p.nature, j.narrative, j.source as journal_source,
             j.external_reference, j.metadata::text as metadata, j.client_id, j.reverses_id, j.corrects_id, j.import_id
           from unnest($2::uuid[]) one (journal_id)
             cross join lateral (select * from budgets.journal j where j.fund_id = $1 and j.journal_id = one.journal_id offset 0) j
             cross join lateral (
               select * from budgets.posting p where p.fund_id = $1 and p.journal_id = j.journal_id
                 and p.line > case when j.journal_id = $3 then $4::smallint else 0 end
               order by p.line limit $5) p
             join budgets.account a on a.borough_id = p.borough_id and a.fund_id = p.fund_id and a.account_id = p.account_id
             left join budgets.scheme s on s.borough_id = p.borough_id and s.fund_id = p.fund_id and s.scheme_id = p.scheme_id
           order by j.journal_id, p.line limit $5"#,
        fund.0,
        &journals,
        journal,
        line,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let lines = rows.into_iter().map(|row| LedgerLine {
        journal: JournalId(row.journal_id),
        line: row.line,
        year,
        period,
        posted_at: row.posted_at,
        effective_on: row.effective_on,
        account: row.account,
        scheme: row.scheme,
        layer: web::words::read(&row.layer),
        amount_pence: Pence(row.amount_pence),
        party: row.party_id.map(OrganisationId),
        category: row.category,
        source: row.source,
        nature: row.nature,
        narrative: row.narrative,
        journal_source: row.journal_source,
        external_reference: row.external_reference,
        metadata: row.metadata,
        posted_by: row.client_id,
        reverses: row.reverses_id.map(JournalId),
        corrects: row.corrects_id.map(JournalId),
        import: row.import_id,
    });
    Ok(lines.collect())
}

/// The version of a period, where there is one: it moves on whenever the period is closed or reopened.
pub(super) async fn version_of(
    tx: &mut Tx<Borough>,
    (fund, year, period): (FundId, FinancialYear, Period),
) -> Result<Option<i64>, DbError> {
    let version = sqlx::query_scalar!(
        "select version from budgets.period where fund_id = $1 and year = $2 and period = $3",
        fund.0,
        year.start(),
        period.number()
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(version)
}

/// The journals a batch is of. Asked for beforehand, and then looked up one by one, so that a batch costs the same however
/// much comes after it: of a million lines that were just posted the planner knows no numbers, takes them for few, and would
/// go through all that is left for each batch.
async fn journals_of_batch(
    tx: &mut Tx<Borough>,
    (fund, year, period): (FundId, FinancialYear, Period),
    (journal, line): After,
    limit: i64,
) -> Result<Vec<Uuid>, DbError> {
    let rows = sqlx::query!(
        r#"select j.journal_id,
             (select p.line from budgets.posting p where p.fund_id = j.fund_id and p.journal_id = j.journal_id
              order by p.line desc limit 1) as "lines!"
           from budgets.journal j
           where j.fund_id = $1 and j.year = $2 and j.period = $3 and j.journal_id >= $4
           order by j.journal_id limit $5"#,
        fund.0,
        year.start(),
        period.number(),
        journal,
        limit + 1
    )
    .fetch_all(tx.connection())
    .await?;
    let mut journals = Vec::new();
    let mut lines = 0;
    for row in rows {
        if lines >= limit {
            break;
        }
        let read = if row.journal_id == journal { line } else { 0 };
        lines += i64::from(row.lines - read);
        journals.push(row.journal_id);
    }
    Ok(journals)
}
