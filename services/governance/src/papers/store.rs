//! The SQL of papers.

use chrono::{DateTime, Utc};
use domain::{ItemId, MeetingId, PaperId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::paper::{PaperBody, hex};
use crate::words::{read, word};

/// All papers of a meeting in the order they were announced, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    one: Option<PaperId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PaperBody>, DbError> {
    let rows = sqlx::query!(
        "select paper_id, item_id, title, file_name, media_type, bytes, sha256, exempt, added_at, stored_at, version
         from governance.paper
         where meeting_id = $1 and ($2::uuid is null or paper_id = $2) and ($3::uuid is null or paper_id > $3)
         order by paper_id limit $4",
        meeting.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let papers = rows.into_iter().map(|row| PaperBody {
        id: PaperId(row.paper_id),
        meeting,
        item: row.item_id.map(ItemId),
        title: row.title,
        file_name: Some(row.file_name),
        media_type: read(&row.media_type),
        bytes: row.bytes,
        sha256: hex(&row.sha256),
        exempt: row.exempt,
        added_at: row.added_at,
        stored_at: row.stored_at,
        sum: row.sha256.try_into().expect("32 bytes, kept by a check constraint"),
        version: row.version,
    });
    Ok(papers.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, paper: &PaperBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.paper
           (borough_id, meeting_id, paper_id, item_id, title, file_name, media_type, bytes, sha256, exempt, added_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        paper.meeting.0,
        paper.id.0,
        paper.item.map(|id| id.0),
        paper.title,
        paper.file_name,
        word(paper.media_type),
        paper.bytes,
        &paper.sum[..],
        paper.exempt,
        paper.added_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes that the content is there, where it was not and nobody else's came before. False where it was.
pub(super) async fn stored(tx: &mut Tx<Borough>, paper: &PaperBody, at: DateTime<Utc>) -> Result<bool, DbError> {
    let noted = sqlx::query!(
        "update governance.paper set stored_at = $4, version = version + 1
         where meeting_id = $1 and paper_id = $2 and version = $3 and stored_at is null",
        paper.meeting.0,
        paper.id.0,
        paper.version,
        at
    )
    .execute(tx.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}
