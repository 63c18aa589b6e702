//! The SQL of posting what was read. Every statement is of sets: a million lines are a handful of them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::{Pence, SchemeId};
use tenancy::{Borough, DbError, Tx};

use super::Counts;
use web::words::read;

use crate::{controls::Control, imports::worker::Job, periods::PeriodState};

/// A file of a million lines takes longer than a request may.
pub(super) async fn take_time(tx: &mut Tx<Borough>) -> Result<(), DbError> {
    sqlx::query!("set local statement_timeout = '300s'").execute(tx.connection()).await?;
    Ok(())
}

/// Whether the planner may look one set's rows up in another, one by one. Of lines that were just kept it knows no numbers,
/// takes them for few, and would look up each of a million in a million: while lines are marked, it joins by hashes.
pub(super) async fn look_up_row_by_row(tx: &mut Tx<Borough>, may: bool) -> Result<(), DbError> {
    if may {
        sqlx::query!("set local enable_nestloop = on").execute(tx.connection()).await?;
    } else {
        sqlx::query!("set local enable_nestloop = off").execute(tx.connection()).await?;
    }
    Ok(())
}

/// Whether anything of the same ledger and month was posted before.
pub(super) async fn posted_before(tx: &mut Tx<Borough>, job: &Job) -> Result<bool, DbError> {
    let there = sqlx::query_scalar!(
        r#"select exists (select from budgets.import where fund_id = $1 and source_id = $2 and year = $3 and state = 'posted'
             and ($4::smallint in (period, 13) or period = 13)) as "there!""#,
        job.fund.0,
        job.source.0,
        job.year.start(),
        job.period.number()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(there)
}

/// Whoever posts of the same ledger meanwhile has to wait: each sees the lines of the other as posted before, or not at all.
pub(super) async fn one_at_a_time(tx: &mut Tx<Borough>, job: &Job) -> Result<(), DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'ledger', $1::text), 0))",
        job.source.0.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn period(tx: &mut Tx<Borough>, job: &Job) -> Result<Option<PeriodState>, DbError> {
    let state = sqlx::query_scalar!(
        "select state from budgets.period where fund_id = $1 and year = $2 and period = $3",
        job.fund.0,
        job.year.start(),
        job.period.number()
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(state.map(|state| PeriodState::parse(&state)))
}

/// Whether the fund is held to its budget.
pub(super) async fn control(tx: &mut Tx<Borough>, job: &Job) -> Result<Control, DbError> {
    let control = sqlx::query_scalar!(
        "select control from budgets.fund_control where fund_id = $1 order by number desc limit 1",
        job.fund.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(control.map_or(Control::Warn, |control| read(&control)))
}

/// What the new lines take of each scheme, and the schemes' codes.
pub(super) async fn takes(
    tx: &mut Tx<Borough>,
    job: &Job,
) -> Result<(BTreeMap<SchemeId, i128>, HashMap<SchemeId, String>), DbError> {
    let rows = sqlx::query!(
        r#"select s.scheme_id, s.code, sum(l.amount_pence)::bigint as "takes!"
           from budgets.import_line l
             join budgets.account a on a.fund_id = l.fund_id and a.account_id = l.account_id and a.kind = 'expenditure'
             join budgets.scheme s on s.fund_id = l.fund_id and s.scheme_id = l.scheme_id
           where l.fund_id = $1 and l.import_id = $2 and l.state = 'ready'
           group by s.scheme_id, s.code having sum(l.amount_pence) <> 0"#,
        job.fund.0,
        job.import.0
    )
    .fetch_all(tx.connection())
    .await?;
    let takes = rows.iter().map(|row| (SchemeId(row.scheme_id), i128::from(row.takes))).collect();
    Ok((takes, rows.into_iter().map(|row| (SchemeId(row.scheme_id), row.code)).collect()))
}

/// Marks what imports of the same ledger have posted before, and nobody has taken back. Of lines that are alike as many are
/// new as there are more of them than before: parts of one document are kept.
pub(super) async fn mark_duplicates(tx: &mut Tx<Borough>, job: &Job) -> Result<(), DbError> {
    sqlx::query!(
        "with mine as materialized (
           select row, content_key, row_number() over (partition by content_key order by row) as nth
           from budgets.import_line where fund_id = $1 and import_id = $2 and state = 'ready'
         ), before as (
           select l.content_key, count(*) as times
           from budgets.import_line l join budgets.import i on i.fund_id = l.fund_id and i.import_id = l.import_id
           where l.fund_id = $1 and l.content_key in (select content_key from mine) and l.state = 'ready'
             and i.source_id = $3 and i.year = $4 and i.state = 'posted' and ($5::smallint in (i.period, 13) or i.period = 13)
             -- what was put right counts as posted; what was only taken back does not
             and (exists (select from budgets.journal c where c.fund_id = l.fund_id and c.corrects_id = l.journal_id)
               or not exists (select from budgets.journal r where r.fund_id = l.fund_id and r.reverses_id = l.journal_id))
           group by l.content_key
         )
         update budgets.import_line l set state = 'duplicate'
         from mine m join before b on b.content_key = m.content_key and m.nth <= b.times
         where l.fund_id = $1 and l.import_id = $2 and l.row = m.row",
        job.fund.0,
        job.import.0,
        job.source.0,
        job.year.start(),
        job.period.number()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether an account was changed for the year, or a scheme's schedule, since the import was made: its lines were held to what
/// held then. The period is held open, so that no account is changed from here on.
pub(super) async fn chart_changed(tx: &mut Tx<Borough>, job: &Job) -> Result<bool, DbError> {
    let changed = sqlx::query_scalar!(
        r#"select exists (select from budgets.account_version v where v.fund_id = $1 and v.from_year <= $3 and v.recorded_at >= i.created_at)
             or exists (select from budgets.scheme_schedule c where c.fund_id = $1 and c.set_at >= i.created_at) as "changed!"
           from budgets.import i where i.fund_id = $1 and i.import_id = $2"#,
        job.fund.0,
        job.import.0,
        job.year.start()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(changed)
}

/// The most the role that sent the file may post without a decision; nothing where no scheme of delegation is in force.
pub(super) async fn limit(tx: &mut Tx<Borough>, job: &Job) -> Result<Option<Pence>, DbError> {
    let today = domain::day_in_england(tx.now());
    let row = sqlx::query!(
        r#"select
             exists (select from budgets.delegation d where d.in_force_from <= $3 and (d.fund_id is null or d.fund_id = $1)) as "delegated!",
             (select d.limit_pence from budgets.delegation d where d.role = $2 and d.in_force_from <= $3
                and (d.fund_id is null or d.fund_id = $1)
              order by d.fund_id nulls last, d.kind nulls last, d.in_force_from desc, d.delegation_id desc limit 1) as limit_pence"#,
        job.fund.0,
        job.role,
        today
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(row.delegated.then(|| Pence(row.limit_pence.unwrap_or(0))))
}

/// Marks the new lines of documents that come to more than a limit; a line without a number is a document of its own.
pub(super) async fn mark_above(
    tx: &mut Tx<Borough>,
    job: &Job,
    limit: Pence,
    [fault, remedy]: &[String; 2],
) -> Result<(), DbError> {
    sqlx::query!(
        "with document as (
           select coalesce(document_number, 'row ' || row::text) as document, document_number is null as alone
           from budgets.import_line where fund_id = $1 and import_id = $2 and state in ('ready', 'duplicate')
           group by 1, 2
           having greatest(coalesce(sum(amount_pence) filter (where amount_pence > 0), 0),
             coalesce(-sum(amount_pence) filter (where amount_pence < 0), 0)) > $3::bigint
         )
         update budgets.import_line l set state = 'faulty', fault_column = null, fault = $4, remedy = $5, rule = 54
         from document d
         where l.fund_id = $1 and l.import_id = $2 and l.state = 'ready'
           and coalesce(l.document_number, 'row ' || l.row::text) = d.document and (l.document_number is null) = d.alone",
        job.fund.0,
        job.import.0,
        limit.0,
        fault,
        remedy
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn counts(tx: &mut Tx<Borough>, job: &Job) -> Result<Counts, DbError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where state = 'ready') as "ready!",
             coalesce(sum(amount_pence) filter (where state = 'ready'), 0)::bigint as "ready_pence!",
             count(*) filter (where state = 'duplicate') as "duplicates!",
             coalesce(sum(amount_pence) filter (where state = 'duplicate'), 0)::bigint as "duplicates_pence!",
             count(*) filter (where state = 'faulty') as "faulty!",
             coalesce(sum(amount_pence) filter (where state = 'faulty'), 0)::bigint as "faulty_pence!"
           from budgets.import_line where fund_id = $1 and import_id = $2"#,
        job.fund.0,
        job.import.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Counts {
        ready: row.ready,
        ready_pence: Pence(row.ready_pence),
        duplicates: row.duplicates,
        duplicates_pence: Pence(row.duplicates_pence),
        faulty: row.faulty,
        faulty_pence: Pence(row.faulty_pence),
    })
}

/// Keeps what the lines come to; nothing is posted of an import that is refused in the end.
pub(super) async fn keep_counts(tx: &mut Tx<Borough>, job: &Job, counts: &Counts) -> Result<(), DbError> {
    sqlx::query!(
        "update budgets.import set duplicates = $3, duplicates_pence = $4, faulty = $5, faulty_pence = $6
         where fund_id = $1 and import_id = $2",
        job.fund.0,
        job.import.0,
        counts.duplicates,
        counts.duplicates_pence.0,
        counts.faulty,
        counts.faulty_pence.0
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Writes the journals that the lines were given places in, and what of the import is posted.
pub(super) async fn insert_journals(
    tx: &mut Tx<Borough>,
    job: &Job,
    [narrative, source]: &[String; 2],
) -> Result<(), DbError> {
    let now: DateTime<Utc> = tx.clock_now();
    sqlx::query!(
        "insert into budgets.journal (borough_id, fund_id, journal_id, year, period, effective_on, posted_at, narrative, source,
           client_id, import_id)
         select platform.borough(), $1, journal_id, $3, $4, min(effective_on), $5, $6 || ': ' || min(effective_on)::text, $7, $8, $2
         from budgets.import_line where fund_id = $1 and import_id = $2 and state = 'ready'
         group by journal_id",
        job.fund.0,
        job.import.0,
        job.year.start(),
        job.period.number(),
        now,
        narrative,
        source,
        job.client_id
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "update budgets.import i set posted = l.posted, posted_pence = l.posted_pence
         from (select count(*) as posted, coalesce(sum(amount_pence), 0)::bigint as posted_pence
               from budgets.import_line where fund_id = $1 and import_id = $2 and state = 'ready') l
         where i.fund_id = $1 and i.import_id = $2",
        job.fund.0,
        job.import.0
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Writes the postings of the lines after one row, up to another. A line of a scheme has what the scheme has.
pub(super) async fn insert_postings(tx: &mut Tx<Borough>, job: &Job, (after, to): (i64, i64)) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.posting (borough_id, fund_id, journal_id, line, account_id, scheme_id, layer, amount_pence, party_id,
           category, source, nature, year, effective_on)
         select platform.borough(), $1, l.journal_id, l.posting_line, l.account_id, l.scheme_id, 'actual', l.amount_pence,
           l.party_id, s.category, s.source,
           case when s.scheme_id is null then null when c.capital then 'capital' else 'revenue' end, $3, l.effective_on
         from budgets.import_line l
           left join budgets.scheme s on s.fund_id = l.fund_id and s.scheme_id = l.scheme_id
           left join budgets.scheme_schedule c on c.fund_id = l.fund_id and c.scheme_id = l.scheme_id
         where l.fund_id = $1 and l.import_id = $2 and l.state = 'ready' and l.row > $4 and l.row <= $5",
        job.fund.0,
        job.import.0,
        job.year.start(),
        after,
        to
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Writes one posting in each journal that makes it balance, where its lines do not by themselves.
pub(super) async fn insert_contra(tx: &mut Tx<Borough>, job: &Job) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.posting (borough_id, fund_id, journal_id, line, account_id, layer, amount_pence, year, effective_on)
         select platform.borough(), $1, l.journal_id, max(l.posting_line) + 1, a.account_id, 'actual',
           -sum(l.amount_pence)::bigint, $3, min(l.effective_on)
         from budgets.import_line l
           join budgets.ledger_source_version v on v.fund_id = l.fund_id and v.source_id = $4 and v.number = $5
           join budgets.account a on a.fund_id = l.fund_id and a.code = v.mapping ->> 'contra'
         where l.fund_id = $1 and l.import_id = $2 and l.state = 'ready'
         group by l.journal_id, a.account_id having sum(l.amount_pence) <> 0",
        job.fund.0,
        job.import.0,
        job.year.start(),
        job.source.0,
        job.source_version
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Tells positions what the journals come to: one delta for each thing a journal moves, not one a line.
pub(super) async fn insert_deltas(tx: &mut Tx<Borough>, job: &Job) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.delta (borough_id, fund_id, year, journal_id, line, period, account_id, scheme_id, layer,
           amount_pence, party_id, category, source, nature, effective_on, posted_on)
         select platform.borough(), $1, $3, p.journal_id, min(p.line), $4, p.account_id,
           coalesce(p.scheme_id, '00000000-0000-0000-0000-000000000000'), p.layer, sum(p.amount_pence)::bigint,
           coalesce(p.party_id, '00000000-0000-0000-0000-000000000000'), coalesce(p.category, ''), coalesce(p.source, ''),
           coalesce(p.nature, ''), j.effective_on, (j.posted_at at time zone 'UTC')::date
         from budgets.journal j join budgets.posting p on p.fund_id = j.fund_id and p.journal_id = j.journal_id
         where j.fund_id = $1 and j.import_id = $2
         group by p.journal_id, p.account_id, p.scheme_id, p.layer, p.party_id, p.category, p.source, p.nature, j.effective_on,
           j.posted_at",
        job.fund.0,
        job.import.0,
        job.year.start(),
        job.period.number()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Tells the region what is spent, by category and source, where the fund is in its figures and the scheme not in view.
pub(super) async fn insert_region_deltas(tx: &mut Tx<Borough>, job: &Job) -> Result<(), DbError> {
    sqlx::query!(
        r#"insert into budgets.region_delta (borough_id, region, year, fund_id, journal_id, line, period, category, source, layer,
             amount_pence)
           select platform.borough(), f.region, $3, $1, p.journal_id,
             (row_number() over (partition by p.journal_id order by p.category, p.source))::smallint, $4, p.category, p.source,
             'actual', sum(p.amount_pence)::bigint
           from budgets.journal j join budgets.posting p on p.fund_id = j.fund_id and p.journal_id = j.journal_id
             join budgets.fund f on f.fund_id = j.fund_id
             join budgets.account a on a.fund_id = p.fund_id and a.account_id = p.account_id and a.kind = 'expenditure'
             left join budgets.scheme_schedule c on c.fund_id = p.fund_id and c.scheme_id = p.scheme_id
           where j.fund_id = $1 and j.import_id = $2 and f.region is not null and p.scheme_id is not null
             and coalesce(c.kind, f.kind) <> 'in_view'
           group by f.region, p.journal_id, p.category, p.source"#,
        job.fund.0,
        job.import.0,
        job.year.start(),
        job.period.number()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
