//! The SQL that counts what waits.

use tenancy::{Backlog, COUNTED_MAX, DbError, Oldest, Tx, Waiting, Work};

/// Entries without a place in their chain, deliveries that are due, archives to be made, records to be destroyed.
pub(crate) struct Queues;

impl Backlog for Queues {
    async fn look(&self, tx: &mut Tx<Work>) -> Result<Vec<Waiting>, DbError> {
        let now = tx.now();
        let entries = sqlx::query!(
            r#"select count(*) as "count!", min(position)::text as oldest
               from (select position from platform.audit_waiting limit $1) w"#,
            COUNTED_MAX
        )
        .fetch_one(tx.connection())
        .await?;
        let deliveries = sqlx::query!(
            r#"select count(*) as "count!", min(next_at) as oldest from (
                 select next_at from tenants.webhook_delivery where next_at <= $1 order by next_at limit $2) d"#,
            now,
            COUNTED_MAX
        )
        .fetch_one(tx.connection())
        .await?;
        let archives = sqlx::query!(
            r#"select count(*) as "count!", min(asked_at) as oldest from tenants.export where state in ('waiting', 'making')"#
        )
        .fetch_one(tx.connection())
        .await?;
        let purges = sqlx::query!(
            r#"select count(*) as "count!", min(o.ordered_at) as oldest from platform.purge_order o
               where not exists (select from tenants.purge_certificate c where c.borough_id = o.borough_id)"#
        )
        .fetch_one(tx.connection())
        .await?;
        let since = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(Oldest::Since);
        Ok(vec![
            Waiting {
                queue: "audit entries to chain",
                count: entries.count,
                oldest: entries.oldest.map(Oldest::Named),
            },
            Waiting { queue: "webhook deliveries", count: deliveries.count, oldest: since(deliveries.oldest) },
            Waiting { queue: "archives to make", count: archives.count, oldest: since(archives.oldest) },
            Waiting { queue: "records to destroy", count: purges.count, oldest: since(purges.oldest) },
        ])
    }
}
