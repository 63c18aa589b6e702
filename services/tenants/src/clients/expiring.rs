//! Telling an owner 30, 7 and 1 days before a client's last day is over. Each once, whichever replica finds it due.
//!
//! Work sees ids and times; a borough is told in an ordinary transaction of its own, which holds the client and looks
//! again. An office has no borough to be told in: its warning stands in the log.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{BoroughId, day_in_england};
use events::tenants::ClientExpiring;
use tenancy::{Act, Db, DbError};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);
const BATCH: i64 = 100;
/// How many days before its end, the earliest first.
const DAYS: [i16; 3] = [30, 7, 1];

/// The warning that is due: the latest whose day has come, unless it or a later one was given.
fn due(expires_at: DateTime<Utc>, warned: Option<i16>, now: DateTime<Utc>) -> Option<i16> {
    let come = |days: &&i16| now >= expires_at - chrono::Duration::days(i64::from(**days));
    let latest = DAYS.iter().rev().find(come).copied()?;
    (expires_at > now && warned.is_none_or(|warned| warned > latest)).then_some(latest)
}

/// Warns until `stop`. Any number of replicas may run it.
pub(crate) async fn warn_of_ends(db: Db, stop: CancellationToken) {
    loop {
        match warn(&db).await {
            Ok(warned) if warned > 0 && !stop.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "owners could not be warned of clients that end; trying again"),
        }
        if let Err(error) = forget_assertions(&db).await {
            tracing::warn!(%error, "assertions of the past could not be thrown away");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn warn(db: &Db) -> Result<usize, DbError> {
    let mut tx = db.work().await?;
    let now = tx.now();
    let rows = sqlx::query!(
        r#"select client_id, borough_id, expires_at as "expires_at!", warned_days from tenants.client
           where expires_at > $1 and expires_at <= $1 + interval '30 days' and revoked_at is null
             and (warned_days is null or warned_days > case when expires_at <= $1 + interval '1 day' then 1
               when expires_at <= $1 + interval '7 days' then 7 else 30 end)
           order by expires_at limit $2"#,
        now,
        BATCH
    )
    .fetch_all(tx.connection())
    .await?;
    let mut warned = 0;
    for row in &rows {
        let Some(days) = due(row.expires_at, row.warned_days, now) else { continue };
        if row.borough_id.is_none() {
            let set = sqlx::query!(
                "update tenants.client set warned_days = $2 where client_id = $1 and warned_days is distinct from $2",
                row.client_id,
                days
            )
            .execute(tx.connection())
            .await?;
            if set.rows_affected() == 1 {
                tracing::warn!(client.id = row.client_id, days, "an API client of an office ends soon");
                warned += 1;
            }
        }
    }
    tx.commit().await?;
    for row in rows {
        let Some(borough) = row.borough_id else { continue };
        if warn_borough(db, BoroughId(borough), &row.client_id).await? {
            warned += 1;
        }
    }
    Ok(warned)
}

/// Whether this replica was the one.
async fn warn_borough(db: &Db, borough: BoroughId, client_id: &str) -> Result<bool, DbError> {
    let mut tx = db.for_work_in(borough).await?;
    let now = tx.now();
    let row = sqlx::query!(
        "select expires_at, warned_days from tenants.client where client_id = $1 and revoked_at is null for update",
        client_id
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some((expires_at, warned)) = row.and_then(|row| Some((row.expires_at?, row.warned_days))) else {
        return Ok(false);
    };
    let Some(days) = due(expires_at, warned, now) else { return Ok(false) };
    sqlx::query!("update tenants.client set warned_days = $2 where client_id = $1", client_id, days)
        .execute(tx.connection())
        .await?;
    let expires_on = day_in_england(expires_at - chrono::Duration::seconds(1));
    events::tell(&mut tx, borough, &ClientExpiring { client_id: client_id.to_owned(), days, expires_on });
    let act = Act::new("client.expiring", format!("clients/{client_id}"));
    tx.record(act.after(serde_json::json!({"days": days, "expires_on": expires_on})).changing_nothing());
    tx.commit().await?;
    Ok(true)
}

/// Assertions are kept until they could not be taken anyway.
async fn forget_assertions(db: &Db) -> Result<(), DbError> {
    let mut tx = db.work().await?;
    let over = tx.now() - chrono::Duration::minutes(5);
    sqlx::query!("delete from tenants.used_assertion where expires_at <= $1", over).execute(tx.connection()).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_is_due_once_and_a_late_one_takes_the_place_of_those_before() {
        let end: DateTime<Utc> = "2026-09-30T23:00:00Z".parse().expect("an instant");
        let before = |days: i64| end - chrono::Duration::days(days);
        assert_eq!(due(end, None, before(31)), None);
        assert_eq!(due(end, None, before(30)), Some(30));
        assert_eq!(due(end, Some(30), before(8)), None);
        assert_eq!(due(end, Some(30), before(7)), Some(7));
        assert_eq!(due(end, Some(7), before(1)), Some(1));
        assert_eq!(due(end, None, before(1)), Some(1), "made late, or nobody looked: one warning, not three");
        assert_eq!(due(end, Some(1), before(0) - chrono::Duration::hours(1)), None);
        assert_eq!(due(end, None, end), None, "it is over");
    }
}
