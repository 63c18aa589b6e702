//! The SQL that counts what waits.

use tenancy::{Backlog, COUNTED_MAX, DbError, Oldest, Tx, Waiting, Work};

/// Deltas that are not folded, periods without their seals, files that are not read.
pub(crate) struct Queues;

impl Backlog for Queues {
    async fn look(&self, tx: &mut Tx<Work>) -> Result<Vec<Waiting>, DbError> {
        let deltas = sqlx::query!(
            r#"select count(*) as "count!", min(journal::text) as oldest
               from (select journal_id as journal from budgets.delta limit $1) d"#,
            COUNTED_MAX
        )
        .fetch_one(tx.connection())
        .await?;
        let regional = sqlx::query!(
            r#"select count(*) as "count!", min(fund_id::text) as oldest
               from (select fund_id from budgets.region_delta limit $1) d"#,
            COUNTED_MAX
        )
        .fetch_one(tx.connection())
        .await?;
        let seals = sqlx::query!(
            r#"select count(*) as "count!", min(fund_id::text || year::text || period::text) as oldest
               from (select fund_id, year, period from budgets.seal_due limit $1) s"#,
            COUNTED_MAX
        )
        .fetch_one(tx.connection())
        .await?;
        let files = sqlx::query!(
            r#"select count(*) as "count!", min(import_id::text) as oldest
               from (select import_id from budgets.import_queue limit $1) i"#,
            COUNTED_MAX
        )
        .fetch_one(tx.connection())
        .await?;
        Ok(vec![
            Waiting { queue: "deltas to fold", count: deltas.count, oldest: deltas.oldest.map(Oldest::Named) },
            Waiting {
                queue: "regional deltas to fold",
                count: regional.count,
                oldest: regional.oldest.map(Oldest::Named),
            },
            Waiting { queue: "periods to seal", count: seals.count, oldest: seals.oldest.map(Oldest::Named) },
            Waiting { queue: "files of ledgers", count: files.count, oldest: files.oldest.map(Oldest::Named) },
        ])
    }
}
