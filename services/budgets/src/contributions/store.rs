//! The SQL of contributions.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{AwardId, ContributionId, FinancialYear, FundId, InstalmentId, OrganisationId, Pence, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::{read, word};

use super::{
    contribution::{Commitment, ContributionBody, ContributionVersionBody},
    schedule::PlannedInstalment,
};
use crate::{
    facts::Party,
    funds::{FundBody, FundKind},
    years::FundYearBody,
};

/// The contributions of a fund-year in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    one: Option<ContributionId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ContributionBody>, DbError> {
    let rows = sqlx::query!(
        r#"select c.contribution_id, c.payer_id, p.name as payer_name, s.code as "scheme?", c.funding_source, c.bcf_source,
             c.form, c.valuation_basis, c.recurrent, c.award_id, c.run_off, v.amount_pence as "amount_pence!",
             v.number as "number!", v.effective_on as "effective_on!", c.source, c.recorded_at
           from budgets.contribution c
             join budgets.party p on p.organisation_id = c.payer_id
             left join budgets.scheme s on s.fund_id = c.fund_id and s.scheme_id = c.scheme_id
             join lateral (select number, amount_pence, effective_on from budgets.contribution_version v
                           where v.fund_id = c.fund_id and v.year = c.year and v.contribution_id = c.contribution_id
                           order by number desc limit 1) v on true
           where c.fund_id = $1 and c.year = $2 and ($3::uuid is null or c.contribution_id = $3)
             and ($4::uuid is null or c.contribution_id > $4)
           order by c.contribution_id limit $5"#,
        fund.0,
        year.start(),
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let contributions = rows.into_iter().map(|row| ContributionBody {
        id: ContributionId(row.contribution_id),
        payer: OrganisationId(row.payer_id),
        payer_name: row.payer_name,
        scheme: row.scheme,
        funding_source: read(&row.funding_source),
        bcf_source: row.bcf_source,
        form: read(&row.form),
        valuation_basis: row.valuation_basis,
        recurrent: row.recurrent,
        award: row.award_id.map(AwardId),
        run_off: row.run_off,
        amount_pence: Pence(row.amount_pence),
        version: row.number,
        effective_on: row.effective_on,
        source: row.source,
        recorded_at: row.recorded_at,
    });
    Ok(contributions.collect())
}

/// Writes a contribution; `party_code` is by whom it may be seen.
pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    at: (FundId, FinancialYear),
    contribution: &ContributionBody,
    scheme: Option<SchemeId>,
    party_code: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.contribution (borough_id, fund_id, year, contribution_id, payer_id, party_code, scheme_id,
           funding_source, bcf_source, form, valuation_basis, recurrent, award_id, run_off, source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        at.0.0,
        at.1.start(),
        contribution.id.0,
        contribution.payer.0,
        party_code,
        scheme.map(|id| id.0),
        word(contribution.funding_source),
        contribution.bcf_source,
        word(contribution.form),
        contribution.valuation_basis,
        contribution.recurrent,
        contribution.award.map(|id| id.0),
        contribution.run_off,
        contribution.source,
        contribution.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Writes a version and its instalments. Of two at the same moment the second finds its number taken.
pub(super) async fn insert_version(
    tx: &mut Tx<Borough>,
    at: (FundId, FinancialYear),
    of: &ContributionBody,
    version: &ContributionVersionBody,
    client_id: &str,
    party_code: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.contribution_version (borough_id, fund_id, year, contribution_id, number, amount_pence,
           effective_on, reason, reference, recorded_at, client_id, party_code)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        at.0.0,
        at.1.start(),
        of.id.0,
        version.number,
        version.amount_pence.0,
        version.effective_on,
        version.reason,
        version.reference,
        version.recorded_at,
        client_id,
        party_code
    )
    .execute(tx.connection())
    .await?;
    let column = |of: fn(&PlannedInstalment) -> i64| version.instalments.iter().map(of).collect::<Vec<_>>();
    let numbers: Vec<i16> = version.instalments.iter().map(|one| one.number).collect();
    let ids: Vec<Uuid> = version.instalments.iter().map(|one| one.id.0).collect();
    let days: Vec<NaiveDate> = version.instalments.iter().map(|one| one.due_on).collect();
    sqlx::query!(
        "insert into budgets.instalment (borough_id, fund_id, year, contribution_id, number, version, instalment_id, due_on,
           amount_pence, true_up_pence, payer_id, party_code)
         select platform.borough(), $1, $2, $3, number, $4, id, due_on, amount, true_up, $5, $6
         from unnest($7::smallint[], $8::uuid[], $9::date[], $10::bigint[], $11::bigint[])
           as planned (number, id, due_on, amount, true_up)",
        at.0.0,
        at.1.start(),
        of.id.0,
        version.number,
        of.payer.0,
        party_code,
        &numbers,
        &ids,
        &days,
        &column(|one| one.amount_pence.0),
        &column(|one| one.true_up_pence.0)
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The versions of a contribution in order, each with the instalments it wrote.
pub(super) async fn versions(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    of: ContributionId,
    after: Option<i16>,
    limit: i64,
) -> Result<Vec<ContributionVersionBody>, DbError> {
    let rows = sqlx::query!(
        "select number, amount_pence, effective_on, reason, reference, recorded_at from budgets.contribution_version
         where fund_id = $1 and year = $2 and contribution_id = $3 and ($4::smallint is null or number > $4)
         order by number limit $5",
        fund.0,
        year.start(),
        of.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let numbers: Vec<i16> = rows.iter().map(|row| row.number).collect();
    let planned = sqlx::query!(
        "select version, number, instalment_id, due_on, amount_pence, true_up_pence from budgets.instalment
         where fund_id = $1 and year = $2 and contribution_id = $3 and version = any($4) order by version, number",
        fund.0,
        year.start(),
        of.0,
        &numbers
    )
    .fetch_all(tx.connection())
    .await?;
    let mut instalments: BTreeMap<i16, Vec<PlannedInstalment>> = BTreeMap::new();
    for row in planned {
        instalments.entry(row.version).or_default().push(PlannedInstalment {
            id: InstalmentId(row.instalment_id),
            number: row.number,
            due_on: row.due_on,
            amount_pence: Pence(row.amount_pence),
            true_up_pence: Pence(row.true_up_pence),
        });
    }
    let versions = rows.into_iter().map(|row| ContributionVersionBody {
        number: row.number,
        amount_pence: Pence(row.amount_pence),
        effective_on: row.effective_on,
        reason: row.reason,
        reference: row.reference,
        recorded_at: row.recorded_at,
        instalments: instalments.remove(&row.number).unwrap_or_default(),
    });
    Ok(versions.collect())
}

/// A contribution's instalments in force, in order.
pub(super) async fn in_force(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    of: ContributionId,
) -> Result<Vec<PlannedInstalment>, DbError> {
    let rows = sqlx::query_as!(
        PlannedInstalment,
        r#"select distinct on (number) instalment_id as "id: InstalmentId", number, due_on,
             amount_pence as "amount_pence: Pence", true_up_pence as "true_up_pence: Pence"
           from budgets.instalment where fund_id = $1 and year = $2 and contribution_id = $3
           order by number, version desc"#,
        fund.0,
        year.start(),
        of.0
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// How many instalments are in force in a fund-year. Whoever records a contribution meanwhile has to wait.
pub(super) async fn instalments_of_year(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<usize, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'instalments', $1::text, $2::text), 0))",
        fund.0.to_string(),
        year.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(distinct (contribution_id, number)) as "count!" from budgets.instalment
           where fund_id = $1 and year = $2"#,
        fund.0,
        year.start()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// The scheme of that code; and of its schedule, where it has one, its kind and what it commits the fund to.
pub(super) async fn find_scheme(
    tx: &mut Tx<Borough>,
    fund: FundId,
    code: &str,
) -> Result<Option<(SchemeId, Option<(FundKind, Commitment)>)>, DbError> {
    let row = sqlx::query!(
        r#"select s.scheme_id, d.kind as "kind?", d.recurrent as "recurrent?", d.runs_to as "runs_to?" from budgets.scheme s
             left join budgets.scheme_schedule d on d.fund_id = s.fund_id and d.scheme_id = s.scheme_id
           where s.fund_id = $1 and s.code = $2"#,
        fund.0,
        code
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| {
        let commitment =
            row.recurrent.map(|recurrent| Commitment { scheme: code.to_owned(), recurrent, runs_to: row.runs_to });
        (SchemeId(row.scheme_id), row.kind.as_deref().map(FundKind::parse).zip(commitment))
    }))
}

/// What contributions of a year but `except` take from an award. Whoever takes from it meanwhile has to wait.
pub(super) async fn taken_from(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    award: AwardId,
    except: Option<ContributionId>,
) -> Result<Pence, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'award', $1::text), 0))",
        award.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    let taken = sqlx::query_scalar!(
        r#"select coalesce(sum(v.amount_pence), 0)::bigint as "taken!" from budgets.contribution c
             join lateral (select amount_pence from budgets.contribution_version v
                           where v.fund_id = c.fund_id and v.year = c.year and v.contribution_id = c.contribution_id
                           order by number desc limit 1) v on true
           where c.fund_id = $1 and c.year = $2 and c.award_id = $3 and ($4::uuid is null or c.contribution_id <> $4)"#,
        fund.0,
        year.start(),
        award.0,
        except.map(|id| id.0)
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Pence(taken))
}

/// Tells the region what is planned for days, where the fund is in its figures: as of the kind of the scheme it is for,
/// so that money in view is in no section 75 total (rule 22). In kind is not cash and stays out.
pub(super) async fn tell_region(
    tx: &mut Tx<Borough>,
    (fund, kind): (&FundBody, FundKind),
    year: &FundYearBody,
    payer: &Party,
    source: &str,
    planned: &[(NaiveDate, Pence)],
) -> Result<(), DbError> {
    let now = tx.now();
    let Some(region) = &fund.region else { return Ok(()) };
    let entries: Vec<Uuid> = planned.iter().map(|_| InstalmentId::at(now).0).collect();
    let days: Vec<NaiveDate> = planned.iter().map(|(day, _)| *day).collect();
    let amounts: Vec<i64> = planned.iter().map(|(_, amount)| amount.0).collect();
    sqlx::query!(
        "insert into budgets.region_contribution (borough_id, region, year, entry_id, fund_id, kind, section_75,
           funding_source, payer_code, payer_kind, on_day, planned_pence, paid_pence, completeness)
         select platform.borough(), $1, $2, entry, $3, $4, $5, $6, $7, $8, on_day, amount, 0, $12
         from unnest($9::uuid[], $10::date[], $11::bigint[]) as planned (entry, on_day, amount)",
        region,
        year.year.start(),
        fund.id.0,
        kind.as_str(),
        fund.legal_basis.counts_as_section_75(kind),
        source,
        payer.ods,
        payer.kind,
        &entries,
        &days,
        &amounts,
        year.completeness.as_str()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
