//! The SQL of minutes.

use domain::{MeetingId, MinutesId};
use tenancy::{Borough, DbError, Tx};

use super::record::MinutesBody;
use crate::words::{read, word};

/// All versions of a meeting's minutes from number `after` on.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<MinutesBody>, DbError> {
    let rows = sqlx::query!(
        "select minutes_id, number, kind, text, approved_at_meeting, recorded_at from governance.minutes
         where meeting_id = $1 and ($2::integer is null or number > $2) order by number limit $3",
        meeting.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let versions = rows.into_iter().map(|row| MinutesBody {
        id: MinutesId(row.minutes_id),
        number: row.number,
        kind: read(&row.kind),
        text: row.text,
        approved_at_meeting: row.approved_at_meeting.map(MeetingId),
        recorded_at: row.recorded_at,
    });
    Ok(versions.collect())
}

/// How many versions there are, and whether one is approved.
pub(super) async fn so_far(tx: &mut Tx<Borough>, meeting: MeetingId) -> Result<(i32, bool), DbError> {
    let found = sqlx::query!(
        r#"select coalesce(max(number), 0) as "last!", coalesce(bool_or(kind = 'approved'), false) as "approved!"
           from governance.minutes where meeting_id = $1"#,
        meeting.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((found.last, found.approved))
}

pub(super) async fn insert(tx: &mut Tx<Borough>, meeting: MeetingId, minutes: &MinutesBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.minutes
           (borough_id, meeting_id, minutes_id, number, kind, text, approved_at_meeting, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        meeting.0,
        minutes.id.0,
        minutes.number,
        word(minutes.kind),
        minutes.text,
        minutes.approved_at_meeting.map(|id| id.0),
        minutes.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
