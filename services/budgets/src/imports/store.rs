//! The SQL of imports and their moves.

use chrono::NaiveDate;
use domain::{FinancialYear, FundId, ImportId, JournalId, LedgerSourceId, OperationId, Pence, Period};
use serde_json::Value;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::{
    Move,
    words::{read, word},
};

use super::import::{LedgerImportBody, LedgerImportState, LedgerRowBody, LedgerRowState, share};

/// The imports of a fund, newest first, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<ImportId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<LedgerImportBody>, DbError> {
    let rows = sqlx::query!(
        r#"select i.import_id, i.source_id, s.name as source_name, i.source_version, i.year as "year: FinancialYear",
             i.period as "period: Period", i.mode, i.file_name, i.state, i.operation_id, encode(i.sha256, 'hex') as sha256,
             i.bytes, i.rows_read, i.posted, i.posted_pence as "posted_pence: Pence", i.duplicates,
             i.duplicates_pence as "duplicates_pence: Pence", i.faulty, i.faulty_pence as "faulty_pence: Pence", i.left_out,
             i.problem, i.created_at, i.posted_at, i.version
           from budgets.import i join budgets.ledger_source s on s.fund_id = i.fund_id and s.source_id = i.source_id
           where i.fund_id = $1 and ($2::uuid is null or i.import_id = $2) and ($3::uuid is null or i.import_id < $3)
           order by i.import_id desc limit $4"#,
        fund.0,
        one.map(|id| id.0),
        before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let imports = rows.into_iter().map(|row| LedgerImportBody {
        id: ImportId(row.import_id),
        source: LedgerSourceId(row.source_id),
        source_name: row.source_name,
        source_version: row.source_version,
        year: row.year,
        period: row.period,
        mode: read(&row.mode),
        file_name: row.file_name,
        state: read(&row.state),
        operation: OperationId(row.operation_id),
        sha256: row.sha256,
        bytes: row.bytes,
        rows: row.rows_read,
        posted: row.posted,
        posted_pence: row.posted_pence,
        posted_bp: share(row.posted, row.rows_read),
        duplicates: row.duplicates,
        duplicates_pence: row.duplicates_pence,
        duplicates_bp: share(row.duplicates, row.rows_read),
        faulty: row.faulty,
        faulty_pence: row.faulty_pence,
        faulty_bp: share(row.faulty, row.rows_read),
        left_out: row.left_out,
        problem: row.problem,
        created_at: row.created_at,
        posted_at: row.posted_at,
        version: row.version,
    });
    Ok(imports.collect())
}

pub(super) async fn find(
    tx: &mut Tx<Borough>,
    fund: FundId,
    id: ImportId,
) -> Result<Option<LedgerImportBody>, DbError> {
    Ok(list(tx, fund, Some(id), None, 1).await?.pop())
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    import: &LedgerImportBody,
    (client_id, role): (&str, &str),
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.import (borough_id, fund_id, import_id, operation_id, source_id, source_version, year, period,
           mode, file_name, state, client_id, role, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        fund.0,
        import.id.0,
        import.operation.0,
        import.source.0,
        import.source_version,
        import.year.start(),
        import.period.number(),
        word(import.mode),
        import.file_name,
        word(import.state),
        client_id,
        role,
        import.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// An import of the fund, not come to nothing, whose file has this content.
pub(super) async fn of_content(
    tx: &mut Tx<Borough>,
    fund: FundId,
    sha256: &[u8; 32],
    but: ImportId,
) -> Result<Option<Uuid>, DbError> {
    let found = sqlx::query_scalar!(
        "select import_id from budgets.import where fund_id = $1 and sha256 = $2 and import_id <> $3
           and state in ('waiting', 'reading', 'checked', 'posted')",
        fund.0,
        &sha256[..],
        but.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found)
}

/// Notes that an import's file is here, in a folder. Whether it was still at the version it was found at.
pub(super) async fn arrived(
    tx: &mut Tx<Borough>,
    fund: FundId,
    import: &LedgerImportBody,
    (sha256, bytes, format): (&[u8; 32], i64, &str),
    folder: Uuid,
) -> Result<bool, DbError> {
    let noted = sqlx::query!(
        "update budgets.import set sha256 = $4, bytes = $5, format = $6
         where fund_id = $1 and import_id = $2 and version = $3 and state = 'waiting'",
        fund.0,
        import.id.0,
        import.version,
        &sha256[..],
        bytes,
        format
    )
    .execute(tx.connection())
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(false);
    }
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.import_queue (borough_id, fund_id, import_id, folder, seen_at)
         values (platform.borough(), $1, $2, $3, $4)
         on conflict (borough_id, fund_id, import_id) do update set folder = excluded.folder, seen_at = excluded.seen_at",
        fund.0,
        import.id.0,
        folder,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(true)
}

/// Moves an import from one state to another, and writes it down. Whether it was in that state still.
pub(super) async fn move_to(
    tx: &mut Tx<Borough>,
    fund: FundId,
    import: ImportId,
    made: &Move<LedgerImportState>,
    problem: Option<&Value>,
) -> Result<bool, DbError> {
    let (from, to) = (word(made.from), word(made.to));
    let posted_at = (made.to == LedgerImportState::Posted).then_some(made.moved_at);
    let moved = sqlx::query!(
        "with moved as (
           update budgets.import set state = $4, version = version + 1, problem = $5, posted_at = $6
           where fund_id = $1 and import_id = $2 and state = $3 returning version)
         insert into budgets.import_move (borough_id, fund_id, import_id, number, from_state, to_state, reason, client_id, moved_at)
         select platform.borough(), $1, $2, version, $3, $4, $7, $8, $9 from moved",
        fund.0,
        import.0,
        from,
        to,
        problem,
        posted_at,
        made.reason,
        made.by,
        made.moved_at
    )
    .execute(tx.connection())
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// The moves of an import, oldest first.
pub(super) async fn history(
    tx: &mut Tx<Borough>,
    fund: FundId,
    import: ImportId,
) -> Result<Vec<Move<LedgerImportState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from budgets.import_move
         where fund_id = $1 and import_id = $2 order by number",
        fund.0,
        import.0
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

/// Lines of an import in the order of the file.
pub(super) async fn rows(
    tx: &mut Tx<Borough>,
    (fund, import): (FundId, ImportId),
    state: Option<LedgerRowState>,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<LedgerRowBody>, DbError> {
    let rows = sqlx::query!(
        r#"select l.row, l.file_line, l.state, l.fault_column, l.fault, l.remedy, l.rule,
             l.effective_on as "effective_on: NaiveDate", l.amount_pence as "amount: Pence", l.code, a.code as "account?",
             s.code as "scheme?", l.document_number, l.supplier, l.description, l.department, l.merchant_category,
             l.journal_id, l.posting_line, i.state = 'posted' and l.state = 'ready' as "posted!"
           from budgets.import_line l join budgets.import i on i.fund_id = l.fund_id and i.import_id = l.import_id
             left join budgets.account a on a.fund_id = l.fund_id and a.account_id = l.account_id
             left join budgets.scheme s on s.fund_id = l.fund_id and s.scheme_id = l.scheme_id
           where l.fund_id = $1 and l.import_id = $2 and ($3::text is null or l.state = $3) and ($4::bigint is null or l.row > $4)
           order by l.row limit $5"#,
        fund.0,
        import.0,
        state.map(word),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let lines = rows.into_iter().map(|row| LedgerRowBody {
        row: row.row,
        line: row.file_line,
        state: read(&row.state),
        column: row.fault_column.filter(|column| !column.is_empty()),
        fault: row.fault,
        remedy: row.remedy,
        rule: row.rule,
        effective_on: row.effective_on,
        amount_pence: row.amount,
        code: row.code,
        account: row.account,
        scheme: row.scheme,
        document_number: row.document_number,
        supplier: row.supplier,
        description: row.description,
        department: row.department,
        merchant_category: row.merchant_category,
        journal: row.journal_id.filter(|_| row.posted).map(JournalId),
        posting_line: row.posting_line.filter(|_| row.posted),
    });
    Ok(lines.collect())
}

/// The client that announced an import, and its role.
pub(super) async fn announced_by(
    tx: &mut Tx<Borough>,
    fund: FundId,
    import: ImportId,
) -> Result<(String, String), DbError> {
    let row = sqlx::query!(
        "select client_id, role from budgets.import where fund_id = $1 and import_id = $2",
        fund.0,
        import.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((row.client_id, row.role))
}
