//! The SQL of orders and contracts.

use std::collections::{BTreeMap, HashMap};

use domain::{AccountId, CommitmentId, FinancialYear, FundId, JournalId, Pence, SchemeId};
use serde_json::Value;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::{read, word};

use super::{
    Outstanding,
    commitment::{CommitmentBody, CommitmentDraft, CommitmentEntryBody, EntryKind},
    outstanding::Spending,
};
use crate::journals::Nature;

/// Orders and contracts of a fund in the order they were recorded, or one. `open`: only those with something outstanding,
/// or only those without.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<CommitmentId>,
    open: Option<bool>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<CommitmentBody>, DbError> {
    let rows = sqlx::query!(
        r#"select c.commitment_id, c.reference, c.kind, c.supplier, c.narrative, s.code as scheme, a.code as account,
             b.code as contra, c.ends_on, c.recorded_at, c.version,
             e.committed as "committed!", e.drawn as "drawn!", e.released as "released!", e.outstanding as "outstanding!",
             coalesce((select jsonb_agg(jsonb_build_object('year', y.year, 'pence', y.pence) order by y.year)
                       from (select year, sum(amount_pence)::bigint as pence from budgets.commitment_entry e
                             where e.fund_id = $1 and e.commitment_id = c.commitment_id
                             group by year having sum(amount_pence) <> 0) y), '[]') as "years!"
           from budgets.commitment c
             join budgets.scheme s on s.fund_id = $1 and s.scheme_id = c.scheme_id
             join budgets.account a on a.fund_id = $1 and a.account_id = c.account_id
             join budgets.account b on b.fund_id = $1 and b.account_id = c.contra_id
             cross join lateral (
               select coalesce(sum(e.amount_pence) filter (where e.kind = 'committed'), 0)::bigint as committed,
                 coalesce(-sum(e.amount_pence) filter (where e.kind = 'drawn'), 0)::bigint as drawn,
                 coalesce(-sum(e.amount_pence) filter (where e.kind = 'released'), 0)::bigint as released,
                 coalesce(sum(e.amount_pence), 0)::bigint as outstanding
               from budgets.commitment_entry e where e.fund_id = $1 and e.commitment_id = c.commitment_id) e
           where c.fund_id = $1 and ($2::uuid is null or c.commitment_id = $2)
             and ($3::boolean is null or (e.outstanding <> 0) = $3) and ($4::uuid is null or c.commitment_id > $4)
           order by c.commitment_id limit $5"#,
        fund.0,
        one.map(|id| id.0),
        open,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let bodies = rows.into_iter().map(|row| CommitmentBody {
        id: CommitmentId(row.commitment_id),
        reference: row.reference,
        kind: read(&row.kind),
        supplier: row.supplier,
        narrative: row.narrative,
        scheme: row.scheme,
        account: row.account,
        contra: row.contra,
        ends_on: row.ends_on,
        committed_pence: Pence(row.committed),
        drawn_pence: Pence(row.drawn),
        released_pence: Pence(row.released),
        outstanding_pence: Pence(row.outstanding),
        years: super::commitment::years(by_year(row.years)),
        recorded_at: row.recorded_at,
        version: row.version,
    });
    Ok(bodies.collect())
}

fn by_year(years: Value) -> BTreeMap<FinancialYear, Pence> {
    #[derive(serde::Deserialize)]
    struct InYear {
        year: i16,
        pence: Pence,
    }
    let years: Vec<InYear> = serde_json::from_value(years).expect("years as the query has them");
    years.into_iter().filter_map(|one| Some((FinancialYear::starting_in(one.year).ok()?, one.pence))).collect()
}

/// The order or contract, where the fund has it.
pub(super) async fn find(
    tx: &mut Tx<Borough>,
    fund: FundId,
    id: CommitmentId,
) -> Result<Option<CommitmentBody>, DbError> {
    Ok(list(tx, fund, Some(id), None, None, 1).await?.pop())
}

/// What happened to an order or contract, in order.
pub(super) async fn entries(
    tx: &mut Tx<Borough>,
    fund: FundId,
    id: CommitmentId,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<CommitmentEntryBody>, DbError> {
    let rows = sqlx::query!(
        r#"select number, year as "year: FinancialYear", kind, amount_pence, journal_id, actual_journal_id, reason, entered_at
           from budgets.commitment_entry
           where fund_id = $1 and commitment_id = $2 and ($3::bigint is null or number > $3) order by number limit $4"#,
        fund.0,
        id.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let entries = rows.into_iter().map(|row| CommitmentEntryBody {
        number: row.number,
        year: row.year,
        kind: read(&row.kind),
        amount_pence: Pence(row.amount_pence),
        journal: JournalId(row.journal_id),
        spending: row.actual_journal_id.map(JournalId),
        reason: row.reason,
        entered_at: row.entered_at,
    });
    Ok(entries.collect())
}

/// Records an order or contract whose journal is written.
pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    id: CommitmentId,
    draft: &CommitmentDraft,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.commitment (borough_id, fund_id, commitment_id, reference, kind, supplier, narrative, scheme_id,
           account_id, contra_id, ends_on, recorded_at)
         select platform.borough(), $1, $2, $3, $4, $5, $6, s.scheme_id, a.account_id, b.account_id, $7, $8
         from budgets.scheme s, budgets.account a, budgets.account b
         where s.fund_id = $1 and s.code = $9 and a.fund_id = $1 and a.code = $10 and b.fund_id = $1 and b.code = $11",
        fund.0,
        id.0,
        draft.reference,
        word(draft.kind),
        draft.supplier.trim(),
        draft.narrative.trim(),
        draft.ends_on,
        now,
        draft.scheme,
        draft.account,
        draft.contra
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Orders and contracts by their references, with what is outstanding. Nobody else changes them until the transaction ends.
pub(crate) async fn hold(
    tx: &mut Tx<Borough>,
    fund: FundId,
    references: &[String],
) -> Result<HashMap<String, Outstanding>, DbError> {
    let ids = sqlx::query_scalar!(
        "select commitment_id from budgets.commitment where fund_id = $1 and reference = any ($2) order by commitment_id for update",
        fund.0,
        references
    )
    .fetch_all(tx.connection())
    .await?;
    // Read after they are held: what others did to them meanwhile is seen.
    let rows = sqlx::query!(
        r#"select c.commitment_id, c.reference, c.scheme_id, s.code as scheme, s.category, s.source, c.account_id, a.code as account,
             c.contra_id, b.code as contra, coalesce(d.capital, false) as "capital!",
             coalesce(d.kind, f.kind) <> 'in_view' as "counted!",
             coalesce((select jsonb_agg(jsonb_build_object('year', y.year, 'pence', y.pence))
                       from (select year, sum(amount_pence)::bigint as pence from budgets.commitment_entry e
                             where e.fund_id = $1 and e.commitment_id = c.commitment_id group by year) y), '[]') as "years!"
           from budgets.commitment c
             join budgets.fund f on f.fund_id = $1
             join budgets.scheme s on s.fund_id = $1 and s.scheme_id = c.scheme_id
             left join budgets.scheme_schedule d on d.fund_id = $1 and d.scheme_id = c.scheme_id
             join budgets.account a on a.fund_id = $1 and a.account_id = c.account_id
             join budgets.account b on b.fund_id = $1 and b.account_id = c.contra_id
           where c.fund_id = $1 and c.commitment_id = any ($2)"#,
        fund.0,
        &ids
    )
    .fetch_all(tx.connection())
    .await?;
    let held = rows.into_iter().map(|row| {
        let outstanding = Outstanding {
            id: CommitmentId(row.commitment_id),
            account: (AccountId(row.account_id), row.account),
            contra: (AccountId(row.contra_id), row.contra),
            scheme: SchemeId(row.scheme_id),
            scheme_code: row.scheme,
            category: row.category,
            source: row.source,
            nature: if row.capital { Nature::Capital } else { Nature::Revenue },
            counted: row.counted,
            by_year: by_year(row.years),
        };
        (row.reference, outstanding)
    });
    Ok(held.collect())
}

/// An entry of an order or contract that is held.
pub(super) struct Entry {
    pub(super) commitment: CommitmentId,
    pub(super) year: FinancialYear,
    pub(super) kind: EntryKind,
    pub(super) amount: Pence,
    pub(super) journal: JournalId,
    pub(super) spending: Option<JournalId>,
    pub(super) reason: Option<String>,
}

/// Adds entries to orders and contracts that are held, in the order given.
pub(super) async fn enter(tx: &mut Tx<Borough>, fund: FundId, entries: &[Entry]) -> Result<(), DbError> {
    let now = tx.now();
    let commitments: Vec<Uuid> = entries.iter().map(|entry| entry.commitment.0).collect();
    let years: Vec<i16> = entries.iter().map(|entry| entry.year.start()).collect();
    let kinds: Vec<String> = entries.iter().map(|entry| word(entry.kind)).collect();
    let amounts: Vec<i64> = entries.iter().map(|entry| entry.amount.0).collect();
    let journals: Vec<Uuid> = entries.iter().map(|entry| entry.journal.0).collect();
    let spending: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.spending.map(|id| id.0)).collect();
    let reasons: Vec<Option<&str>> = entries.iter().map(|entry| entry.reason.as_deref()).collect();
    sqlx::query!(
        r#"with entry as (
             select e.*, coalesce((select max(number) from budgets.commitment_entry o
                                   where o.fund_id = $1 and o.commitment_id = e.commitment_id), 0)
               + row_number() over (partition by commitment_id order by at) as number
             from unnest($2::uuid[], $3::smallint[], $4::text[], $5::bigint[], $6::uuid[], $7::uuid[], $8::text[]) with ordinality
               as e (commitment_id, year, kind, amount_pence, journal_id, actual_journal_id, reason, at)
           ), changed as (
             update budgets.commitment set version = version + 1
             where fund_id = $1 and commitment_id in (select commitment_id from entry)
           )
           insert into budgets.commitment_entry (borough_id, fund_id, commitment_id, number, year, kind, amount_pence, journal_id,
             actual_journal_id, reason, entered_at)
           select platform.borough(), $1, commitment_id, number, year, kind, amount_pence, journal_id, actual_journal_id, reason, $9
           from entry"#,
        fund.0,
        &commitments,
        &years,
        &kinds,
        &amounts,
        &journals,
        &spending as &[Option<Uuid>],
        &reasons as &[Option<&str>],
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What a journal drew of an order or contract.
pub(crate) struct Drawn {
    pub(crate) commitment: CommitmentId,
    pub(crate) year: FinancialYear,
    pub(crate) amount: Pence,
    pub(crate) journal: JournalId,
}

/// Remembers what journals that are written drew.
pub(crate) async fn draw(tx: &mut Tx<Borough>, fund: FundId, drawn: &[Drawn]) -> Result<(), DbError> {
    let entry = |drawn: &Drawn| Entry {
        commitment: drawn.commitment,
        year: drawn.year,
        kind: EntryKind::Drawn,
        amount: Pence(drawn.amount.0.saturating_neg()),
        journal: drawn.journal,
        spending: Some(drawn.journal),
        reason: None,
    };
    enter(tx, fund, &drawn.iter().map(entry).collect::<Vec<_>>()).await
}

/// The entries that a journal made of orders and contracts, whose references these are.
pub(super) async fn made_by(
    tx: &mut Tx<Borough>,
    fund: FundId,
    journal: JournalId,
) -> Result<Vec<(String, CommitmentEntryBody)>, DbError> {
    let rows = sqlx::query!(
        r#"select c.reference, e.number, e.year as "year: FinancialYear", e.kind, e.amount_pence, e.journal_id, e.actual_journal_id,
             e.reason, e.entered_at
           from budgets.commitment_entry e
             join budgets.commitment c on c.fund_id = e.fund_id and c.commitment_id = e.commitment_id
           where e.fund_id = $1 and e.journal_id = $2 order by c.reference, e.number"#,
        fund.0,
        journal.0
    )
    .fetch_all(tx.connection())
    .await?;
    let made = rows.into_iter().map(|row| {
        let entry = CommitmentEntryBody {
            number: row.number,
            year: row.year,
            kind: read(&row.kind),
            amount_pence: Pence(row.amount_pence),
            journal: JournalId(row.journal_id),
            spending: row.actual_journal_id.map(JournalId),
            reason: row.reason,
            entered_at: row.entered_at,
        };
        (row.reference, entry)
    });
    Ok(made.collect())
}

/// Keeps others from matching or reversing a journal until the transaction ends.
pub(super) async fn hold_matches(tx: &mut Tx<Borough>, journal: JournalId) -> Result<(), DbError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('matched ' || $1, 0))", journal.0.to_string())
        .fetch_one(tx.connection())
        .await?;
    Ok(())
}

/// How much of a journal's spending, on a scheme or at all, other journals matched with orders and contracts, and did not
/// take back.
pub(super) async fn matched(
    tx: &mut Tx<Borough>,
    fund: FundId,
    journal: JournalId,
    scheme: Option<SchemeId>,
) -> Result<Pence, DbError> {
    let matched = sqlx::query_scalar!(
        r#"select coalesce(-sum(e.amount_pence), 0)::bigint as "matched!" from budgets.commitment_entry e
             join budgets.commitment c on c.fund_id = e.fund_id and c.commitment_id = e.commitment_id
           where e.fund_id = $1 and e.actual_journal_id = $2 and e.journal_id <> $2 and e.kind in ('drawn', 'reversed')
             and ($3::uuid is null or c.scheme_id = $3)"#,
        fund.0,
        journal.0,
        scheme.map(|id| id.0)
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Pence(matched))
}

/// What a journal that is held spent on a scheme. `None` where there is no such journal.
pub(super) async fn spending(
    tx: &mut Tx<Borough>,
    fund: FundId,
    journal: JournalId,
    scheme: SchemeId,
) -> Result<Option<Spending>, DbError> {
    let row = sqlx::query!(
        r#"select
             coalesce((select sum(p.amount_pence) from budgets.posting p
                         join budgets.account a on a.fund_id = p.fund_id and a.account_id = p.account_id and a.kind = 'expenditure'
                       where p.fund_id = $1 and p.journal_id = $2 and p.scheme_id = $3 and p.layer = 'actual'), 0)::bigint
             + coalesce((select sum(e.amount_pence) from budgets.commitment_entry e
                           join budgets.commitment c on c.fund_id = e.fund_id and c.commitment_id = e.commitment_id
                         where e.fund_id = $1 and e.journal_id = $2 and e.kind = 'drawn' and c.scheme_id = $3), 0)::bigint as "spent!",
             j.year as "year: FinancialYear", j.effective_on,
             j.reverses_id is null and not exists (
               select from budgets.journal r where r.fund_id = $1 and r.reverses_id = $2) as "stands!"
           from budgets.journal j where j.fund_id = $1 and j.journal_id = $2"#,
        fund.0,
        journal.0,
        scheme.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Spending {
        spent: Pence(row.spent),
        year: row.year,
        effective_on: row.effective_on,
        stands: row.stands,
    }))
}
