//! The moves that time makes: a decision takes effect on the working day after the last day of call-in.
//!
//! Work sees only ids and days; the move itself is made in an ordinary transaction of its borough, which holds the
//! decision and looks again. However many replicas are alive, one of them makes it, once.

use std::time::Duration;

use domain::{BoroughId, DecisionId, day_in_england};
use tenancy::{Db, DbError};
use tokio_util::sync::CancellationToken;
use web::Problem;

use super::{machine::DecisionState, moves, store};

const EVERY: Duration = Duration::from_secs(1);
const BATCH: i64 = 100;

/// Makes the moves whose day has come until `stop`. Any number of replicas may run it.
pub(crate) async fn keep_time(db: Db, stop: CancellationToken) {
    loop {
        match make_due(&db).await {
            Ok(made) if made > 0 && !stop.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "moves that are due could not be made; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Makes a batch of the moves that are due, and says how many it made.
async fn make_due(db: &Db) -> Result<usize, DbError> {
    let today = day_in_england(db.now());
    let mut tx = db.work().await?;
    let due = store::due(&mut tx, today, BATCH).await?;
    tx.commit().await?;
    let mut made = 0;
    for (borough, decision) in due {
        // One that fails holds back no other.
        match take_effect(db, BoroughId(borough), DecisionId(decision)).await {
            Ok(true) => made += 1,
            Ok(false) => {}
            Err(problem) => {
                let inside = problem.inside().unwrap_or_default();
                tracing::error!(%decision, inside, "a decision could not take effect; it is tried again");
            }
        }
    }
    Ok(made)
}

/// Whether this replica was the one.
async fn take_effect(db: &Db, borough: BoroughId, id: DecisionId) -> Result<bool, Problem> {
    let mut tx = db.for_work_in(borough).await?;
    let today = day_in_england(tx.now());
    let Some(mut decision) = store::hold(&mut tx, id).await? else { return Ok(false) };
    let due = decision.effective_on.is_some_and(|day| day <= today);
    if decision.state != DecisionState::InCallIn || !due {
        return Ok(false);
    }
    store::drop_timer(&mut tx, id).await?;
    let by = format!("service.{}", db.service());
    let reason = "Its call-in ended without one";
    moves::make(&mut tx, borough, &mut decision, DecisionState::Effective, (reason, &by)).await?;
    tx.commit().await?;
    Ok(true)
}
