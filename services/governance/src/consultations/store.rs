//! The SQL of consultations.

use domain::{CommitteeId, ConsultationId, ReportId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::consultation::{ConsultationBody, ConsultationReportBody};
use crate::words::{read, word};

/// All consultations in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<ConsultationId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ConsultationBody>, DbError> {
    let rows = sqlx::query_as!(
        ConsultationBody,
        r#"select consultation_id as "id: ConsultationId", committee_id as "committee: CommitteeId", subject, audience,
             opens_on, closes_on, source, created_at
           from governance.consultation
           where ($1::uuid is null or consultation_id = $1) and ($2::uuid is null or consultation_id > $2)
           order by consultation_id limit $3"#,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert(tx: &mut Tx<Borough>, consultation: &ConsultationBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.consultation (borough_id, consultation_id, committee_id, subject, audience, opens_on,
           closes_on, source, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        consultation.id.0,
        consultation.committee.map(|id| id.0),
        consultation.subject,
        consultation.audience,
        consultation.opens_on,
        consultation.closes_on,
        consultation.source,
        consultation.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn reports(
    tx: &mut Tx<Borough>,
    of: ConsultationId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ConsultationReportBody>, DbError> {
    let rows = sqlx::query!(
        "select report_id, kind, reported_to, reported_on, response_count, summary, outcome, recorded_at
         from governance.consultation_report where consultation_id = $1 and ($2::uuid is null or report_id > $2)
         order by report_id limit $3",
        of.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let reports = rows.into_iter().map(|row| ConsultationReportBody {
        id: ReportId(row.report_id),
        kind: read(&row.kind),
        reported_to: row.reported_to,
        reported_on: row.reported_on,
        response_count: row.response_count,
        summary: row.summary,
        outcome: read(&row.outcome),
        recorded_at: row.recorded_at,
    });
    Ok(reports.collect())
}

pub(super) async fn insert_report(
    tx: &mut Tx<Borough>,
    of: ConsultationId,
    report: &ConsultationReportBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.consultation_report (borough_id, consultation_id, report_id, kind, reported_to, reported_on,
           response_count, summary, outcome, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        of.0,
        report.id.0,
        word(report.kind),
        report.reported_to,
        report.reported_on,
        report.response_count,
        report.summary,
        word(report.outcome),
        report.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
