//! The SQL of agreements, their versions and moves.

use chrono::NaiveDate;
use domain::{AgreementId, FinancialYear, FundId, OrganisationId, Pence};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::{
    Move,
    words::{read, word},
};

use super::{
    agreement::{AgreementBody, AgreementDraft, AgreementParty, AgreementState},
    terms::Flexibility,
    version::{AgreementVersionBody, MadeBy},
};
use crate::funds::LegalBasis;

/// All agreements in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<AgreementId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AgreementBody>, DbError> {
    let today = domain::day_in_england(tx.now());
    let rows = sqlx::query!(
        r#"select a.agreement_id, a.title, a.legal_basis, a.state, a.version, a.starts_on, a.ends_on, a.signed_on, a.source,
             a.illustrative, a.created_at,
             (select jsonb_agg(jsonb_build_object('organisation', p.organisation_id, 'name', b.name, 'kind', b.kind,
                       'valid_from', b.valid_from, 'valid_to', b.valid_to) order by p.place)
              from budgets.agreement_party p join budgets.party b on b.organisation_id = p.organisation_id
              where p.agreement_id = a.agreement_id) as "parties!",
             (select v.number from budgets.agreement_version v
              where v.agreement_id = a.agreement_id and v.in_force_from <= $4
                and (v.made_by = 'officer' or not exists (
                  select from budgets.agreement_party p where p.agreement_id = v.agreement_id and not exists (
                    select from budgets.agreement_approval y where y.agreement_id = v.agreement_id and y.number = v.number
                      and y.organisation_id = p.organisation_id)))
              order by v.in_force_from desc, v.number desc limit 1) as version_in_force,
             (select min(moved.on_day) from budgets.agreement_fund f cross join lateral (
                select min(j.effective_on) as on_day from budgets.journal j
                where j.fund_id = f.fund_id and j.effective_on >= a.starts_on and (a.ends_on is null or j.effective_on <= a.ends_on)
                  and exists (select from budgets.posting q where q.fund_id = j.fund_id and q.journal_id = j.journal_id and q.layer = 'actual')
                union all
                select min(r.paid_on) from budgets.receipt r
                where r.fund_id = f.fund_id and r.paid_on >= a.starts_on and (a.ends_on is null or r.paid_on <= a.ends_on)) moved
              where f.agreement_id = a.agreement_id) as first_moved_on
           from budgets.agreement a
           where ($1::uuid is null or a.agreement_id = $1) and ($2::uuid is null or a.agreement_id > $2)
           order by a.agreement_id limit $3"#,
        one.map(|id| id.0),
        after,
        limit,
        today
    )
    .fetch_all(tx.connection())
    .await?;
    let agreements = rows.into_iter().map(|row| {
        let mut body = AgreementBody {
            id: AgreementId(row.agreement_id),
            title: row.title,
            legal_basis: LegalBasis::parse(&row.legal_basis),
            state: read(&row.state),
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            signed_on: row.signed_on,
            parties: serde_json::from_value::<Vec<AgreementParty>>(row.parties).expect("parties as they were written"),
            version_in_force: row.version_in_force,
            operating_unsigned: false,
            warnings: Vec::new(),
            source: row.source,
            illustrative: row.illustrative,
            created_at: row.created_at,
            version: row.version,
            first_moved_on: row.first_moved_on,
        };
        body.warn(today);
        body
    });
    Ok(agreements.collect())
}

/// The agreement, where it is one of the borough's.
pub(super) async fn find(tx: &mut Tx<Borough>, id: AgreementId) -> Result<Option<AgreementBody>, DbError> {
    Ok(list(tx, Some(id), None, 1).await?.pop())
}

/// Keeps others from changing it until the transaction ends.
pub(super) async fn hold(tx: &mut Tx<Borough>, id: AgreementId) -> Result<(), DbError> {
    sqlx::query!("select from budgets.agreement where agreement_id = $1 for update", id.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    id: AgreementId,
    draft: &AgreementDraft,
    client_id: &str,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.agreement (borough_id, agreement_id, title, legal_basis, starts_on, ends_on, state, source,
           illustrative, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, 'draft', $6, $7, $8)",
        id.0,
        draft.title.trim(),
        draft.legal_basis.as_str(),
        draft.starts_on,
        draft.ends_on,
        draft.source.trim(),
        draft.illustrative,
        now
    )
    .execute(tx.connection())
    .await?;
    let parties: Vec<Uuid> = draft.parties.iter().map(|party| party.0).collect();
    sqlx::query!(
        "insert into budgets.agreement_party (borough_id, agreement_id, organisation_id, place)
         select platform.borough(), $1, organisation_id, place::smallint
         from unnest($2::uuid[]) with ordinality as p (organisation_id, place)",
        id.0,
        &parties
    )
    .execute(tx.connection())
    .await?;
    let first = AgreementVersionBody {
        number: 1,
        in_force_from: draft.starts_on,
        made_by: MadeBy::Partners,
        reason: "The agreement as it was first made.".into(),
        budget_effect_pence: Pence::ZERO,
        flexibilities: draft.flexibilities.clone(),
        terms: draft.terms.clone(),
        stands: false,
        recorded_at: now,
    };
    insert_version(tx, id, &first, client_id).await
}

pub(super) async fn insert_version(
    tx: &mut Tx<Borough>,
    id: AgreementId,
    version: &AgreementVersionBody,
    client_id: &str,
) -> Result<(), DbError> {
    let flexibilities: Vec<String> = version.flexibilities.iter().map(word).collect();
    sqlx::query!(
        "insert into budgets.agreement_version (borough_id, agreement_id, number, in_force_from, made_by, reason,
           budget_effect_pence, flexibilities, terms, recorded_at, client_id)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id.0,
        version.number,
        version.in_force_from,
        word(version.made_by),
        version.reason,
        version.budget_effect_pence.0,
        &flexibilities,
        serde_json::json!(version.terms),
        version.recorded_at,
        client_id
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Its versions after a number, in order.
pub(super) async fn versions(
    tx: &mut Tx<Borough>,
    id: AgreementId,
    after: Option<i16>,
    limit: i64,
) -> Result<Vec<AgreementVersionBody>, DbError> {
    let rows = sqlx::query!(
        r#"select v.number, v.in_force_from, v.made_by, v.reason, v.budget_effect_pence, v.flexibilities, v.terms, v.recorded_at,
             (v.made_by = 'officer' or not exists (
                select from budgets.agreement_party p where p.agreement_id = v.agreement_id and not exists (
                  select from budgets.agreement_approval y where y.agreement_id = v.agreement_id and y.number = v.number
                    and y.organisation_id = p.organisation_id))) as "stands!"
           from budgets.agreement_version v
           where v.agreement_id = $1 and ($2::smallint is null or v.number > $2) order by v.number limit $3"#,
        id.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let versions = rows.into_iter().map(|row| AgreementVersionBody {
        number: row.number,
        in_force_from: row.in_force_from,
        made_by: read(&row.made_by),
        reason: row.reason,
        budget_effect_pence: Pence(row.budget_effect_pence),
        flexibilities: row.flexibilities.iter().map(|one| read::<Flexibility>(one)).collect(),
        terms: serde_json::from_value(row.terms).expect("terms as they were written"),
        stands: row.stands,
        recorded_at: row.recorded_at,
    });
    Ok(versions.collect())
}

/// The moves made, oldest first.
pub(super) async fn history(tx: &mut Tx<Borough>, id: AgreementId) -> Result<Vec<Move<AgreementState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from budgets.agreement_move
         where agreement_id = $1 order by number",
        id.0
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

/// Moves it; the day it was signed is kept with it.
pub(super) async fn move_to(
    tx: &mut Tx<Borough>,
    agreement: &AgreementBody,
    made: &Move<AgreementState>,
    signed_on: Option<NaiveDate>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update budgets.agreement set state = $2, version = version + 1, signed_on = coalesce($3, signed_on)
         where agreement_id = $1",
        agreement.id.0,
        word(made.to),
        signed_on
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into budgets.agreement_move (borough_id, agreement_id, number, from_state, to_state, reason, client_id, moved_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        agreement.id.0,
        agreement.version,
        word(made.from),
        word(made.to),
        made.reason,
        made.by,
        made.moved_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The partners of the agreement the fund is under on a day, in declared order: the order of every split of it.
pub(crate) async fn parties_of_fund(
    tx: &mut Tx<Borough>,
    fund: FundId,
    on: NaiveDate,
) -> Result<Vec<OrganisationId>, DbError> {
    let rows = sqlx::query_scalar!(
        r#"select p.organisation_id as "id: OrganisationId" from budgets.agreement_party p
           where p.agreement_id = (
             select a.agreement_id from budgets.agreement_fund f
               join budgets.agreement a on a.agreement_id = f.agreement_id
             where f.fund_id = $1 and a.state <> 'terminated' and a.starts_on <= $2 and (a.ends_on is null or a.ends_on >= $2)
             order by a.signed_on is null, a.starts_on desc, a.agreement_id desc limit 1)
           order by p.place"#,
        fund.0,
        on
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// The agreement a fund is under in a year, as far as others need it.
pub(crate) struct AgreementOfYear {
    pub(crate) state: String,
    pub(crate) signed_on: Option<NaiveDate>,
}

/// The agreement of a year: the last whose term has a day of it.
pub(crate) async fn agreement_of_year(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<Option<AgreementOfYear>, DbError> {
    let row = sqlx::query_as!(
        AgreementOfYear,
        "select a.state, a.signed_on from budgets.agreement_fund f
           join budgets.agreement a on a.agreement_id = f.agreement_id
         where f.fund_id = $1 and a.starts_on <= $3 and (a.ends_on is null or a.ends_on >= $2)
         order by a.signed_on is null, a.starts_on desc limit 1",
        fund.0,
        year.first_day(),
        year.last_day()
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row)
}

/// The agreement a fund is under on a day: one that is signed before one that is not, and none that was terminated.
pub(super) async fn agreement_on(
    tx: &mut Tx<Borough>,
    fund: FundId,
    day: NaiveDate,
) -> Result<Option<AgreementId>, DbError> {
    let found = sqlx::query_scalar!(
        r#"select a.agreement_id as "id: AgreementId" from budgets.agreement_fund f
             join budgets.agreement a on a.agreement_id = f.agreement_id
           where f.fund_id = $1 and a.state not in ('expired', 'terminated')
             and a.starts_on <= $2 and (a.ends_on is null or a.ends_on >= $2)
           order by a.signed_on is null, a.starts_on desc limit 1"#,
        fund.0,
        day
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found)
}
