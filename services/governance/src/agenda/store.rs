//! The SQL of agendas.

use chrono::NaiveDate;
use domain::{ExceptionId, ItemId, MeetingId, PlanEntryId, day_in_england};
use serde_json::json;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::item::ItemBody;
use super::notice::{ExceptionBody, NoticeStanding};
use crate::words::{read, word};

/// All items of a meeting in the order they were put on the agenda, or one. With their exempt text.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    one: Option<ItemId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ItemBody>, DbError> {
    let mut exceptions = exceptions(tx, meeting, one).await?;
    let rows = sqlx::query!(
        r#"select i.item_id, i.parent_id, i.label, i.title, i.purpose, i.verbal, i.late_reason, i.key_decision,
             i.plan_entry_id, i.private, i.exempt_text, i.created_at, m.starts_at, case when (m.starts_at at time zone 'Europe/London')::date between e.decision_on
               and coalesce((e.particulars ->> 'decision_by')::date, e.decision_on) then e.published_on end as "published_on?"
           from governance.agenda_item i
             join governance.meeting m on m.meeting_id = i.meeting_id
             left join governance.plan_entry e on e.entry_id = i.plan_entry_id
           where i.meeting_id = $1 and ($2::uuid is null or i.item_id = $2) and ($3::uuid is null or i.item_id > $3)
           order by i.item_id limit $4"#,
        meeting.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let items = rows.into_iter().map(|row| {
        let exceptions: Vec<ExceptionBody> =
            exceptions.extract_if(.., |(item, _)| item.0 == row.item_id).map(|(_, one)| one).collect();
        let meeting_on: NaiveDate = day_in_england(row.starts_at);
        ItemBody {
            id: ItemId(row.item_id),
            meeting,
            parent: row.parent_id.map(ItemId),
            label: row.label,
            title: row.title,
            purpose: read(&row.purpose),
            verbal: row.verbal,
            late_reason: row.late_reason,
            key_decision: row.key_decision,
            plan_entry: row.plan_entry_id.map(PlanEntryId),
            notice: NoticeStanding::of(row.key_decision, meeting_on, row.published_on, &exceptions),
            exceptions,
            private: row.private.and_then(|private| serde_json::from_value(private).ok()),
            exempt: row.exempt_text.is_some(),
            exempt_text: row.exempt_text,
            created_at: row.created_at,
        }
    });
    Ok(items.collect())
}

async fn exceptions(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    of: Option<ItemId>,
) -> Result<Vec<(ItemId, ExceptionBody)>, DbError> {
    let rows = sqlx::query!(
        "select item_id, exception_id, kind, told, told_on, reason, recorded_at from governance.notice_exception
         where meeting_id = $1 and ($2::uuid is null or item_id = $2) order by exception_id",
        meeting.0,
        of.map(|id| id.0)
    )
    .fetch_all(tx.connection())
    .await?;
    let all = rows.into_iter().map(|row| {
        let exception = ExceptionBody {
            id: ExceptionId(row.exception_id),
            kind: read(&row.kind),
            told: row.told,
            told_on: row.told_on,
            reason: row.reason,
            recorded_at: row.recorded_at,
        };
        (ItemId(row.item_id), exception)
    });
    Ok(all.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, item: &ItemBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.agenda_item (borough_id, meeting_id, item_id, parent_id, label, title, purpose, verbal,
           late_reason, key_decision, plan_entry_id, private, exempt_text, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        item.meeting.0,
        item.id.0,
        item.parent.map(|id| id.0),
        item.label,
        item.title,
        word(item.purpose),
        item.verbal,
        item.late_reason,
        item.key_decision,
        item.plan_entry.map(|id| id.0),
        item.private.as_ref().map(|private| json!(private)),
        item.exempt_text,
        item.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn except(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    item: ItemId,
    exception: &ExceptionBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.notice_exception
           (borough_id, meeting_id, item_id, exception_id, kind, told, told_on, reason, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        meeting.0,
        item.0,
        exception.id.0,
        word(exception.kind),
        exception.told,
        exception.told_on,
        exception.reason,
        exception.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
