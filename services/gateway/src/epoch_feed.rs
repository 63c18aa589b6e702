//! Hearing who has been cut off: the epochs, asked for every few seconds.

use std::{sync::Arc, time::Duration};

use auth::{EpochFeed, Epochs, fetch_json};
use tokio_util::sync::CancellationToken;

/// Until the first feed is there, nobody can be let in: ask often.
const AT_FIRST: Duration = Duration::from_millis(200);

/// Keeps `epochs` as the tenants service tells them, until `stop`.
pub(crate) async fn keep_hearing(tenants_url: &str, epochs: Arc<Epochs>, every: Duration, stop: CancellationToken) {
    let address = format!("{}/internal/epochs", tenants_url.trim_end_matches('/'));
    let mut heard = false;
    loop {
        match fetch_json::<EpochFeed>(&address).await {
            Ok(feed) => {
                epochs.hear(feed);
                web::telemetry::measures::epochs_heard("gateway");
                heard = true;
            }
            Err(error) if heard => tracing::warn!(%error, "the epochs could not be heard"),
            Err(error) => tracing::debug!(%error, "the epochs cannot be heard yet"),
        }
        let pause = if heard { every } else { AT_FIRST };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
