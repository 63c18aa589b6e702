//! The SQL of changes.

use domain::AuditId;

use super::change::{Change, kind_and_action, touched};
use crate::{Borough, Db, DbError, Tx};

/// Those after a number, in order.
pub(super) async fn after(tx: &mut Tx<Borough>, since: i64, rows_wanted: i64) -> Result<Vec<Change>, DbError> {
    let rows = sqlx::query!(
        "select number, audit_id, at, action, subject, deleted, bumps from platform.change
         where service = (select platform.service()) and number > $1 order by number limit $2",
        since,
        rows_wanted
    )
    .fetch_all(tx.connection())
    .await?;
    let changes = rows.into_iter().map(|row| {
        let (kind, action) = kind_and_action(&row.action);
        Change {
            number: row.number,
            touched: touched(&row.subject, row.bumps.unwrap_or_default()),
            subject: row.subject,
            kind,
            action,
            deleted: row.deleted,
            at: row.at,
            audit_id: AuditId(row.audit_id),
        }
    });
    Ok(changes.collect())
}

/// Gives the next numbers to acts of the service that are committed and have none; says how many.
pub(super) async fn number(db: &Db, most: i64) -> Result<i64, DbError> {
    let mut tx = db.work().await?;
    // One numberer a service. It looks only once it holds the lock, so it sees every number given before.
    let mine = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('number changes ' || $1, 0)) as "mine!""#,
        db.service()
    )
    .fetch_one(tx.connection())
    .await?;
    if !mine {
        return Ok(0);
    }
    let numbered = sqlx::query_scalar!(
        r#"with batch as (
             select borough_id, audit_id from platform.act_waiting where service = $1 order by position limit $2
           ), taken as (
             delete from platform.act_waiting w using batch b
             where w.borough_id = b.borough_id and w.audit_id = b.audit_id
             returning w.borough_id, w.audit_id, w.position, w.at, w.action, w.subject, w.deleted, w.bumps
           ), last as (
             select borough_id, coalesce((
               select number from platform.change c where c.borough_id = t.borough_id and c.service = $1
               order by number desc limit 1), 0) as number
             from (select distinct borough_id from taken) t
           ), numbered as (
             insert into platform.change (borough_id, service, number, audit_id, at, action, subject, deleted, bumps)
             select t.borough_id, $1, last.number + row_number() over (partition by t.borough_id order by t.position),
               t.audit_id, t.at, t.action, t.subject, t.deleted, t.bumps
             from taken t join last on last.borough_id = t.borough_id
             returning 1
           )
           select count(*) as "numbered!" from numbered"#,
        db.service(),
        most
    )
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(numbered)
}
