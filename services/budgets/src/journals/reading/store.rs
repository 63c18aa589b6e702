//! The SQL that reads journals back.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    AccountId, DecisionId, FinancialYear, FundId, ImportId, JournalId, OrganisationId, Pence, Period, SchemeId,
};
use serde_json::Value;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::read;

use crate::accounts::AccountKind;
use crate::journals::{
    draft::Layer,
    http::{JournalBody, PostingBody},
    journal::Line,
};

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
    corrects_id: Option<Uuid>,
    corrected_by: Option<Uuid>,
    external_reference: Option<String>,
    metadata: Option<Value>,
    import_id: Option<Uuid>,
    decision_id: Option<Uuid>,
    split_suspected: bool,
    postings: Value,
    lines: i64,
}

/// Journals of a fund, newest first, or one, with their lines.
pub(crate) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<JournalId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<JournalBody>, DbError> {
    let rows = sqlx::query_as!(
        JournalRow,
        r#"select j.journal_id, j.year as "year: FinancialYear", j.period as "period: Period", j.effective_on, j.posted_at,
             j.narrative, j.source, j.client_id, j.reverses_id, j.corrects_id, j.external_reference, j.metadata, j.import_id,
             (select r.journal_id from budgets.journal r where r.fund_id = j.fund_id and r.reverses_id = j.journal_id) as reversed_by,
             (select r.journal_id from budgets.journal r where r.fund_id = j.fund_id and r.corrects_id = j.journal_id) as corrected_by,
             (select d.decision_id from budgets.decision_spend d where d.fund_id = j.fund_id and d.journal_id = j.journal_id) as decision_id,
             exists (select from budgets.split_warning w where w.fund_id = j.fund_id and w.journal_id = j.journal_id) as "split_suspected!",
             (select jsonb_agg(jsonb_build_object('account', a.code, 'scheme', s.code, 'layer', p.layer,
                       'amount_pence', p.amount_pence, 'party', p.party_id, 'category', p.category, 'source', p.source,
                       'nature', p.nature) order by p.line)
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
        corrects: row.corrects_id.map(JournalId),
        corrected_by: row.corrected_by.map(JournalId),
        external_reference: row.external_reference,
        metadata: row.metadata,
        import: row.import_id.map(ImportId),
        decision_id: row.decision_id.map(DecisionId),
        split_suspected: row.split_suspected,
        lines: row.lines,
        postings: serde_json::from_value::<Vec<PostingBody>>(row.postings).expect("postings as the query has them"),
    });
    Ok(journals.collect())
}

/// The journal, where the fund has it.
pub(crate) async fn find(
    tx: &mut Tx<Borough>,
    fund: FundId,
    journal: JournalId,
) -> Result<Option<JournalBody>, DbError> {
    Ok(list(tx, fund, Some(journal), None, 1).await?.pop())
}

/// The lines of a journal on their other side, to reverse it. `None` where an amount has none.
pub(crate) async fn other_side(
    tx: &mut Tx<Borough>,
    fund: FundId,
    journal: JournalId,
) -> Result<Option<Vec<Line>>, DbError> {
    let rows = sqlx::query!(
        r#"select p.account_id, a.code as account, p.scheme_id, s.code as "scheme?", p.layer, p.amount_pence, p.party_id,
             p.category, p.source, p.nature, a.kind,
             coalesce(c.kind = 'in_view', f.kind = 'in_view') as "in_view!"
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
        Some(Line {
            account: AccountId(row.account_id),
            account_code: row.account,
            scheme: row.scheme_id.map(SchemeId),
            scheme_code: row.scheme,
            layer: Layer::parse(&row.layer),
            amount: Pence(row.amount_pence).checked_neg()?,
            party: row.party_id.map(OrganisationId),
            category: row.category,
            source: row.source,
            nature: row.nature.as_deref().map(read),
            expenditure,
            counted: expenditure && !row.in_view,
        })
    });
    Ok(lines.collect())
}
