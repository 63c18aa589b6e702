//! The SQL that posts. Nothing here updates or deletes: no login role may.

use std::collections::HashMap;

use auth::Role;
use chrono::NaiveDate;
use domain::{AccountId, FinancialYear, FundId, JournalId, OrganisationId, Pence, Period, SchemeId};
use serde::Deserialize;
use serde_json::Value;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::{read, word};

use super::{
    books::{AccountOfLine, Books, PartyOfLine, SchemeOfLine},
    journal::Journal,
    posting::Ready,
};
use crate::{
    accounts::{AccountKind, AccountRules},
    controls::Control,
    periods::PeriodState,
    schedules::Held,
};

/// Keeps periods from being closed until the transaction ends; any number of writers may hold them.
pub(crate) async fn hold_open(
    tx: &mut Tx<Borough>,
    fund: FundId,
    periods: &[(FinancialYear, Period)],
) -> Result<(), DbError> {
    let years: Vec<String> = periods.iter().map(|(year, _)| year.to_string()).collect();
    let numbers: Vec<String> = periods.iter().map(|(_, period)| period.to_string()).collect();
    // Always in the same order, or a closer and two writers would wait for one another.
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended(concat_ws(' ', 'period', $1::text, year, period), 0))
         from (select distinct year, period from unnest($2::text[], $3::text[]) as p (year, period) order by year, period) p",
        fund.0.to_string(),
        &years,
        &numbers
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(())
}

/// The journals that have one of these references, and the fingerprints of what was sent under it. Nobody else posts
/// under them until the transaction ends.
pub(super) async fn hold_references(
    tx: &mut Tx<Borough>,
    fund: FundId,
    references: &[String],
) -> Result<HashMap<String, (JournalId, Vec<u8>)>, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'reference', $1::text, reference), 0))
         from (select distinct reference from unnest($2::text[]) as r (reference) order by reference) r",
        fund.0.to_string(),
        references
    )
    .fetch_all(tx.connection())
    .await?;
    let rows = sqlx::query!(
        r#"select external_reference as "reference!", journal_id, fingerprint as "fingerprint!" from budgets.journal
           where fund_id = $1 and external_reference = any ($2)"#,
        fund.0,
        references
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.reference, (JournalId(row.journal_id), row.fingerprint))).collect())
}

/// What journals name, which their books must know.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) periods: Vec<(FinancialYear, Period)>,
    pub(super) accounts: Vec<String>,
    pub(super) schemes: Vec<String>,
    pub(super) parties: Vec<Uuid>,
}

/// What journals must know of their fund; `None` where there is no such fund.
pub(super) async fn open_books(
    tx: &mut Tx<Borough>,
    fund: FundId,
    named: &Named,
    role: Role,
) -> Result<Option<Books>, DbError> {
    let today = domain::day_in_england(tx.now());
    let years: Vec<i16> = named.periods.iter().map(|(year, _)| year.start()).collect();
    let numbers: Vec<i16> = named.periods.iter().map(|(_, period)| period.number()).collect();
    let row = sqlx::query!(
        r#"select f.region,
             coalesce((select c.control from budgets.fund_control c where c.fund_id = $1 order by c.number desc limit 1), 'warn')
               as "control!",
             coalesce((select jsonb_agg(jsonb_build_array(p.year, p.period, p.state))
                       from unnest($2::smallint[], $3::smallint[]) as w (year, period)
                         join budgets.period p on p.fund_id = $1 and p.year = w.year and p.period = w.period), '[]') as "periods!",
             coalesce((select jsonb_object_agg(a.code, jsonb_build_array(a.account_id, a.kind,
                         coalesce((select jsonb_agg(jsonb_build_object('from_year', v.from_year, 'requires', v.requires,
                                     'closed', v.closed))
                                   from budgets.account_version v where v.fund_id = $1 and v.account_id = a.account_id), '[]')))
                       from budgets.account a where a.fund_id = $1 and a.code = any ($4)), '{}') as "accounts!",
             coalesce((select jsonb_object_agg(s.code, jsonb_build_array(s.scheme_id, s.category, s.source,
                         coalesce(c.kind, f.kind) = 'in_view', c.capital, c.ring_fence,
                         case when not c.recurrent then c.runs_to end))
                       from budgets.scheme s
                         left join budgets.scheme_schedule c on c.fund_id = s.fund_id and c.scheme_id = s.scheme_id
                       where s.fund_id = $1 and s.code = any ($5)), '{}') as "schemes!",
             coalesce((select jsonb_object_agg(o.organisation_id, jsonb_build_array(o.name, o.valid_from, o.valid_to))
                       from budgets.party o where o.organisation_id = any ($6)), '{}') as "parties!",
             exists (select from budgets.delegation d where d.in_force_from <= $7 and (d.fund_id is null or d.fund_id = $1)) as "delegated!",
             (select d.limit_pence from budgets.delegation d where d.role = $8 and d.in_force_from <= $7
                and (d.fund_id is null or d.fund_id = $1)
              order by d.fund_id nulls last, d.kind nulls last, d.in_force_from desc, d.delegation_id desc limit 1) as limit_pence
           from budgets.fund f where f.fund_id = $1"#,
        fund.0,
        &years,
        &numbers,
        &named.accounts,
        &named.schemes,
        &named.parties,
        today,
        role.as_str()
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let periods: Vec<(i16, i16, String)> = as_asked(row.periods);
    let period = |(year, period, state): &(i16, i16, String)| {
        let key = (FinancialYear::starting_in(*year).ok()?, Period::new(*period).ok()?);
        Some((key, PeriodState::parse(state)))
    };
    // Where a scheme of delegation is in force, a role it does not name may post nothing on its own.
    let limit = row.delegated.then(|| Pence(row.limit_pence.unwrap_or(0)));
    Ok(Some(Books {
        fund,
        region: row.region,
        control: read::<Control>(&row.control),
        periods: periods.iter().filter_map(period).collect(),
        accounts: each(row.accounts, |(id, kind, rules): (Uuid, String, AccountRules)| AccountOfLine {
            id: AccountId(id),
            kind: AccountKind::parse(&kind),
            rules,
        }),
        schemes: each::<SchemeRow, _>(row.schemes, SchemeOfLine::from),
        parties: as_asked::<HashMap<Uuid, (String, NaiveDate, Option<NaiveDate>)>>(row.parties)
            .into_iter()
            .map(|(id, (name, valid_from, valid_to))| (OrganisationId(id), PartyOfLine { name, valid_from, valid_to }))
            .collect(),
        commitments: HashMap::new(),
        limit,
    }))
}

/// A scheme as the books' query has it: id, category, source, whether it is in view, and of its schedule, where it has
/// one, whether it is capital, its ring-fence and its last day.
type SchemeRow = (Uuid, String, String, bool, Option<bool>, Option<String>, Option<NaiveDate>);

impl From<SchemeRow> for SchemeOfLine {
    fn from((id, category, source, in_view, capital, ring_fence, runs_to): SchemeRow) -> Self {
        let held = capital.map(|capital| Held { capital, ring_fence });
        Self { id: SchemeId(id), category, source, in_view, held, runs_to }
    }
}

fn as_asked<T: for<'de> Deserialize<'de>>(value: Value) -> T {
    serde_json::from_value(value).expect("the shape the query gives it")
}

fn each<T: for<'de> Deserialize<'de>, U>(object: Value, make: impl Fn(T) -> U) -> HashMap<String, U> {
    as_asked::<HashMap<String, T>>(object).into_iter().map(|(code, value)| (code, make(value))).collect()
}

/// The columns of many rows, as the arrays a statement unnests.
#[derive(Default)]
struct Lines {
    journals: Vec<Uuid>,
    numbers: Vec<i16>,
    accounts: Vec<Uuid>,
    schemes: Vec<Option<Uuid>>,
    layers: Vec<&'static str>,
    amounts: Vec<i64>,
    parties: Vec<Option<Uuid>>,
    categories: Vec<Option<String>>,
    sources: Vec<Option<String>>,
    natures: Vec<Option<String>>,
}

impl Lines {
    fn of(journals: &[Ready]) -> Self {
        let mut all = Self::default();
        for Ready { journal, .. } in journals {
            for (number, line) in (1..).zip(&journal.lines) {
                all.journals.push(journal.id.0);
                all.numbers.push(number);
                all.accounts.push(line.account.0);
                all.schemes.push(line.scheme.map(|id| id.0));
                all.layers.push(line.layer.as_str());
                all.amounts.push(line.amount.0);
                all.parties.push(line.party.map(|id| id.0));
                all.categories.push(line.category.clone());
                all.sources.push(line.source.clone());
                all.natures.push(line.nature.map(word));
            }
        }
        all
    }
}

#[derive(Default)]
struct Told {
    journals: Vec<Uuid>,
    numbers: Vec<i16>,
    categories: Vec<String>,
    sources: Vec<String>,
    layers: Vec<&'static str>,
    amounts: Vec<i64>,
}

impl Told {
    fn of(journals: &[Ready]) -> Self {
        let mut all = Self::default();
        for Ready { journal, .. } in journals {
            for (number, sum) in (1..).zip(journal.rolled_up()) {
                all.journals.push(journal.id.0);
                all.numbers.push(number);
                all.categories.push(sum.category.to_owned());
                all.sources.push(sum.source.to_owned());
                all.layers.push(sum.layer.as_str());
                all.amounts.push(sum.amount.0);
            }
        }
        all
    }
}

/// Writes journals of one fund, their lines, and what positions and the region are told, in one statement.
pub(super) async fn insert(tx: &mut Tx<Borough>, journals: &[Ready], client_id: &str) -> Result<(), DbError> {
    let (lines, told) = (Lines::of(journals), Told::of(journals));
    let journals: Vec<&Journal> = journals.iter().map(|ready| &ready.journal).collect();
    let Some(first) = journals.first() else { return Ok(()) };
    let column = |of: fn(&Journal) -> Option<Uuid>| journals.iter().map(|journal| of(journal)).collect::<Vec<_>>();
    let ids: Vec<Uuid> = journals.iter().map(|journal| journal.id.0).collect();
    let years: Vec<i16> = journals.iter().map(|journal| journal.year.start()).collect();
    let periods: Vec<i16> = journals.iter().map(|journal| journal.period.number()).collect();
    let days: Vec<NaiveDate> = journals.iter().map(|journal| journal.effective_on).collect();
    let narratives: Vec<&str> = journals.iter().map(|journal| journal.narrative.as_str()).collect();
    let sources: Vec<Option<&str>> = journals.iter().map(|journal| journal.source.as_deref()).collect();
    let references: Vec<Option<&str>> =
        journals.iter().map(|j| j.reference.as_ref().map(|(name, _)| name.as_str())).collect();
    let fingerprints: Vec<Option<&[u8]>> =
        journals.iter().map(|j| j.reference.as_ref().map(|(_, sum)| sum.as_slice())).collect();
    let metadata: Vec<Option<Value>> = journals.iter().map(|j| j.metadata.clone().map(Value::Object)).collect();
    sqlx::query!(
        r#"with new as (
             select * from unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::date[], $5::text[], $6::text[], $7::uuid[],
               $8::uuid[], $9::text[], $10::bytea[], $11::jsonb[])
               as n (journal_id, year, period, effective_on, narrative, source, reverses_id, corrects_id, reference, fingerprint, metadata)
           ), written as (
             insert into budgets.journal (borough_id, fund_id, journal_id, year, period, effective_on, posted_at, narrative, source,
               client_id, reverses_id, corrects_id, external_reference, fingerprint, metadata)
             select platform.borough(), $12, journal_id, year, period, effective_on, $13, narrative, source, $14, reverses_id,
               corrects_id, reference, fingerprint, metadata from new
           ), line as (
             select l.*, n.year, n.period, n.effective_on
             from unnest($15::uuid[], $16::smallint[], $17::uuid[], $18::uuid[], $19::text[], $20::bigint[], $21::uuid[],
                 $22::text[], $23::text[], $24::text[])
               as l (journal_id, number, account_id, scheme_id, layer, amount_pence, party_id, category, source, nature)
               join new n using (journal_id)
           ), posted as (
             insert into budgets.posting (borough_id, fund_id, journal_id, line, year, effective_on, account_id, scheme_id, layer,
               amount_pence, party_id, category, source, nature)
             select platform.borough(), $12, journal_id, number, year, effective_on, account_id, scheme_id, layer, amount_pence,
               party_id, category, source, nature from line
           ), told as (
             insert into budgets.region_delta (borough_id, region, year, fund_id, journal_id, line, period, category, source, layer, amount_pence)
             select platform.borough(), $25, n.year, $12, journal_id, r.number, n.period, r.category, r.source, r.layer, r.amount_pence
             from unnest($26::uuid[], $27::smallint[], $28::text[], $29::text[], $30::text[], $31::bigint[])
               as r (journal_id, number, category, source, layer, amount_pence) join new n using (journal_id)
           )
           insert into budgets.delta (borough_id, fund_id, year, journal_id, line, period, account_id, scheme_id, layer, amount_pence,
             party_id, category, source, nature, effective_on, posted_on)
           select platform.borough(), $12, year, journal_id, number, period, account_id,
             coalesce(scheme_id, '00000000-0000-0000-0000-000000000000'), layer, amount_pence,
             coalesce(party_id, '00000000-0000-0000-0000-000000000000'), coalesce(category, ''), coalesce(source, ''),
             coalesce(nature, ''), effective_on, ($13::timestamptz at time zone 'UTC')::date
           from line"#,
        &ids,
        &years,
        &periods,
        &days,
        &narratives as &[&str],
        &sources as &[Option<&str>],
        &column(|journal| journal.reverses.map(|id| id.0)) as &[Option<Uuid>],
        &column(|journal| journal.corrects.map(|id| id.0)) as &[Option<Uuid>],
        &references as &[Option<&str>],
        &fingerprints as &[Option<&[u8]>],
        &metadata as &[Option<Value>],
        first.fund.0,
        first.posted_at,
        client_id,
        &lines.journals,
        &lines.numbers,
        &lines.accounts,
        &lines.schemes as &[Option<Uuid>],
        &lines.layers as &[&str],
        &lines.amounts,
        &lines.parties as &[Option<Uuid>],
        &lines.categories as &[Option<String>],
        &lines.sources as &[Option<String>],
        &lines.natures as &[Option<String>],
        first.region,
        &told.journals,
        &told.numbers,
        &told.categories,
        &told.sources,
        &told.layers as &[&str],
        &told.amounts
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
