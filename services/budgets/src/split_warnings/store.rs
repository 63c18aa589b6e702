//! The SQL of what roles post on their own, and of the warnings that come of it. Nothing here updates or deletes.

use domain::{FundId, JournalId, Pence};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::split_warning::{Part, SplitWarningBody, WINDOW};

/// Warnings of a fund, newest first; `before` is the last seen.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    before: Option<(Uuid, Uuid)>,
    limit: i64,
) -> Result<Vec<SplitWarningBody>, DbError> {
    let rows = sqlx::query_as!(
        SplitWarningBody,
        r#"select w.journal_id as "journal: JournalId", s.code as "scheme?", w.role, w.sum_pence as "sum_pence: Pence",
             w.limit_pence as "limit_pence: Pence", w.journals as "journals: Vec<JournalId>", w.raised_at, w.scheme_id
           from budgets.split_warning w left join budgets.scheme s on s.fund_id = w.fund_id and s.scheme_id = w.scheme_id
           where w.fund_id = $1 and ($2::uuid is null or (w.journal_id, w.scheme_id) < ($2, $3))
           order by w.journal_id desc, w.scheme_id desc limit $4"#,
        fund.0,
        before.map(|(journal, _)| journal),
        before.map(|(_, scheme)| scheme),
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// A journal a role posted without a decision, where it has a limit.
pub(crate) struct OnOwn<'a> {
    pub(crate) fund: FundId,
    pub(crate) journal: JournalId,
    pub(crate) role: &'a str,
    pub(crate) limit: Pence,
    pub(crate) parts: Vec<Part>,
}

/// Remembers the journal; warns of each scheme on which its role has now moved more than its limit within the window.
///
/// Writers of one fund and role come here one after the other, or two parts at once would not see one another.
pub(crate) async fn remember(tx: &mut Tx<Borough>, posted: &OnOwn<'_>) -> Result<Vec<SplitWarningBody>, DbError> {
    let now = tx.now();
    let lock = format!("split {} {}", posted.fund, posted.role);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", lock).fetch_one(tx.connection()).await?;
    let schemes: Vec<Uuid> = posted.parts.iter().map(|part| part.scheme.map_or(Uuid::nil(), |id| id.0)).collect();
    let layers: Vec<String> = posted.parts.iter().map(|part| part.layer.to_owned()).collect();
    let sizes: Vec<i64> = posted.parts.iter().map(|part| part.size.0).collect();
    let rows = sqlx::query_as!(
        SplitWarningBody,
        r#"with mine as (
             select * from unnest($4::uuid[], $5::text[], $6::bigint[]) as m (scheme_id, layer, size_pence)
           ), remembered as (
             insert into budgets.posted_on_own (borough_id, fund_id, journal_id, scheme_id, layer, role, posted_on, size_pence)
             select platform.borough(), $1, $2, scheme_id, layer, $3, $7::date, size_pence from mine
           ), counted as (
             select scheme_id, layer, size_pence, $2 as journal_id from mine
             union all
             select p.scheme_id, p.layer, p.size_pence, p.journal_id
             from budgets.posted_on_own p join mine using (scheme_id, layer)
             where p.fund_id = $1 and p.role = $3 and p.posted_on > $8::date and not exists (
               select from budgets.journal r where r.fund_id = p.fund_id and r.reverses_id = p.journal_id)
           ), above as (
             select distinct on (scheme_id) scheme_id, sum(size_pence)::bigint as sum_pence,
               (array_agg(journal_id order by journal_id desc))[1:100] as journals
             from counted group by scheme_id, layer having sum(size_pence) > $9::bigint
             order by scheme_id, sum(size_pence) desc
           ), warned as (
             insert into budgets.split_warning (borough_id, fund_id, journal_id, scheme_id, role, sum_pence, limit_pence,
               journals, raised_at)
             select platform.borough(), $1, $2, scheme_id, $3, sum_pence, $9::bigint, journals, $10 from above
             returning *
           )
           select w.journal_id as "journal!: JournalId", s.code as "scheme?", w.role as "role!",
             w.sum_pence as "sum_pence!: Pence", w.limit_pence as "limit_pence!: Pence",
             w.journals as "journals!: Vec<JournalId>", w.raised_at as "raised_at!", w.scheme_id as "scheme_id!"
           from warned w left join budgets.scheme s on s.fund_id = w.fund_id and s.scheme_id = w.scheme_id
           order by w.scheme_id"#,
        posted.fund.0,
        posted.journal.0,
        posted.role,
        &schemes,
        &layers,
        &sizes,
        domain::day_in_england(now),
        domain::day_in_england(now) - WINDOW,
        posted.limit.0,
        now
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}
