//! Purges: a closed borough's record is destroyed, and a certificate says what was.

mod certificate;
pub(crate) mod http;
mod store;

use std::{sync::Arc, time::Duration};

use auth::SealKey;
use domain::BoroughId;
use tenancy::{Db, DbError};
use tokio_util::sync::CancellationToken;
use web::Problem;

use crate::exports::Places;
use certificate::{Certificate, signed};

const EVERY: Duration = Duration::from_secs(2);

/// Why a record is still there.
#[derive(Debug, thiserror::Error)]
enum NotPurged {
    #[error("the database did not do what it was asked")]
    Database(#[from] DbError),
    #[error("a store of content is out of reach")]
    Storage(Problem),
}

/// Carries out orders to destroy a record until `stop`. Any number of replicas may run it.
pub(crate) async fn carry_out_purges(db: Db, places: Places, key: Option<Arc<SealKey>>, stop: CancellationToken) {
    loop {
        match waiting(&db).await {
            Ok(boroughs) => {
                for borough in boroughs {
                    if let Err(error) = purge(&db, &places, key.as_deref(), borough).await {
                        tracing::error!(%error, %borough, "a record could not be destroyed; trying again");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "orders to destroy a record could not be looked for; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn waiting(db: &Db) -> Result<Vec<BoroughId>, DbError> {
    let mut tx = db.work().await?;
    let found = store::waiting(&mut tx).await?;
    tx.commit().await?;
    Ok(found)
}

async fn purge(db: &Db, places: &Places, key: Option<&SealKey>, borough: BoroughId) -> Result<(), NotPurged> {
    // What lies beside the database goes first: while the rows are there, they say that there is more to do.
    let above = [borough.to_string()];
    let mut files = 0;
    for storage in [&places.archives, &places.papers] {
        for parts in storage.under(&above).await.map_err(NotPurged::Storage)? {
            let at: Vec<String> = above.iter().cloned().chain(parts).collect();
            storage.remove(&at).await.map_err(NotPurged::Storage)?;
            files += 1;
        }
    }
    let mut tx = db.purging(borough).await?;
    let Some(subject) = store::subject(&mut tx).await? else { return Ok(()) };
    let chain = store::last_head(&mut tx).await?;
    let last_export = store::last_export(&mut tx).await?;
    let rows = tx.purge().await?;
    let purged_at = tx.clock_now();
    let certificate = Certificate { subject, purged_at, files, chain, last_export, rows: rows.into_iter().collect() };
    let kept = signed(&certificate, key);
    store::certify(&mut tx, borough, purged_at, &kept).await?;
    store::note(&mut tx, &certificate).await?;
    Ok(tx.commit().await?)
}
