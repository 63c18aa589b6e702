//! Folding deltas into positions, behind the writers and never in their way.
//!
//! One statement a batch: what is deleted is what is added, so a reader that adds up both in one snapshot is
//! exact at every moment, and a compactor killed anywhere loses nothing.

use std::time::Duration;

use tenancy::{Db, DbError};
use tokio_util::sync::CancellationToken;
use web::telemetry::measures;

const EVERY: Duration = Duration::from_millis(500);
const BATCH: i64 = 20_000;

/// Compacts until `stop`. Any number of replicas may run it; one at a time works.
pub(crate) async fn compact(db: Db, stop: CancellationToken) {
    loop {
        let folded = compact_once(&db).await;
        match &folded {
            Ok(folded) => measures::worked(db.service(), "fold", "done", folded.unsigned_abs()),
            Err(_) => measures::worked(db.service(), "fold", "failed", 1),
        }
        match folded {
            Ok(folded) if folded >= BATCH && !stop.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "deltas could not be folded; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Folds one batch of each kind, and returns how many deltas that were.
///
/// # Errors
/// When the database is out of reach; then nothing was folded.
pub async fn compact_once(db: &Db) -> Result<i64, DbError> {
    let mut tx = db.work().await?;
    let mine = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('compactor', 0)) as "mine!""#)
        .fetch_one(tx.connection())
        .await?;
    if !mine {
        return Ok(0);
    }
    let folded = sqlx::query_scalar!(
        r#"with gone as (
             delete from budgets.delta where ctid = any (array(select ctid from budgets.delta limit $1))
             returning borough_id, fund_id, year, period, account_id, scheme_id, layer, party_id, category, source, nature,
               effective_on, posted_on, amount_pence
           ), added as (
             insert into budgets.position as p (borough_id, fund_id, year, period, account_id, scheme_id, layer, party_id, category,
               source, nature, amount_pence)
             select borough_id, fund_id, year, period, account_id, scheme_id, layer, party_id, category, source, nature,
               sum(amount_pence)
             from gone group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
             on conflict (borough_id, fund_id, year, scheme_id, period, account_id, layer, party_id, category, source, nature)
               do update set amount_pence = p.amount_pence + excluded.amount_pence
           ), dated as (
             insert into budgets.dated_position as p (borough_id, fund_id, year, axis, span, starts_on, account_id, scheme_id, layer,
               party_id, category, source, nature, amount_pence)
             select g.borough_id, g.fund_id, g.year, d.axis, d.span, d.starts_on, g.account_id, g.scheme_id, g.layer, g.party_id,
               g.category, g.source, g.nature, sum(g.amount_pence)
             from (select borough_id, fund_id, year, account_id, scheme_id, layer, party_id, category, source, nature, effective_on,
                     posted_on, sum(amount_pence) as amount_pence
                   from gone group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) g
               cross join lateral (values
                 ('effective', 'day', effective_on), ('effective', 'month', date_trunc('month', effective_on)::date),
                 ('posted', 'day', posted_on), ('posted', 'month', date_trunc('month', posted_on)::date)) d (axis, span, starts_on)
             group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
             on conflict (borough_id, fund_id, year, axis, span, starts_on, account_id, scheme_id, layer, party_id, category, source,
                 nature)
               do update set amount_pence = p.amount_pence + excluded.amount_pence
           )
           select count(*) as "count!" from gone"#,
        BATCH
    )
    .fetch_one(tx.connection())
    .await?;
    let region_folded = sqlx::query_scalar!(
        r#"with gone as (
             delete from budgets.region_delta where ctid = any (array(select ctid from budgets.region_delta limit $1))
             returning borough_id, region, year, fund_id, period, category, source, layer, amount_pence
           ), added as (
             insert into budgets.region_position as p (borough_id, region, year, fund_id, period, category, source, layer, amount_pence)
             select borough_id, region, year, fund_id, period, category, source, layer, sum(amount_pence)
             from gone group by 1, 2, 3, 4, 5, 6, 7, 8
             on conflict (borough_id, region, year, fund_id, period, category, source, layer)
               do update set amount_pence = p.amount_pence + excluded.amount_pence
           )
           select count(*) as "count!" from gone"#,
        BATCH
    )
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(folded.max(region_folded))
}
