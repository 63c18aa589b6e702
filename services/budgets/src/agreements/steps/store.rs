//! The SQL of consultations, approvals, notices and the funds an agreement governs.

use chrono::NaiveDate;
use domain::{AgreementId, ApprovalId, ConsultationId, DecisionId, FundId, NoticeId, OrganisationId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::step::{AgreementApprovalBody, AgreementConsultationBody, GovernedFundBody, NoticeBody};
use crate::agreements::{
    agreement::AgreementBody,
    checks::{Approved, Consulted, FromDay, FundStanding, SchemeStanding},
};
use crate::funds::FundKind;

pub(super) async fn insert_consultation(
    tx: &mut Tx<Borough>,
    of: AgreementId,
    body: &AgreementConsultationBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.agreement_consultation (borough_id, agreement_id, consultation_id, consulted, joint, opens_on,
           closes_on, outcome, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        of.0,
        body.id.0,
        body.consulted,
        body.joint,
        body.opens_on,
        body.closes_on,
        body.outcome,
        body.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn consultations(
    tx: &mut Tx<Borough>,
    of: AgreementId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AgreementConsultationBody>, DbError> {
    let rows = sqlx::query_as!(
        AgreementConsultationBody,
        r#"select consultation_id as "id: ConsultationId", consulted, joint, opens_on, closes_on, outcome, recorded_at
           from budgets.agreement_consultation
           where agreement_id = $1 and ($2::uuid is null or consultation_id > $2) order by consultation_id limit $3"#,
        of.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert_approval(
    tx: &mut Tx<Borough>,
    of: AgreementId,
    body: &AgreementApprovalBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.agreement_approval (borough_id, agreement_id, approval_id, number, organisation_id, approved_on,
           reference, decision_id, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        of.0,
        body.id.0,
        body.version,
        body.organisation.0,
        body.approved_on,
        body.reference,
        body.decision_id.map(|id| id.0),
        body.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn approvals(
    tx: &mut Tx<Borough>,
    of: AgreementId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AgreementApprovalBody>, DbError> {
    let rows = sqlx::query_as!(
        AgreementApprovalBody,
        r#"select approval_id as "id: ApprovalId", organisation_id as "organisation: OrganisationId", number as version,
             approved_on, reference, decision_id as "decision_id: DecisionId", recorded_at
           from budgets.agreement_approval
           where agreement_id = $1 and ($2::uuid is null or approval_id > $2) order by approval_id limit $3"#,
        of.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Whether a decision that was taken here is known.
pub(super) async fn knows_decision(tx: &mut Tx<Borough>, id: DecisionId) -> Result<bool, DbError> {
    let found =
        sqlx::query_scalar!(r#"select exists (select from budgets.decision where decision_id = $1) as "found!""#, id.0)
            .fetch_one(tx.connection())
            .await?;
    Ok(found)
}

pub(super) async fn insert_notice(tx: &mut Tx<Borough>, of: AgreementId, body: &NoticeBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.agreement_notice (borough_id, agreement_id, notice_id, organisation_id, given_on, ends_on,
           reference, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        of.0,
        body.id.0,
        body.organisation.0,
        body.given_on,
        body.ends_on,
        body.reference,
        body.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn notices(
    tx: &mut Tx<Borough>,
    of: AgreementId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<NoticeBody>, DbError> {
    let rows = sqlx::query_as!(
        NoticeBody,
        r#"select notice_id as "id: NoticeId", organisation_id as "organisation: OrganisationId", given_on, ends_on,
             reference, recorded_at
           from budgets.agreement_notice
           where agreement_id = $1 and ($2::uuid is null or notice_id > $2) order by notice_id limit $3"#,
        of.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// The day the first notice given runs out.
pub(in crate::agreements) async fn notice_ends(
    tx: &mut Tx<Borough>,
    of: AgreementId,
) -> Result<Option<NaiveDate>, DbError> {
    let ends = sqlx::query_scalar!("select min(ends_on) from budgets.agreement_notice where agreement_id = $1", of.0)
        .fetch_one(tx.connection())
        .await?;
    Ok(ends)
}

/// The title of a signed agreement the fund is under in the term of this one. Keeps others from putting it under one.
pub(super) async fn agreement_beside(
    tx: &mut Tx<Borough>,
    fund: FundId,
    of: &AgreementBody,
) -> Result<Option<String>, DbError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('agreement of ' || $1, 0))", fund.0.to_string())
        .fetch_one(tx.connection())
        .await?;
    let title = sqlx::query_scalar!(
        "select a.title from budgets.agreement_fund f join budgets.agreement a on a.agreement_id = f.agreement_id
         where f.fund_id = $1 and a.signed_on is not null and a.state <> 'terminated' and ($3::date is null or a.starts_on <= $3) and (a.ends_on is null or a.ends_on >= $2) limit 1",
        fund.0,
        of.starts_on,
        of.ends_on
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(title)
}

pub(super) async fn insert_fund(tx: &mut Tx<Borough>, of: AgreementId, fund: FundId) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.agreement_fund (borough_id, agreement_id, fund_id, linked_at)
         values (platform.borough(), $1, $2, $3)",
        of.0,
        fund.0,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn funds(
    tx: &mut Tx<Borough>,
    of: AgreementId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<GovernedFundBody>, DbError> {
    let rows = sqlx::query_as!(
        GovernedFundBody,
        r#"select l.fund_id as "fund: FundId", f.name, l.linked_at
           from budgets.agreement_fund l join budgets.fund f on f.fund_id = l.fund_id
           where l.agreement_id = $1 and ($2::uuid is null or l.fund_id > $2) order by l.fund_id limit $3"#,
        of.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(in crate::agreements) async fn consulted(tx: &mut Tx<Borough>, of: AgreementId) -> Result<Vec<Consulted>, DbError> {
    let rows = sqlx::query_as!(
        Consulted,
        "select joint, closes_on from budgets.agreement_consultation where agreement_id = $1",
        of.0
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(in crate::agreements) async fn approved(tx: &mut Tx<Borough>, of: AgreementId) -> Result<Vec<Approved>, DbError> {
    let rows = sqlx::query_as!(
        Approved,
        r#"select number, organisation_id as "organisation: OrganisationId", approved_on, reference, decision_id as "decision_id: DecisionId"
           from budgets.agreement_approval where agreement_id = $1 order by approval_id"#,
        of.0
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// What the checks must know of funds: those of an agreement, or one.
pub(in crate::agreements) async fn fund_standings(
    tx: &mut Tx<Borough>,
    of: Option<AgreementId>,
    one: Option<FundId>,
) -> Result<Vec<FundStanding>, DbError> {
    let rows = sqlx::query!(
        r#"select f.name, f.kind, f.host_id, (select p.valid_to from budgets.party p where p.organisation_id = f.host_id) as host_ended,
             coalesce((select jsonb_agg(jsonb_build_array(h.from_on, h.organisation_id, p.valid_to)) from budgets.fund_host h
                         join budgets.party p on p.organisation_id = h.organisation_id where h.fund_id = f.fund_id), '[]') as "hosts!",
             coalesce((select jsonb_agg(jsonb_build_array(m.from_on, m.employer_id, null)) from budgets.pool_manager m
                       where m.fund_id = f.fund_id), '[]') as "managers!",
             coalesce((select jsonb_agg(jsonb_build_array(s.code, c.kind, c.functions) order by s.code)
                       from budgets.scheme s left join budgets.scheme_schedule c on c.fund_id = s.fund_id and c.scheme_id = s.scheme_id
                       where s.fund_id = f.fund_id), '[]') as "schemes!"
           from budgets.fund f
           where ($1::uuid is null or exists (select from budgets.agreement_fund l where l.agreement_id = $1 and l.fund_id = f.fund_id))
             and ($2::uuid is null or f.fund_id = $2)
           order by f.fund_id"#,
        of.map(|id| id.0),
        one.map(|id| id.0)
    )
    .fetch_all(tx.connection())
    .await?;
    type Named = Option<Vec<crate::schemes::NamedFunction>>;
    let funds = rows.into_iter().map(|row| {
        let days = |value| -> Vec<FromDay> {
            let known: Vec<(NaiveDate, OrganisationId, Option<NaiveDate>)> =
                serde_json::from_value(value).expect("days as they were written");
            known.into_iter().map(|(from_on, body, ended_on)| FromDay { from_on, body, ended_on }).collect()
        };
        let schemes: Vec<(String, Option<String>, Named)> =
            serde_json::from_value(row.schemes).expect("schedules as they were written");
        let mut hosts = days(row.hosts);
        // The first host stands on the fund itself, from the beginning.
        hosts.push(FromDay { from_on: NaiveDate::MIN, body: OrganisationId(row.host_id), ended_on: row.host_ended });
        FundStanding {
            name: row.name,
            kind: FundKind::parse(&row.kind),
            hosts,
            managers: days(row.managers),
            schemes: schemes
                .into_iter()
                .map(|(code, kind, functions)| SchemeStanding {
                    code,
                    schedule: kind.zip(functions).map(|(kind, functions)| (FundKind::parse(&kind), functions)),
                })
                .collect(),
        }
    });
    Ok(funds.collect())
}
