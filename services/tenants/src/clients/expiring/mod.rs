//! Telling an owner 30, 7 and 1 days before a client's last day is over. Each once, whichever replica finds it due.
//!
//! Work sees ids and times; a borough is told in an ordinary transaction of its own, which holds the client and looks
//! again. An office has no borough to be told in: its warning stands in the log.

mod store;

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
        if let Err(error) = store::forget_assertions(&db).await {
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
    let ending = store::ending(&mut tx, BATCH).await?;
    let mut warned = 0;
    for one in ending.iter().filter(|one| one.borough.is_none()) {
        let Some(days) = due(one.expires_at, one.warned, now) else { continue };
        if store::note_warning(&mut tx, &one.client_id, days).await? {
            tracing::warn!(client.id = one.client_id, days, "an API client of an office ends soon");
            warned += 1;
        }
    }
    tx.commit().await?;
    for one in ending {
        let Some(borough) = one.borough else { continue };
        if warn_borough(db, borough, &one.client_id).await? {
            warned += 1;
        }
    }
    Ok(warned)
}

/// Whether this replica was the one.
async fn warn_borough(db: &Db, borough: BoroughId, client_id: &str) -> Result<bool, DbError> {
    let mut tx = db.for_work_in(borough).await?;
    let now = tx.now();
    let Some((expires_at, warned)) = store::hold(&mut tx, client_id).await? else { return Ok(false) };
    let Some(days) = due(expires_at, warned, now) else { return Ok(false) };
    store::note_warning(&mut tx, client_id, days).await?;
    let expires_on = day_in_england(expires_at - chrono::Duration::seconds(1));
    events::tell(&mut tx, borough, &ClientExpiring { client_id: client_id.to_owned(), days, expires_on });
    let act = Act::new("client.expiring", format!("clients/{client_id}"));
    tx.record(act.after(serde_json::json!({"days": days, "expires_on": expires_on})).changing_nothing());
    tx.commit().await?;
    Ok(true)
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
