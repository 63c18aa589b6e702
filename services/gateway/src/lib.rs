//! The one public door.
//!
//! Every request from outside comes through here: its path is checked, its token verified, its tenant
//! compared with the path's, its rate limited; then exactly what was let in is forwarded, as a stream. The
//! gateway knows no service's code and no database: what there is to route to, the API description says.

mod answer;
mod arriving;
mod enter;
mod epoch_feed;
mod headers;
mod leaving;
mod limits;
mod pages;
mod proxies;
mod refusals;
mod routes;
mod settings;
mod target;
mod tenant;
mod upstream;
mod usage;
mod wire;

use std::{sync::Arc, time::Duration};

use auth::{Epochs, KeySet, Trust, Verifier};
use axum::Router;
use domain::Clock;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use proxies::Proxies;
pub use routes::{Operation, Route, Routes, Service};
pub use settings::{DOCUMENT, Rate, Rates, Settings};

use crate::{
    answer::Manner,
    enter::{Gateway, enter},
    limits::{Limiter, RefusedTokens},
    pages::Pages,
    refusals::{Refusals, keep_telling},
    upstream::Upstreams,
    usage::Usage,
    wire::Wire,
};

/// Serves until `stop` is cancelled, then lets requests in flight end.
///
/// # Errors
/// When the settings or the API description cannot be used, or the listener fails.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    clock: Clock,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    for (setting, address) in [
        ("TENFOLD_PUBLIC_URL", &settings.public_url),
        ("TENFOLD_TENANTS_URL", &settings.tenants_url),
        ("TENFOLD_BUDGETS_URL", &settings.budgets_url),
        ("TENFOLD_GOVERNANCE_URL", &settings.governance_url),
    ] {
        web::check_base(setting, address)?;
    }
    let public_url = settings.public_url.trim_end_matches('/').to_owned();
    let tenants_url = settings.tenants_url.trim_end_matches('/').to_owned();
    let keys = Arc::new(KeySet::published_at(format!("{tenants_url}/.well-known/jwks.json")));
    let epochs = Arc::new(Epochs::default());
    let trust = Trust { issuer: public_url.clone(), audience: public_url.clone() };
    // What runs beside the requests ends with this function, not with the first request to stop.
    let beside = CancellationToken::new();
    let _ended = beside.clone().drop_guard();
    let (refusals, refused) = Refusals::new();
    let usage = Arc::new(Usage::new(clock.clone()));
    let gateway = Arc::new(Gateway {
        refusals,
        proxies: settings.proxies.clone(),
        usage: usage.clone(),
        routes: Routes::from_document(&settings.document)?,
        verifier: Verifier::new(trust, keys.clone(), epochs.clone(), clock),
        keys: keys.clone(),
        epochs: epochs.clone(),
        limiter: Limiter::new(&settings, &beside)?,
        refused_tokens: RefusedTokens::new(settings.rates.refused_tokens_a_minute),
        upstreams: Arc::new(Upstreams::new(&settings)?),
        pages: Pages::new(&settings.document, &public_url)?,
        manner: Manner::at(&public_url),
        file_bytes_max: settings.file_bytes_max,
    });

    let (told, ending) = (tenants_url.clone(), beside.clone());
    let telling = tokio::spawn(async move { usage.keep_telling(&told, ending).await });
    let told = tenants_url.clone();
    tokio::spawn(async move { keep_telling(&told, refused).await });
    let (ending, every) = (beside.clone(), settings.epochs_every.max(Duration::from_millis(10)));
    tokio::spawn(async move { epoch_feed::keep_hearing(&tenants_url, epochs, every, ending).await });
    let ending = beside.clone();
    tokio::spawn(async move { keys.keep_fresh(ending).await });
    let (ending, limits) = (beside.clone(), gateway.clone());
    tokio::spawn(async move { limits.limiter.forget(ending).await });

    let app = Router::new().fallback(enter).with_state(gateway);
    let limits = settings.limits;
    let patience = limits.clone();
    web::serve_through(listener, app, limits, stop, move |stream| Wire::new(stream, &patience)).await?;
    // The last count is told before the services behind are let go.
    beside.cancel();
    telling.await.ok();
    Ok(())
}
